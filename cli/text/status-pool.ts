/** One pool of a status as a table: pure. What does not fit the width gives way, the least telling first. */
import type { BackendStatus, PoolStatus } from '../../core/report/snapshot.ts'
import { isUsable } from '../../core/view/standing.ts'
import { cutMiddle, widthOf, wrapWords } from './fit.ts'
import { counted, formatCount, formatInflight, formatMs, formatSpan, formatWeight } from '../../core/view/amounts.ts'
import { holdWords } from './hold.ts'
import { sourceNotes } from './status-sources.ts'
import { alignTable, type Cell } from './table.ts'
import { paint, printable, type Style } from './text.ts'

export interface PoolLook {
  readonly color: boolean
  readonly width: number | undefined
  readonly ellipsis: string
}

/** Glyph and word, as colour alone tells nothing to some and on paper. */
const states: Readonly<Record<string, readonly [glyph: string, style: Style]>> = {
  healthy: ['●', 'green'],
  unhealthy: ['✖', 'red'],
  unchecked: ['○', 'dim'],
  draining: ['◐', 'yellow'],
  spare: ['○', 'dim'],
}

interface Column {
  readonly title: string
  readonly cell: (backend: BackendStatus, nowMs: number) => Cell
}

const right = (text: string): Cell => ({ text, right: true })
const redAbove0 = (count: number): Cell => ({
  ...right(formatCount(count)),
  ...(count > 0 && { style: 'red' as const }),
})
const percentile =
  (key: 'p50Ms' | 'p95Ms' | 'p99Ms') =>
  ({ latency }: BackendStatus): Cell =>
    right(latency ? formatMs(latency[key]) : '-')

const columns: readonly Column[] = [
  { title: 'backend', cell: ({ id }) => ({ text: printable(id) }) },
  { title: 'state', cell: stateCell },
  { title: 'weight', cell: (backend) => right(weightText(backend)) },
  { title: 'in flight', cell: (backend) => right(formatInflight(backend)) },
  { title: 'requests', cell: ({ requests }) => right(formatCount(requests)) },
  { title: 'failed', cell: ({ failures }) => redAbove0(failures.total) },
  { title: '5xx', cell: ({ responses }) => redAbove0(responses['5xx']) },
  { title: 'p50', cell: percentile('p50Ms') },
  { title: 'p95', cell: percentile('p95Ms') },
  { title: 'p99', cell: percentile('p99Ms') },
  { title: 'last check', cell: (backend, nowMs) => ({ text: lastWord(backend, nowMs) }) },
]

/** The first goes first. Why a backend is out is told below its line when there is no column for it. */
const dispensable = ['p50', 'p95', 'last check', 'weight', '5xx', 'p99', 'failed', 'requests']
const numbers: ReadonlySet<string> = new Set(['weight', 'in flight', 'requests', 'failed', '5xx', 'p50', 'p95', 'p99'])

/** Of the width; names are cut in the middle, where those of one kind are alike. */
const nameShare = 0.3

/** `at`: ms since the epoch, when the snapshot was taken. */
export function formatPool(pool: PoolStatus, at: number, look: PoolLook): string {
  const { name, strategy, backends } = pool
  const { color, width } = look
  const usable = backends.filter(isUsable).length
  const up = `${usable} of ${backends.length} up`
  const title = [paint(printable(name), 'bold', color), printable(strategy), up, ...queueNotes(pool)].join(' · ')
  const table = fittingTable(backends, at, look)
  const [header = '', ...lines] = alignTable(table.rows, color).split('\n')
  const noted = backends.flatMap((backend, index) => [
    lines[index] ?? '',
    ...(table.hasLastCheck || !isOut(backend) ? [] : noteBelow(lastWord(backend, at), width)),
  ])
  const notes = [
    ...strategyNote(pool, look),
    ...degradedNote(pool, look),
    ...deployNote(pool, at, look),
    ...sourcesNote(pool, at, look),
    ...stickyNote(pool, look),
  ]
  return `${[title, ...notes, header, ...noted].join('\n')}\n`
}

/** What there is to say of bounds and of those who wait; balancers of before there were any say nothing. */
function queueNotes({
  inflight,
  maxInflight,
  waiting,
  queued,
  queueTimeouts,
  turnedAway,
}: Partial<PoolStatus>): string[] {
  const notes: string[] = []
  if (typeof maxInflight === 'number')
    notes.push(`${formatInflight({ inflight: inflight ?? 0, maxInflight })} in flight`)
  if (queued)
    notes.push(
      `${formatCount(waiting ?? 0)} waiting, ${formatCount(queueTimeouts ?? 0)} of ${formatCount(queued)} timed out`,
    )
  if (turnedAway) notes.push(`${formatCount(turnedAway)} turned away`)
  return notes
}

/** What is asked in place of the strategy that is configured, and why. */
function strategyNote({ strategyVersion }: PoolStatus, { color, width }: PoolLook): string[] {
  if (!strategyVersion?.reverted) return []
  const { name, version, revertedBecause } = strategyVersion
  const note = `${name}, version ${version ?? 'unknown'}, is asked instead: ${revertedBecause ?? 'it failed'}`
  return noteBelow(printable(note), width).map((line) => paint(line, 'red', color))
}

