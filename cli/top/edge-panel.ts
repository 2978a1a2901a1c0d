/** On the overview of several balancers: each of them, how it is and how old what is known of it is. Pure. */
import { formatCount } from '../../core/view/amounts.ts'
import { cutMiddle } from '../text/fit.ts'
import { printable } from '../text/text.ts'
import { absenceOf, type WatchedEdge } from './edges.ts'
import { toneOf, whatOf } from '../../core/view/findings.ts'
import { latency, rate } from '../../core/view/format.ts'
import { type Column, grid } from './grid.ts'
import { type Line, panel, type Span, span } from './line.ts'
import type { View } from './view.ts'
import { ageWords } from '../../core/view/words.ts'
import { errorsOf } from './words.ts'

export function edgePanel({ state, width, theme }: View, height: number): Line[] {
  const { edges, now } = state
  const columns: readonly Column<WatchedEdge>[] = [
    {
      title: 'edge',
      width: 0,
      cells: ({ name }, size, { glyphs }) => cutMiddle(printable(name), size, glyphs.ellipsis),
    },
    { title: 'state', width: 20, cells: (edge) => stateOf(edge, now, theme.glyphs.states) },
    {
      title: 'generation',
      width: 10,
      align: 'right',
      from: 110,
      cells: ({ seen }) => String(seen.frame?.generation?.number ?? '-'),
    },
    ...figures.map(([title, size, read, from = 0]): Column<WatchedEdge> => ({
      title,
      width: size,
      from,
      align: 'right',
      cells: (edge) => faded(edge, now, read(edge.seen.frame?.totals)),
    })),
  ]
  // The table's head and the frame take three lines.
  const shown = Math.min(edges.length, height - 3)
  const note = shown < edges.length ? `${shown} of ${edges.length}` : 'e shows one alone'
  const lines = grid(
    { columns, rows: edges, cursor: -1, width: width - 2, height: height - 2, screenWidth: width },
    theme,
  )
  return panel(lines, { title: 'edges', note, width, height }, theme)
}

type Totals = NonNullable<WatchedEdge['seen']['frame']>['totals']
type Read = (totals: Totals | undefined) => Span

const figures: readonly (readonly [title: string, width: number, read: Read, from?: number])[] = [
  ['req/s', 5, (totals) => span(totals ? rate(totals.requestsPerSecond) : '-')],
  ['in flight', 9, (totals) => span(totals ? formatCount(totals.inflight) : '-'), 80],
  ['p50', 6, (totals) => span(latency(totals?.latency?.p50Ms)), 70],
  ['p99', 6, (totals) => span(latency(totals?.latency?.p99Ms))],
  ['errors', 6, (totals) => (totals ? errorsOf(totals) : span('-'))],
]

/** What is old looks so: it is not part of the sum. */
const faded = (edge: WatchedEdge, now: number, figure: Span): Span =>
  absenceOf(edge, now) === undefined ? figure : span(figure.text, 'dim')

function stateOf(edge: WatchedEdge, now: number, glyphs: Readonly<Record<string, string>>): Span {
  const { seen, link } = edge
  const absence = absenceOf(edge, now)
  if (absence !== undefined) {
    const age = seen.frame === undefined ? 'never seen' : `${ageWords((now - seen.frameAt) / 1000)} old`
    return span(`${glyphs['warn'] ?? ''} away, ${age}`, 'warn')
  }
  if (link.kind === 'connecting') return span(`${glyphs['unchecked'] ?? ''} connecting`, 'dim')
  const { phase = '' } = seen.frame ?? {}
  if (phase !== 'serving') return span(`${glyphs['warn'] ?? ''} ${printable(phase)}`, 'warn')
  const [worst] = seen.findings
  if (worst === undefined) return span(`${glyphs['good'] ?? ''} well`, 'good')
  const tone = toneOf(worst)
  return span(`${glyphs[tone] ?? ''} ${worst.backend === undefined ? whatOf(worst) : 'unwell'}`, tone)
}
