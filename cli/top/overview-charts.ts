/** The three curves on top of the overview: how much, how fast, how wrong. Pure. */
import { refusalsOf } from './words.ts'
import type { Frame } from '../../core/report/frame.ts'
import { area, sparkline, squeeze } from './chart.ts'
import { bytes, latency, percent, rate, span as spanText } from '../../core/view/format.ts'
import { type History, type Point, seriesOf } from '../../core/view/history.ts'
import { beside, type Line, panel, span, spread, widthOf } from './line.ts'
import { spanSeconds } from './state.ts'
import type { Role } from './theme.ts'
import type { View } from './view.ts'

interface Chart {
  readonly title: string
  readonly facts: readonly (readonly [label: string, value: string, role?: Role])[]
  readonly read: (point: Point) => number
  /** A value of the curve in words. */
  readonly scale: (value: number) => string
  readonly role: Role
  readonly top?: number
}

/** `845B`, `2.1KB`, `12KB`: two of them stand in 22 columns. */
const shortBytes = (value: number): string =>
  `${bytes(value).replace(/^\d+\.\d+/, (text) => Number(text).toFixed(Number(text) < 9.95 ? 1 : 0))}B`

/** What the highest bar stands for, and what more there is room for. */
function noteOf({ title, scale, top: full = 0 }: Chart, highest: number, seconds: number, width: number): string {
  const top = full > highest ? `to ${scale(full)}` : `max ${scale(highest)}`
  const notes = [`${title === 'latency' ? 'p99 ' : ''}${top}, ${spanText(seconds)}`, top]
  return notes.find((note) => note.length + title.length + 9 <= width) ?? ''
}

/** The three panels beside each other, `rows` of curve in each. */
export function charts(view: View, frame: Frame, history: History, rows: number): Line[] {
  const { state, width, theme } = view
  const errors = seriesOf(history, '', spanSeconds(state), (point) => point.errorRatio)
  const third = Math.floor(width / 3)
  const widths = [third, third, width - 2 * third]
  return beside(
    ...chartsOf(frame, errors).map((chart, index) => {
      const size = widths[index] ?? third
      const series = seriesOf(history, '', spanSeconds(state), chart.read)
      const curve = area(
        squeeze(series, size - 4),
        { width: size - 4, height: rows, role: chart.role, ...(chart.top !== undefined && { top: chart.top }) },
        theme,
      )
      const highest = Math.max(0, ...squeeze(series, size - 4).slice(4 - size))
      return panel(
        [...facts(chart, size - 4), ...curve].map((one) => [span(' '), ...one]),
        { title: chart.title, note: noteOf(chart, highest, spanSeconds(state), size), width: size, height: rows + 4 },
        theme,
      )
    }),
  )
}

/** The same without curves, where they have no room: a line each. */
export function figures({ state, width, theme }: View, frame: Frame, history: History): Line[] {
  const lines = chartsOf(frame, []).map(({ title, facts, read, role }): Line => {
    const told = facts.flatMap(([label, value, tone = 'plain']): Line => [
      span(label ? `${label} ` : '', 'dim'),
      span(`${value}  `, tone),
    ])
    const line: Line = [span(` ${title.padEnd(9)}`, 'dim'), ...told]
    const room = width - 3 - widthOf(line)
    const series = seriesOf(history, '', spanSeconds(state), read)
    return room < leastSpark ? line : [...line, span(sparkline(squeeze(series, room), room, theme), role)]
  })
  return panel(lines, { title: 'now', note: spanText(spanSeconds(state)), width, height: lines.length + 2 }, theme)
}

/** Columns; fewer say nothing. */
const leastSpark = 6

/** `errors`: the curve of the third. */
function chartsOf({ totals, routes }: Frame, errors: readonly number[]): readonly Chart[] {
  const byRules = routes.reduce((sum, route) => sum + refusalsOf(route), 0)
  const errorRole: Role = totals.errorRatio >= 0.05 ? 'bad' : totals.errorRatio > 0 ? 'warn' : 'good'
  return [
    {
      title: 'requests',
      facts: [
        ['', `${rate(totals.requestsPerSecond)}/s`, 'title'],
        ['in flight', String(totals.inflight)],
        ['in', `${shortBytes(totals.bytesFromClientsPerSecond)}/s`],
        ['out', `${shortBytes(totals.bytesToClientsPerSecond)}/s`],
      ],
      read: (point) => point.requestsPerSecond,
      scale: rate,
      role: 'bar',
    },
    {
      title: 'latency',
      facts: [
        ['p50', latency(totals.latency?.p50Ms), 'title'],
        ['p99', latency(totals.latency?.p99Ms), 'title'],
        ['p95', latency(totals.latency?.p95Ms)],
        ['p99.9', latency(totals.latency?.p999Ms)],
      ],
      read: (point) => point.p99Ms,
      scale: latency,
      role: 'second',
    },
    {
      title: 'errors',
      facts: [
        ['', percent(totals.errorRatio), errorRole],
        ['', `${rate(totals.errorsPerSecond)}/s`],
        ['retries', rate(totals.retriesPerSecond)],
        ['refused', rate(totals.refusedPerSecond + byRules), totals.refusedPerSecond > 0 ? 'bad' : 'plain'],
      ],
      read: (point) => point.errorRatio,
      scale: percent,
      role: 'bad',
      // A curve of 0.1 % must not look like one of 100 %.
      top: Math.max(0.1, ...errors),
    },
  ]
}

/** Two rows of two, one at each end. */
function facts({ facts }: Chart, width: number): Line[] {
  const cells = facts.map(([label, value, role = 'plain']): Line => [
    span(label ? `${label} ` : '', 'dim'),
    span(value, role),
  ])
  // Close to the edge only where there is no other room.
  const row = (left: Line = [], right: Line = []): Line =>
    spread(left, right, widthOf(left) + widthOf(right) < width ? width : width + 1)
  return [row(cells[0], cells[1]), row(cells[2], cells[3])]
}
