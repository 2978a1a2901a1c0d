/** One backend or one pool by itself: all that is known, its curves, its spread, its events. */
import type { WatchedEvent } from '../../core/view/feed-format.ts'
import { formatInflight, formatWeight } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'
import { area, squeeze } from './chart.ts'
import { eventLine } from './events.ts'
import { clockTime, latency, percent, rate, span as spanText } from '../../core/view/format.ts'
import { countsOf, seriesOf } from '../../core/view/history.ts'
import { coarseBounds, heatPanel, histogramOrWords } from './latency.ts'
import { beside, type Line, panel, span } from './line.ts'
import { backendPanel } from './overview.ts'
import type { BackendRow } from '../../core/view/rows.ts'
import { targetBackend } from './rows.ts'
import { shownOf, spanSeconds, type Drill } from './state.ts'
import { sumSparse } from '../../core/view/steps.ts'
import type { Role } from './theme.ts'
import type { View } from './view.ts'
import { checkWords, holdWords, stateOf } from './words.ts'

export const detailLines = (view: View, { pool, backend }: Drill): Line[] =>
  backend === undefined ? poolLines(view, pool) : backendLines(view)

function poolLines(view: View, pool: string): Line[] {
  const upper = Math.max(8, Math.floor(view.height / 2))
  const columns = countsOf(shownOf(view.state).history, pool, spanSeconds(view.state))
  return [
    ...backendPanel(view, upper, pool),
    ...heatPanel(view, columns, coarseBounds(view.state), view.height - upper),
  ]
}

/** What is known of one backend, and how it went: also below the list of backends. */
export function backendStrip(view: View, row: BackendRow): Line[] {
  const { width, theme } = view
  // Beside each other neither would have room for its words.
  if (width < 80) return panel(facts(view, row), { title: printable(row.id), width, height: stripHeight }, theme)
  const left = Math.floor(width / 2)
  return beside(
    panel(facts(view, row), { title: printable(row.id), width: left, height: stripHeight }, theme),
    curves(view, row, width - left),
  )
}

export const stripHeight = 8

function backendLines(view: View): Line[] {
  const { state, width, height, theme } = view
  const row = targetBackend(state)
  if (!row)
    return panel(
      [[span(' It is no longer configured; Esc goes back.', 'dim')]],
      { title: 'gone', width, height },
      theme,
    )
  const rest = height - stripHeight
  const eventHeight = Math.max(4, Math.floor(rest / 3))
  const { history, events } = shownOf(state)
  const counts = sumSparse(countsOf(history, row.id, spanSeconds(state)))
  const inner = { width: width - 3, height: rest - eventHeight - 2 }
  const spread = histogramOrWords({ counts, other: undefined, bounds: coarseBounds(state), ...inner }, theme)
  const own = events.filter((event) => concerns(event, row)).slice(0, eventHeight - 2)
  return [
    ...backendStrip(view, row),
    ...panel(
      spread,
      { title: 'latency', note: spanText(spanSeconds(state)), width, height: rest - eventHeight },
      theme,
    ),
    ...panel(
      own.length > 0 ? own.map((event) => eventLine(event, false, theme, width - 2)) : [[span(' None yet.', 'dim')]],
      { title: 'its events', width, height: eventHeight },
      theme,
    ),
  ]
}

const concerns = ({ fields }: WatchedEvent, { pool, backend }: BackendRow): boolean =>
  fields['backend'] === backend.id && fields['pool'] === pool.name

function facts({ state, theme }: View, row: BackendRow): Line[] {
  const { backend, finding } = row
  const { frame } = shownOf(state)
  const fact = (label: string, value: string, role: Role = 'plain'): Line => [
    span(` ${label.padEnd(9)}`, 'dim'),
    span(value, role),
  ]
  const own = finding?.backend === backend.id ? finding : undefined
  // A balancer of before it was told says the reason only.
  const held = holdWords(backend, frame?.at ?? 0)
  const why = held === '' ? (backend.reason ?? own?.why) : held
  // Of a healthy one the finding is what is shown as its state.
  const since = backend.state === 'healthy' && own !== undefined ? own.since : backend.since
  return [
    [span(` ${'state'.padEnd(9)}`, 'dim'), stateOf(row, theme), span(` since ${clockTime(since)}`)],
    fact('why', printable(why ?? 'nothing is wrong'), why ? 'warn' : 'dim'),
    fact('weight', weightWords(backend)),
    fact('share', `${percent(backend.share)}, by weight ${percent(backend.expectedShare)}`),
    fact(
      'errors',
      `${percent(backend.errorRatio)}${backend.errors > 0 ? `, ${rate(backend.errorsPerSecond)}/s` : ''}`,
      backend.errors > 0 ? 'bad' : 'plain',
    ),
    fact('check', checkWords(backend, frame?.at ?? 0)),
  ]
}

/** `2, effective 0.4 until 12:03:14, tier 1, zone eu-1`. */
function weightWords({ weight, effectiveWeight, zone, tier, fullAt }: BackendRow['backend']): string {
  const growing = fullAt ? `, growing until ${clockTime(fullAt)}` : ''
  const tierText = tier > 0 ? `, tier ${tier}` : ''
  return `${formatWeight(weight)}, effective ${formatWeight(effectiveWeight)}${growing}${tierText}, zone ${printable(zone ?? '-')}`
}

function curves({ state, theme }: View, { id, backend }: BackendRow, width: number): Line[] {
  const { history } = shownOf(state)
  const inner = width - 4
  const requests = seriesOf(history, id, spanSeconds(state), (point) => point.requestsPerSecond)
  const slow = seriesOf(history, id, spanSeconds(state), (point) => point.p99Ms)
  const curve = (values: readonly number[], role: Role): Line[] =>
    area(squeeze(values, inner), { width: inner, height: 2, role }, theme).map((one) => [span(' '), ...one])
  const { p50Ms, p99Ms } = backend.latency ?? {}
  return panel(
    [
      [
        span(' req/s ', 'dim'),
        span(rate(backend.requestsPerSecond), 'title'),
        span('  in flight ', 'dim'),
        span(formatInflight(backend)),
      ],
      ...curve(requests, 'bar'),
      [
        span(' p99 ', 'dim'),
        span(latency(p99Ms), 'title'),
        span('  p50 ', 'dim'),
        span(latency(p50Ms)),
        span('  ewma ', 'dim'),
        span(latency(backend.ewmaMs)),
      ],
      ...curve(slow, 'second'),
    ],
    { title: 'now', note: spanText(spanSeconds(state)), width, height: stripHeight },
    theme,
  )
}
