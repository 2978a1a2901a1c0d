/** A status snapshot as text for people: pure. Everything that came over the wire is made printable first. */
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import { packParts, wrapWords } from './fit.ts'
import { generationName } from '../../core/fleet/release.ts'
import { counted, formatBytes, formatCount, formatSpan } from '../../core/view/amounts.ts'
import { secondOf } from './instants.ts'
import { endingNotes, listenerNote } from './status-certificates.ts'
import { formatLimits } from './status-limits.ts'
import { formatPool } from './status-pool.ts'
import { providerNotes } from './status-sources.ts'
import { paint, printable } from './text.ts'

export interface StatusLook {
  readonly color: boolean
  /** Columns of the terminal; undefined: as wide as it is, for files and programs. */
  readonly width: number | undefined
  /** Stands for what was cut. */
  readonly ellipsis: string
  /** The snapshot shown before; with one, requests a second are shown too. */
  readonly previous: StatusSnapshot | undefined
}

/** Names that are told: `cert list` has all of them. */
const MAX_MISSING = 10

export function formatStatus(snapshot: StatusSnapshot, look: StatusLook): string {
  const at = Date.parse(snapshot.startedAt) + snapshot.uptimeMs
  const pools = snapshot.pools.map((pool) => formatPool(pool, at, look))
  const limits = formatLimits(snapshot.limits, look)
  return [headline(snapshot, look), ...pools, ...(limits === '' ? [] : [limits])].join('\n')
}

function headline(snapshot: StatusSnapshot, { color, previous, width }: StatusLook): string {
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
    snapshot.listeners.map(listenerNote),
    ...missingLine(snapshot),
    [
      counted(counters.requests, 'request'),
      ...(rate === undefined ? [] : [`${formatCount(Math.round(rate))}/s`]),
      `${counted(counters.connectionsOpen, 'connection')} open`,
      paint(`${formatCount(errors)} answered 5xx`, 'red', color && errors > 0),
      counted(counters.retries, 'retry', 'retries'),
    ],
    ...refusedLine(snapshot),
    ...endingNotes(snapshot, Date.parse(snapshot.startedAt) + snapshot.uptimeMs, color),
    ...overloadLine(snapshot, color),
    ...providerNotes(snapshot).map((note) => [note]),
  ]
  const packed = lines.flatMap((parts) => packParts(parts, ' · ', width))
  const told = [...generationLines(snapshot, { color, width }), ...fleetLines(snapshot, { color, width })]
  return `${[...packed, ...told].join('\n')}\n`
}

/** Names without a certificate, the first few; nothing of an older edge. */
function missingLine({ listeners = [] }: Partial<StatusSnapshot>): string[][] {
  const missing = [...new Set(listeners.flatMap(({ missing: names = [] }: { missing?: readonly string[] }) => names))]
  if (missing.length === 0) return []
  const more = missing.length > MAX_MISSING ? [`and ${formatCount(missing.length - MAX_MISSING)} more`] : []
  return [[`no certificate yet for ${missing.slice(0, MAX_MISSING).map(printable).join(', ')}`, ...more]]
}

/** By which rules of routes requests were refused; nothing where none was, or of an older edge. */
function refusedLine({ counters }: Partial<StatusSnapshot>): string[][] {
  const refused = Object.entries(counters?.refused ?? {}).filter(([, count]) => count > 0)
  if (refused.length === 0) return []
  const total = refused.reduce((sum, [, count]) => sum + count, 0)
  const [first = '', ...others] = refused.map(([reason, count]) => `${printable(reason)} ${formatCount(count)}`)
  return [[`${formatCount(total)} refused by rules: ${first}`, ...others]]
}

/** Nothing of an edge that says nothing of it, or of one that bears what it is asked. */
function overloadLine({ overload, counters }: Partial<StatusSnapshot>, color: boolean): string[][] {
  if (!overload?.shedding) return []
  return [[paint('overloaded', 'red', color), `${formatCount(counters?.shed ?? 0)} refused for it`]]
}

/** Also of an edge that says nothing of it. */
function generationLines(
  { reload }: Partial<StatusSnapshot>,
  { color, width }: Pick<StatusLook, 'color' | 'width'>,
): string[] {
  if (!reload) return []
  const { generation, lastReload } = reload
  const since = secondOf(printable(generation.at))
  const current = `generation ${generation.number} since ${since} UTC · ${printable(generation.origin)}: ${printable(generation.summary)}`
  if (lastReload?.ok !== false) return wrapWords(current, width)
  const [first = '', ...others] = lastReload.problems
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  const failure = wrapWords(`the last reload failed: ${printable(first)}${more}`, width)
  return [...wrapWords(current, width), ...failure.map((line) => paint(line, 'red', color))]
}

/** How its source is followed; nothing of an edge that runs a file, or of an older one. */
function fleetLines(
  { fleet }: Partial<StatusSnapshot>,
  { color, width }: Pick<StatusLook, 'color' | 'width'>,
): string[] {
  if (!fleet) return []
  const { source, node, generation, offered, state, reason, away } = fleet
  const facts = [`node ${printable(node)} of ${printable(source)}: ${generationName(generation ?? undefined)}`]
  if (state === 'waiting' && offered !== null)
    facts.push(
      `generation ${offered.generation ?? '-'} is for ${offered.percent} % of the nodes, of which this is none`,
    )
  const faults = [
    ...(state === 'refused' ? [`refused: ${printable(reason ?? '')}`] : []),
    ...(away === null
      ? []
      : [`the source is away since ${secondOf(printable(away.since))} UTC: ${printable(away.reason)}`]),
  ]
  const told = faults.flatMap((fault) => wrapWords(fault, width)).map((line) => paint(line, 'red', color))
  return [...wrapWords(facts.join(' · '), width), ...told]
}