/** Balancers of before it was told leave it out. */
function stickyNote({ sticky }: PoolStatus, { width }: PoolLook): string[] {
  if (!sticky) return []
  const { hits, misses, moved, sessions } = sticky
  const requests = `sticky: ${formatCount(hits)} kept, ${formatCount(misses)} new, ${formatCount(moved)} moved`
  return noteBelow(sessions === null ? requests : `${requests}; ${counted(sessions, 'session')} remembered`, width)
}

/** Balancers of before it was told leave it out. */
function degradedNote({ degraded }: Partial<PoolStatus>, { color, width }: PoolLook): string[] {
  return degraded ? noteBelow(printable(degraded.detail), width).map((line) => paint(line, 'yellow', color)) : []
}

/** The one under way, or how the last one ended, for an hour. Balancers of before it was told leave it out. */
function deployNote({ deploy }: Partial<PoolStatus>, at: number, { color, width }: PoolLook): string[] {
  if (!deploy || (deploy.over && at - Date.parse(deploy.since) > DEPLOY_TOLD_MS)) return []
  const note = printable(`deploy ${deploy.id}: ${deploy.phase}: ${deploy.detail}`)
  const isBad = deploy.over && deploy.phase !== 'done'
  return noteBelow(note, width).map((line) => (isBad ? paint(line, 'yellow', color) : line))
}

const DEPLOY_TOLD_MS = 3_600_000

function sourcesNote(pool: PoolStatus, at: number, { color, width }: PoolLook): string[] {
  const lines = sourceNotes(pool, at).flatMap((note) => noteBelow(note, width))
  return lines.map((line) => paint(line, 'yellow', color))
}

const noteBelow = (text: string, width: number | undefined): string[] =>
  wrapWords(text, width === undefined ? undefined : width - 6).map((line) => `      ${line}`)

/** Without the columns for which there is no room. */
function fittingTable(backends: readonly BackendStatus[], at: number, { width, ellipsis }: PoolLook) {
  const nameWidth = width === undefined ? Infinity : Math.max(12, Math.floor(width * nameShare))
  const filled = columns.map(({ title, cell }: Column) => {
    const cells = backends.map((backend) => cell(backend, at))
    const texts = title === 'backend' ? cells.map(({ text }) => cutMiddle(text, nameWidth, ellipsis)) : undefined
    const header: Cell = { text: title, style: 'dim', right: numbers.has(title) }
    return { title, cells: [header, ...cells.map((one, row) => ({ ...one, text: texts?.[row] ?? one.text }))] }
  })
  const taken = new Map(
    filled.map(({ title, cells }) => [title, 2 + Math.max(...cells.map(({ text }) => widthOf(text)))]),
  )
  const gone = columnsToDrop(taken, width ?? Infinity)
  const shown = filled.filter(({ title }) => !gone.has(title))
  const rows = [undefined, ...backends].map((_, row) => shown.flatMap(({ cells }) => cells[row] ?? []))
  return { rows, hasLastCheck: !gone.has('last check') }
}

/** `taken`: by each column, the space before it included. */
function columnsToDrop(taken: ReadonlyMap<string, number>, width: number): ReadonlySet<string> {
  const gone = new Set<string>()
  const fits = () => [...taken].reduce((sum, [title, one]) => sum + (gone.has(title) ? 0 : one), 0) <= width
  for (const title of dispensable) if (!fits()) gone.add(title)
  // A wide one that went last may have made room for narrow ones.
  for (const title of dispensable.toReversed()) {
    const wasGone = gone.delete(title)
    if (wasGone && !fits()) gone.add(title)
  }
  return gone
}

function stateCell({ state, use }: BackendStatus): Cell {
  const word = use === 'spare' ? use : state
  const [glyph, style] = states[word] ?? ['?', 'yellow']
  return { text: `${glyph} ${printable(word)}`, style }
}

/** `0.429 of 2` while it is given less, or more, than is configured. */
const weightText = ({ weight, effectiveWeight }: BackendStatus): string =>
  effectiveWeight > 0 && effectiveWeight !== weight
    ? `${formatWeight(effectiveWeight)} of ${formatWeight(weight)}`
    : formatWeight(weight)

/** What is told of it is more than how its newest check went. */
const isOut = ({ state, why, slowStart }: BackendStatus): boolean =>
  state === 'unhealthy' || state === 'draining' || Boolean(why) || Boolean(slowStart)

/** Why it is out, else how its newest check went. */
function lastWord(backend: BackendStatus, nowMs: number): string {
  const { state, reason, why, health, lastCheck } = backend
  // Balancers of before they were told leave `why` and `health` out.
  const isUnhealthy = state === 'unhealthy'
  const held = holdWords({ ...backend, why: why ?? reason ?? (isUnhealthy ? 'no reason given' : null) }, nowMs)
  if (held !== '') return state === 'draining' ? `${held}; ${printable(health)}` : held
  const age = (time: string) => formatSpan(Math.max(0, nowMs - Date.parse(time)))
  return lastCheck ? `${printable(lastCheck.detail)}, ${age(lastCheck.at)} ago` : '-'
}
