/** Counts per step of latency, painted: a histogram, and time × latency as heat. */
import { binsOf, mergeColumns, rangeOf, sharesOf, type StepRange } from '../../core/view/bins.ts'
import { latency, percent } from '../../core/view/format.ts'
import { type Sparse, sumSparse } from '../../core/view/steps.ts'
import type { Colors } from './colors.ts'

interface Size {
  readonly width: number
  readonly height: number
}

const gutter = { left: 56, bottom: 20, top: 8 }
const font = '11px system-ui, sans-serif'

export interface Mark {
  readonly label: string
  readonly ms: number
}

export interface DistributionOptions {
  /** Of the counts' steps, ms. */
  readonly bounds: readonly number[]
  readonly colors: Colors
}

/** Upright bars on a logarithmic axis of latency, each as high as its part of the answers; `marks` as lines. */
export function paintHistogram(
  context: CanvasRenderingContext2D,
  { width, height }: Size,
  { counts, marks, bounds, colors }: DistributionOptions & { readonly counts: Sparse; readonly marks: readonly Mark[] },
): void {
  const range = rangeOf(counts)
  const steps = range.to - range.from + 1
  const shares = sharesOf(binsOf(counts, range, steps))
  const top = Math.max(0.001, ...shares)
  const room = { width: width - gutter.left, height: height - gutter.bottom - gutter.top - 14 }
  const floor = height - gutter.bottom
  const place: Floor = { left: gutter.left, width: room.width, floor }
  context.font = font
  context.fillStyle = colors.dim
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  for (const part of [0, 0.5, 1]) {
    const y = floor - part * room.height
    context.fillText(percent(top * part), gutter.left - 8, y)
    line(context, colors.line, gutter.left, y, width, y)
  }
  const barWidth = room.width / steps
  context.fillStyle = colors.accent
  for (const [index, share] of shares.entries()) {
    const barHeight = share === 0 ? 0 : Math.max(1.5, (share / top) * room.height)
    context.fillRect(gutter.left + index * barWidth + 0.5, floor - barHeight, Math.max(1, barWidth - 1), barHeight)
  }
  paintSteps(context, { bounds, range, colors }, place)
  paintMarks(context, marks, { bounds, range, colors }, place)
}

interface StepAxis extends DistributionOptions {
  readonly range: StepRange
}

/** Where the axis lies. */
interface Floor {
  readonly left: number
  readonly width: number
  readonly floor: number
}

/** Where the steps begin, as often as there is room. */
function paintSteps(
  context: CanvasRenderingContext2D,
  { bounds, range, colors }: StepAxis,
  { left, width, floor }: Floor,
): void {
  const right = left + width
  const steps = range.to - range.from + 1
  const every = Math.max(1, Math.ceil((64 * steps) / (right - left)))
  context.fillStyle = colors.dim
  context.textAlign = 'center'
  context.textBaseline = 'top'
  for (let step = 0; step <= steps; step += every) {
    const x = left + ((right - left) * step) / steps
    if (x > right - 18) break
    context.fillText(latency(bounds[range.from + step]), Math.max(left + 14, x), floor + 5)
  }
}

function paintMarks(
  context: CanvasRenderingContext2D,
  marks: readonly Mark[],
  { bounds, range, colors }: StepAxis,
  { left, width, floor }: Floor,
): void {
  const steps = range.to - range.from + 1
  let free = Number.NEGATIVE_INFINITY
  for (const { label, ms } of marks) {
    const step = placeOf(ms, bounds)
    const x = left + ((step - range.from) / steps) * width
    if (x < left || x > left + width) continue
    line(context, colors.second, x, gutter.top + 12, x, floor)
    const text = `${label} ${latency(ms)}`
    const half = context.measureText(text).width / 2
    const middle = Math.min(left + width - half, Math.max(left + half, x))
    if (middle - half < free + 6) continue
    free = middle + half
    context.fillStyle = colors.text
    context.textAlign = 'center'
    context.textBaseline = 'top'
    context.fillText(text, middle, 0)
  }
}

/** As a step and a part of it. */
function placeOf(ms: number, bounds: readonly number[]): number {
  const next = bounds.findIndex((bound) => bound > ms)
  if (next <= 0) return next === 0 ? 0 : bounds.length - 1
  const [low = 0, high = 1] = [bounds[next - 1], bounds[next]]
  return next - 1 + (ms - low) / (high - low)
}

/** Time from left to right, latency from below to above: a slow minority shows as a second band. */
export function paintHeatMap(
  context: CanvasRenderingContext2D,
  { width, height }: Size,
  { columns, bounds, colors }: DistributionOptions & { readonly columns: readonly Sparse[] },
): void {
  const room = { width: width - gutter.left, height: height - gutter.top }
  const merged = mergeColumns(columns, Math.max(1, Math.floor(room.width / 3)))
  const range = rangeOf(sumSparse(merged))
  const rows = Math.max(1, Math.min(Math.floor(room.height / 7), range.to - range.from + 1))
  const cells = merged.map((counts) => binsOf(counts, range, rows))
  const most = Math.max(1, ...cells.flat())
  const cell = { width: room.width / Math.max(1, merged.length), height: room.height / rows }
  for (const [column, bins] of cells.entries())
    for (const [row, count] of bins.entries()) {
      if (count === 0) continue
      context.fillStyle = heatOf(count / most, colors)
      context.fillRect(
        gutter.left + column * cell.width,
        height - (row + 1) * cell.height,
        Math.ceil(cell.width),
        Math.ceil(cell.height) - 0.5,
      )
    }
  context.font = font
  context.fillStyle = colors.dim
  context.textAlign = 'right'
  context.textBaseline = 'bottom'
  const every = Math.max(1, Math.ceil((20 * rows) / room.height))
  for (let row = 0; row < rows; row += every) {
    const step = range.from + Math.floor((row * (range.to - range.from + 1)) / rows)
    context.fillText(latency(bounds[step]), gutter.left - 8, height - row * cell.height)
  }
}

/** Few must still be seen: by the root, as eyes judge areas. */
const heatOf = (part: number, { heat }: Colors): string =>
  heat[Math.min(heat.length - 1, Math.floor(Math.sqrt(part) * heat.length))] ?? ''

function line(context: CanvasRenderingContext2D, color: string, ...[x0, y0, x1, y1]: [number, number, number, number]) {
  context.strokeStyle = color
  context.lineWidth = 1
  context.beginPath()
  context.moveTo(x0, y0)
  context.lineTo(x1, y1)
  context.stroke()
}
