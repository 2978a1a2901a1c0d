/** A status snapshot as text for people: pure. Everything that came over the wire is made printable first. */
import type { BackendStatus, PoolStatus, StatusSnapshot } from '../../core/report/snapshot.ts'
import { isUsable } from '../client/find-backend.ts'
import { formatBytes, formatCount, formatMs, formatSpan } from './format.ts'
import { alignTable, type Cell } from './table.ts'
import { paint, printable, type Style } from './text.ts'

export interface StatusLook {
  readonly color: boolean
  /** The snapshot shown before; with one, requests a second are shown too. */
  readonly previous: StatusSnapshot | undefined
}

/** Glyph and word, as colour alone tells nothing to some and on paper. */
const states: Readonly<Record<string, readonly [glyph: string, style: Style]>> = {
  healthy: ['●', 'green'],
  unhealthy: ['✖', 'red'],
  unchecked: ['○', 'dim'],
  draining: ['◐', 'yellow'],
}

export function formatStatus(snapshot: StatusSnapshot, look: StatusLook): string {
  return [headline(snapshot, look), ...snapshot.pools.map((pool) => formatPool(pool, snapshot, look))].join('\n')
}

function headline(snapshot: StatusSnapshot, { color, previous }: StatusLook): string {
  const { counters, process } = snapshot
  // Another process began its counters anew.
  const elapsedMs = previous?.pid === snapshot.pid ? snapshot.uptimeMs - previous.uptimeMs : 0
  const rate =
    previous && elapsedMs > 0 ? ((counters.requests - previous.counters.requests) / elapsedMs) * 1000 : undefined
  const errors = counters.responses['5xx']
  const lines = [
    [
      paint(`SmartEdge ${printable(snapshot.version)}`, 'bold', color),
      `${printable(snapshot.phase)} for ${formatSpan(snapshot.uptimeMs)}`,
      `pid ${snapshot.pid}`,
      formatBytes(process.residentBytes),
    ],
    snapshot.listeners.map((listener) => `${printable(listener.name)} on ${printable(listener.address)}`),
    [
      `${formatCount(counters.requests)} requests`,
      ...(rate === undefined ? [] : [`${formatCount(Math.round(rate))}/s`]),
      `${formatCount(counters.connectionsOpen)} connections open`,
      paint(`${formatCount(errors)} answered 5xx`, 'red', color && errors > 0),
      `${formatCount(counters.retries)} retries`,
    ],
  ]
  return `${[...lines.map((parts) => parts.join(' · ')), ...generationLines(snapshot, color)].join('\n')}\n`
}

/** Also of an edge that says nothing of it. */
function generationLines({ reload }: Partial<StatusSnapshot>, color: boolean): string[] {
  if (!reload) return []
  const { generation, lastReload } = reload
  const since = printable(generation.at).slice(0, 19).replace('T', ' ')
  const current = `generation ${generation.number} since ${since} UTC · ${printable(generation.origin)}: ${printable(generation.summary)}`
  if (lastReload?.ok !== false) return [current]
  const [first = '', ...others] = lastReload.problems
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return [current, paint(`the last reload failed: ${printable(first)}${more}`, 'red', color)]
}

function formatPool(pool: PoolStatus, { startedAt, uptimeMs }: StatusSnapshot, { color }: StatusLook): string {
  const nowMs = Date.parse(startedAt) + uptimeMs
  const usable = pool.backends.filter(isUsable).length
  const title = `${paint(printable(pool.name), 'bold', color)} · ${printable(pool.strategy)} · ${usable} of ${pool.backends.length} up`
  const rows = pool.backends.map((backend) => backendRow(backend, nowMs))
  return `${title}\n${alignTable([header, ...rows], color)}`
}

const header: readonly Cell[] = [
  { text: 'backend', style: 'dim' },
  { text: 'state', style: 'dim' },
  ...['weight', 'in flight', 'requests', 'failed', '5xx', 'p50', 'p95', 'p99'].map((text): Cell => ({
    text,
    style: 'dim',
    right: true,
  })),
  { text: 'last check', style: 'dim' },
]

function backendRow(backend: BackendStatus, nowMs: number): readonly Cell[] {
  const [glyph, style] = states[backend.state] ?? ['?', 'yellow']
  const failed = backend.failures.total
  const errors = backend.responses['5xx']
  const right = (text: string): Cell => ({ text, right: true })
  return [
    { text: printable(backend.id) },
    { text: `${glyph} ${printable(backend.state)}`, style },
    right(String(backend.weight)),
    right(formatCount(backend.inflight)),
    right(formatCount(backend.requests)),
    { text: formatCount(failed), right: true, ...(failed > 0 && { style: 'red' as const }) },
    { text: formatCount(errors), right: true, ...(errors > 0 && { style: 'red' as const }) },
    ...(['p50Ms', 'p95Ms', 'p99Ms'] as const).map((key) =>
      right(backend.latency ? formatMs(backend.latency[key]) : '-'),
    ),
    { text: lastWord(backend, nowMs) },
  ]
}

/** Why it is out, else how its newest check went. */
function lastWord({ state, since, reason, why, health, lastCheck }: BackendStatus, nowMs: number): string {
  const age = (time: string) => formatSpan(Math.max(0, nowMs - Date.parse(time)))
  // Balancers of before they were told leave `why` and `health` out.
  const out = why ?? reason
  if (state === 'draining' && out) return `${printable(out)}, since ${age(since)}; ${printable(health)}`
  if (state === 'unhealthy' || out) return `${printable(out ?? 'no reason given')}, since ${age(since)}`
  return lastCheck ? `${printable(lastCheck.detail)}, ${age(lastCheck.at)} ago` : '-'
}
