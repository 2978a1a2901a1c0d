/** Screen 7: requests that were explained, the newest first, and why the one under the cursor went where it went. */
import type { ToldExplanation } from '../../core/explain/told.ts'
import { counted } from '../../core/view/amounts.ts'
import { clockTime, latency, percent } from '../../core/view/format.ts'
import { formatExplanation, isBad } from '../text/explanation.ts'
import { printable } from '../text/text.ts'
import { wrap } from './events.ts'
import { type Column, grid, toned } from './grid.ts'
import { type Line, panel, span } from './line.ts'
import { cursorOf, explainedRows } from './rows.ts'
import type { UiState } from './state.ts'
import type { View } from './view.ts'

const columns: readonly Column<ToldExplanation>[] = [
  { title: 'came', width: 8, cells: ({ at }) => span(clockTime(Date.parse(at)), 'dim') },
  { title: 'status', width: 6, cells: (told) => toned(String(told.status ?? 'left'), isBad(told) && 'bad') },
  { title: 'took', width: 6, align: 'right', cells: ({ durationMs }) => latency(durationMs) },
  { title: 'request', width: 0, cells: ({ method, target }) => printable(`${method} ${target}`) },
  { title: 'pool', width: 14, from: 100, cells: ({ pool }) => span(printable(pool ?? '-'), 'dim') },
  { title: 'backend', width: 22, cells: ({ attempts }) => backendOf(attempts) },
]

/** Who answered it last; of several, after how many tries. */
function backendOf(attempts: ToldExplanation['attempts']): string {
  const last = attempts.at(-1)?.backend ?? '-'
  return printable(attempts.length > 1 ? `${last}, try ${attempts.length}` : last)
}

export function explainLines(view: View): Line[] {
  const { state, width, height, theme } = view
  const rows = explainedRows(state)
  const cursor = cursorOf(state)
  const chosen = rows[cursor]
  const title = 'explained requests'
  if (chosen === undefined) return panel(nothingLines(state, width - 4), { title, width, height }, theme)
  const place = `${cursor + 1} of ${rows.length}`
  if (state.isReading) return panel(whyLines(chosen, view, height), { title: 'why', note: place, width, height }, theme)
  const listHeight = Math.max(6, Math.floor(height * 0.4))
  const whyHeight = height - listHeight
  const list = grid({ columns, rows, cursor, width: width - 2, height: listHeight - 2, screenWidth: width }, theme)
  return [
    ...panel(list, { title, note: `${sampleOf(state)}${place}`, width, height: listHeight }, theme),
    ...panel(whyLines(chosen, view, whyHeight), { title: 'why', width, height: whyHeight }, theme),
  ]
}

/** As `smartedge explain` has it; `height`: of the panel. */
function whyLines(told: ToldExplanation, { state, width, theme }: View, height: number): Line[] {
  const text = theme.words(formatExplanation(told, { color: false, width: width - 4 }))
  const lines = text.trimEnd().split('\n')
  const room = height - 2
  const shown = lines.map((line, index): Line => [span(` ${line}`, index === 0 ? 'title' : 'plain')])
  if (lines.length <= room) return shown
  const more = state.isReading ? 'smartedge explain shows all of it' : 'Enter shows more'
  return [...shown.slice(0, room - 1), [span(`   ${more}`, 'dim')]]
}

const sampleOf = ({ explained: { sampling } }: UiState): string =>
  sampling === undefined ? '' : `${percent(sampling.rate)} of requests, `

function nothingLines(state: UiState, width: number): Line[] {
  const text = whyNothing(state)
  return wrap(text, width).map((line): Line => [span(` ${line}`, 'dim')])
}

function whyNothing({ chosen, explained, edges }: UiState): string {
  if (chosen === undefined) return `Requests are explained by each of the ${edges.length} edges: e shows one by itself.`
  const { refusal, sampling, list } = explained
  if (refusal !== undefined) return printable(refusal)
  if (list.length > 0) return 'None fits; Esc shows all again.'
  if (sampling === undefined) return 'Asking the balancer.'
  const seen = counted(sampling.seen, 'request')
  return `None has been explained yet, of ${seen}: ${percent(sampling.rate)} are, by chance, and those with X-SmartEdge-Explain: TOKEN.`
}
