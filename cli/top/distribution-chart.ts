/** Counts per step of latency, drawn: one or two histograms over each other, and time × latency as heat. Pure. */
import { heat } from './chart.ts'
import { binsOf, mergeColumns, rangeOf, sharesOf } from '../../core/view/bins.ts'
import { latency } from '../../core/view/format.ts'
import { cell, type Line, type Span, span } from './line.ts'
import { addSparse, type Sparse, sumSparse } from '../../core/view/steps.ts'
import type { Role, Theme } from './theme.ts'

export interface ChartSize {
  readonly width: number
  readonly height: number
}

/** Left of the charts, for labels. */
const gutter = 8

export interface HistogramOptions extends ChartSize {
  readonly counts: Sparse
  /** Laid over it. */
  readonly other: Sparse | undefined
  /** Of the counts' steps, ms. */
  readonly bounds: readonly number[]
}

/** Upright bars on a logarithmic axis of latency, each as high as its part of the answers. */
export function histogram({ counts, other, bounds, width, height }: HistogramOptions, theme: Theme): Line[] {
  const range = rangeOf(addSparse(counts, other ?? []))
  const steps = range.to - range.from + 1
  const room = width - gutter
  const barWidth = Math.max(1, Math.floor(room / steps))
  const columns = Math.min(steps, room)
  const own = sharesOf(binsOf(counts, range, columns))
  const laidOver = other && sharesOf(binsOf(other, range, columns))
  const top = Math.max(0.001, ...own, ...(laidOver ?? []))
  const rows = height - 1
  const body = Array.from({ length: rows }, (_, row): Line => {
    const level = rows - 1 - row
    const label = row === 0 ? `${Math.round(top * 100)} %` : row === rows - 1 ? '0' : ''
    return [
      span(`${cell(label, gutter - 1, 'right')} `, 'dim'),
      ...own.flatMap((share, column) => bar(share / top, laidOver?.[column], { top, level, rows, barWidth }, theme)),
    ]
  })
  return [...body, axis(bounds, range, barWidth, columns)]
}

interface BarPlace {
  readonly top: number
  readonly level: number
  readonly rows: number
  readonly barWidth: number
}

function bar(ratio: number, other: number | undefined, place: BarPlace, { glyphs }: Theme): Span[] {
  const { top, level, rows, barWidth } = place
  const gap = barWidth > 2 ? 1 : 0
  const eighths = Math.round(ratio * rows * 8) - level * 8
  const least = level === 0 && ratio > 0 ? 1 : 0
  const filled = Math.min(8, Math.max(least, eighths))
  const glyph = filled <= 0 ? ' ' : (glyphs.bars[filled - 1] ?? ' ')
  const isMarked = other !== undefined && other > 0 && Math.min(rows - 1, Math.floor((other / top) * rows)) === level
  return isMarked
    ? [span(glyphs.mark.repeat(barWidth - gap), 'second'), span(' '.repeat(gap))]
    : [span(glyph.repeat(barWidth - gap), 'bar'), span(' '.repeat(gap))]
}

/** Where the steps begin, as often as there is room. */
function axis(
  bounds: readonly number[],
  { from, to }: { from: number; to: number },
  barWidth: number,
  columns: number,
): Line {
  const labelWidth = 8
  const every = Math.max(1, Math.ceil(labelWidth / barWidth))
  const steps = to - from + 1
  const labels = Array.from({ length: Math.floor(columns / every) }, (_, index) => {
    const step = from + Math.floor((index * every * steps) / columns)
    return cell(latency(bounds[step]), every * barWidth)
  })
  return [span(' '.repeat(gutter)), span(labels.join(''), 'dim')]
}

export interface HeatmapOptions extends ChartSize {
  /** Of each second, oldest first. */
  readonly columns: readonly Sparse[]
  readonly bounds: readonly number[]
}

/** Time from left to right, latency from below to above: a slow minority shows as a second band. */
export function heatmap({ columns, bounds, width, height }: HeatmapOptions, theme: Theme): Line[] {
  const room = width - gutter
  const merged = mergeColumns(columns, room)
  const range = rangeOf(sumSparse(merged))
  const rows = Math.max(1, Math.min(height, range.to - range.from + 1))
  const cells = merged.map((counts) => binsOf(counts, range, rows))
  const most = Math.max(1, ...cells.flat())
  const role: Role = 'dim'
  return Array.from({ length: rows }, (_, row): Line => {
    const level = rows - 1 - row
    const step = range.from + Math.floor((level * (range.to - range.from + 1)) / rows)
    return [
      span(`${cell(latency(bounds[step]), gutter - 1, 'right')} `, role),
      span(' '.repeat(room - merged.length)),
      ...cells.map((bins) => heat((bins[level] ?? 0) / most, theme)),
    ]
  })
}
