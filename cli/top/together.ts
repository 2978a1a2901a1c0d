/**
 * Several balancers as one: the sum of those that are there, a history of it, and everybody's findings and events. Pure.
 * Percentiles come from the counts of all, added up, over the newest ten seconds, on the scale that the balancers
 * themselves read theirs from.
 */
import type { Frame } from '../../core/report/frame.ts'
import type { WatchedEvent } from '../../core/view/feed-format.ts'
import { absenceOf, presentEdges, type WatchedEdge } from './edges.ts'
import { type Finding, identityOf, rankOf } from '../../core/view/findings.ts'
import { record, subjectOf } from '../../core/view/history.ts'
import { maxEvents, nothingSeen, type Seen } from '../../core/view/seen.ts'
import { addSparse, quantile, type Sparse, sumSparse, totalOf } from '../../core/view/steps.ts'
import { type Latency, sumFrames } from './sum-frames.ts'

type Counts = ReadonlyMap<string, Sparse>

export interface Together {
  readonly seen: Seen
  /** Counts by subject that have come since the newest sum. */
  readonly pending: Counts
  /** Those of the sums before, as far back as counts. */
  readonly recent: readonly { readonly at: number; readonly counts: Counts }[]
}

export const nothingTogether: Together = { seen: nothingSeen, pending: new Map(), recent: [] }

/** As in a balancer: what is called recent is at most so old. */
const recentMs = 10_000

/** With the counts of a frame that came from one of `edges`, which have seen it; and a new sum, when it is time for one. */
export function addFrame(all: Together, edges: readonly WatchedEdge[], index: number, now: number): Together {
  const frame = edges[index]?.seen.frame
  if (frame === undefined) return all
  const pending = hasScale(edges, index) ? withCounts(all.pending, frame) : all.pending
  const added = { ...all, pending }
  return index === leaderOf(edges, now) ? sumUp(added, edges, now) : added
}

/** One sets the pace: with its frames comes a sum, so that as many come as with one balancer. */
function leaderOf(edges: readonly WatchedEdge[], now: number): number | undefined {
  const paces = presentEdges(edges, now).map((index) => ({
    index,
    ms: edges[index]?.seen.frame?.intervalMs ?? Infinity,
  }))
  return paces.toSorted((one, other) => one.ms - other.ms || one.index - other.index)[0]?.index
}

/** Counts on another scale are of another version, and are no part of these. */
function hasScale(edges: readonly WatchedEdge[], index: number): boolean {
  const [own, first] = [edges[index], edges.find(({ seen }) => seen.hello)].map((edge) => edge?.seen.hello?.boundsMs)
  return own?.length === first?.length && own?.[1] === first?.[1] && own?.at(-1) === first?.at(-1)
}

function withCounts(pending: Counts, { pools }: Frame): Counts {
  const counts = new Map(pending)
  for (const { name, backends } of pools) {
    for (const { id, histogram } of backends) {
      if (histogram.length === 0) continue
      const subject = subjectOf(name, id)
      counts.set(subject, addSparse(counts.get(subject) ?? [], histogram))
    }
  }
  return counts
}

/** The sum as of now; as before where nobody is there. */
export function sumUp(all: Together, edges: readonly WatchedEdge[], now: number): Together {
  const present = presentEdges(edges, now)
  const frames = present.flatMap((index) => edges[index]?.seen.frame ?? [])
  if (frames.length === 0) return all
  const recent = [...all.recent.filter(({ at }) => at > now - recentMs), { at: now, counts: all.pending }]
  const hello = edges.find(({ seen }) => seen.hello)?.seen.hello
  const frame = sumFrames(frames, {
    at: now,
    countsOf: (subject) => all.pending.get(subject) ?? [],
    latencyOf: latencies(recent, hello?.boundsMs ?? []),
  })
  const history = record(all.seen.history, frame)
  const seen = { ...all.seen, hello, frame, frameAt: now, history, findings: findingsOf(edges, now) }
  return { seen, pending: new Map(), recent }
}

/** Percentiles by subject: a pool's are of what its backends counted, those of everything of what all pools did. */
function latencies(recent: Together['recent'], bounds: readonly number[]): (subject: string) => Latency {
  const counts = new Map<string, Sparse>()
  const add = (subject: string, own: Sparse): void =>
    void counts.set(subject, addSparse(counts.get(subject) ?? [], own))
  for (const { counts: some } of recent) for (const [subject, own] of some) add(subject, own)
  const backends = [...counts]
  for (const [subject, own] of backends) add(subject.slice(0, subject.indexOf('/')), own)
  const all = sumSparse(backends.map(([, own]) => own))
  return (subject) => percentiles(subject === '' ? all : (counts.get(subject) ?? []), bounds)
}

function percentiles(counts: Sparse, bounds: readonly number[]): Latency {
  const count = totalOf(counts)
  const at = (ratio: number): number => Number((quantile(counts, ratio, bounds) ?? 0).toPrecision(3))
  return count === 0 ? null : { count, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), p999Ms: at(0.999) }
}

/** What is wrong at each, once where it is wrong at several; and who is away. */
function findingsOf(edges: readonly WatchedEdge[], now: number): readonly Finding[] {
  const present = presentEdges(edges, now)
  const found = new Map<string, { readonly one: Finding; readonly at: readonly string[] }>()
  for (const index of present) {
    const edge = edges[index]
    for (const finding of edge?.seen.findings ?? []) {
      const own = finding.pool === undefined ? { ...finding, edge: edge?.name } : finding
      const identity = `${own.edge ?? ''} ${identityOf(own)}`
      const before = found.get(identity)
      const since = Math.min(own.since, before?.one.since ?? Infinity)
      found.set(identity, { one: { ...(before?.one ?? own), since }, at: [...(before?.at ?? []), edge?.name ?? ''] })
    }
  }
  const wrong = [...found.values()].map(({ one, at }): Finding => {
    if (one.edge !== undefined || at.length === present.length) return one
    return { ...one, place: at.length === 1 ? `at ${at[0]}` : `at ${at.length} of ${present.length} edges` }
  })
  const ordered = wrong.toSorted((one, other) => rankOf(one) - rankOf(other) || one.since - other.since)
  // What is known of whoever is away is old, whatever it is.
  return [...edges.flatMap((edge) => awayFinding(edge, now)), ...ordered]
}

function awayFinding(edge: WatchedEdge, now: number): Finding[] {
  const absence = absenceOf(edge, now)
  if (absence === undefined) return []
  const { why, since } = absence
  return [{ kind: 'away', edge: edge.name, pool: undefined, backend: undefined, why, since, seenAt: now }]
}

/** With the newest event of an edge among those of all, the newest first. */
export function addEvent(all: Together, edges: readonly WatchedEdge[], index: number): Together {
  const edge = edges[index]
  const newest = edge?.seen.events[0]
  if (edge === undefined || newest === undefined) return all
  // Each numbers its own.
  const entry: WatchedEvent = { ...newest, id: newest.id * edges.length + index, edge: edge.name }
  const later = all.seen.events.findIndex(({ at }) => at <= entry.at)
  const at = later === -1 ? all.seen.events.length : later
  return { ...all, seen: { ...all.seen, events: all.seen.events.toSpliced(at, 0, entry).slice(0, maxEvents) } }
}
