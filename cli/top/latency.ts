/** Screen 3: how answers are spread, of everything, a pool or a backend; two of them over each other; and over time. */
import { formatCount } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'
import { isEmpty } from '../../core/view/bins.ts'
import { type HistogramOptions, heatmap, histogram } from './distribution-chart.ts'
import { latency, span as spanText } from '../../core/view/format.ts'
import { countsOf } from '../../core/view/history.ts'
import { type Line, panel, type Span, span } from './line.ts'
import { subjectsOf } from './rows.ts'
import { shownOf, spanSeconds, type UiState } from './state.ts'
import { quantile, type Sparse, sumSparse, totalOf } from '../../core/view/steps.ts'
import type { Theme } from './theme.ts'
import type { View } from './view.ts'

export function latencyLines(view: View): Line[] {
  const { state, width, height, theme } = view
  const { history } = shownOf(state)
  const seconds = spanSeconds(state)
  const bounds = coarseBounds(state)
  const columns = countsOf(history, state.subject, seconds)
  const counts = sumSparse(columns)
  const other = state.compared === undefined ? undefined : sumSparse(countsOf(history, state.compared, seconds))
  const legend = legendLines(state, { counts, other, bounds }, theme)
  const upper = Math.floor((height - 1) / 2) + 1
  const inner = { width: width - 3, height: upper - 2 - legend.length - 1 }
  const position = subjectsOf(shownOf(state).frame)
  const note = `${position.indexOf(state.subject) + 1} of ${position.length}`
  return [
    ...panel(
      [...legend, [], ...histogramOrWords({ counts, other, bounds, ...inner }, theme)],
      { title: 'latency', note, width, height: upper },
      theme,
    ),
    ...heatPanel(view, columns, bounds, height - upper),
  ]
}

/** Of the coarse steps that history keeps: every second one. */
export const coarseBounds = (state: UiState): readonly number[] =>
  (shownOf(state).hello?.boundsMs ?? []).filter((_, index) => index % 2 === 0)

export const histogramOrWords = (options: HistogramOptions, theme: Theme): Line[] =>
  isEmpty(options.counts) && isEmpty(options.other ?? [])
    ? [[span('  No answers in this time.', 'dim')]]
    : histogram(options, theme)

export function heatPanel(
  { state, width, theme }: View,
  columns: readonly Sparse[],
  bounds: readonly number[],
  height: number,
): Line[] {
  const title = `the last ${spanText(spanSeconds(state))}`
  const inner = { width: width - 3, height: height - 2 }
  const body = columns.every(isEmpty)
    ? [[span('  No answers in this time.', 'dim')]]
    : heatmap({ columns, bounds, ...inner }, theme)
  return panel(body, { title, note: 'now', width, height }, theme)
}

function legendLines(
  state: UiState,
  { counts, other, bounds }: Pick<HistogramOptions, 'counts' | 'other' | 'bounds'>,
  { glyphs }: Theme,
): Line[] {
  const own = legend(state.subject, { counts, bounds }, span(` ${glyphs.bars[7] ?? '#'} `, 'bar'))
  if (other === undefined || state.compared === undefined) return [own]
  return [own, legend(state.compared, { counts: other, bounds }, span(` ${glyphs.mark} `, 'second'))]
}

function legend(subject: string, { counts, bounds }: Pick<HistogramOptions, 'counts' | 'bounds'>, mark: Span): Line {
  const at = (ratio: number) => latency(quantile(counts, ratio, bounds))
  return [
    mark,
    span(printable(subject || 'everything'), 'title'),
    span(`  ${formatCount(totalOf(counts))} answers`, 'dim'),
    ...(
      [
        ['p50', 0.5],
        ['p95', 0.95],
        ['p99', 0.99],
        ['p99.9', 0.999],
      ] as const
    ).flatMap(([name, ratio]) => [span(`  ${name} `, 'dim'), span(at(ratio))]),
  ]
}
