/**
 * What was seen, a step a second: values for sparklines, counts for histograms and heatmaps. Pure and bounded: with many
 * backends fewer steps are kept, so that an hour or a day of watching needs no more memory than the first minutes.
 */
import type { BackendFrame, Frame, PoolFrame } from '../report/frame.ts'
import { addSparse, coarsen, type Sparse, sumSparse } from './steps.ts'

export interface Point {
  readonly requestsPerSecond: number
  readonly errorRatio: number
  readonly inflight: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** On the coarse scale. */
  readonly counts: Sparse
}

export interface Step {
  /** Wall ms at which it begins, a whole second. */
  readonly at: number
  /** By subject: `''` all, `web` a pool, `web/10.0.0.1:80` a backend. */
  readonly points: ReadonlyMap<string, Point>
}

/** Oldest first; a second without frames has no step. */
export type History = readonly Step[]

const stepMs = 1000
export const longestHistory = 900
/** Points kept in all, some 200 bytes each. */
const maxPoints = 48_000

export const subjectOf = (pool: string, backend?: string): string =>
  backend === undefined ? pool : `${pool}/${backend}`

export function record(history: History, frame: Frame): History {
  const at = Math.floor(frame.at / stepMs) * stepMs
  const newest = history.at(-1)
  const points = pointsIn(frame)
  if (newest?.at === at) return [...history.slice(0, -1), { at, points: merge(newest.points, points) }]
  const kept = Math.max(60, Math.min(longestHistory, Math.floor(maxPoints / Math.max(1, points.size))))
  // A wall clock that was set back begins a new history: steps must rise.
  return newest && newest.at > at ? [{ at, points }] : [...history.slice(1 - kept), { at, points }]
}

/** What was seen in each second of the newest `seconds`, as far back as there is anything; undefined: nothing was. */
export const pointsOf = (history: History, subject: string, seconds: number): readonly (Point | undefined)[] =>
  slotsOf(history, seconds).map((step) => step?.points.get(subject))

/** One value of each, zero where nothing was seen. */
export const seriesOf = (
  history: History,
  subject: string,
  seconds: number,
  read: (point: Point) => number,
): readonly number[] => pointsOf(history, subject, seconds).map((point) => (point ? read(point) : 0))

/** The counts of each second, likewise. */
export const countsOf = (history: History, subject: string, seconds: number): readonly Sparse[] =>
  slotsOf(history, seconds).map((step) => step?.points.get(subject)?.counts ?? [])

function slotsOf(history: History, seconds: number): (Step | undefined)[] {
  const newest = history.at(-1)
  if (!newest) return []
  const from = newest.at - (seconds - 1) * stepMs
  const first = history.findIndex((step) => step.at >= from)
  const oldest = history[first] ?? newest
  const slots: (Step | undefined)[] = Array.from({ length: (newest.at - oldest.at) / stepMs + 1 }, () => undefined)
  for (const step of history.slice(first)) slots[(step.at - oldest.at) / stepMs] = step
  return slots
}

function pointsIn({ totals, pools }: Frame): Map<string, Point> {
  const points = new Map<string, Point>()
  for (const pool of pools) {
    let counts: Sparse = []
    for (const backend of pool.backends) {
      const own = coarsen(backend.histogram)
      counts = addSparse(counts, own)
      points.set(subjectOf(pool.name, backend.id), pointOf(backend, own))
    }
    points.set(pool.name, pointOf(pool, counts))
  }
  points.set('', pointOf(totals, sumSparse(pools.map((pool) => points.get(pool.name)?.counts ?? []))))
  return points
}

const pointOf = (
  { requestsPerSecond, errorRatio, inflight, latency }: Frame['totals'] | PoolFrame | BackendFrame,
  counts: Sparse,
): Point => ({
  requestsPerSecond,
  errorRatio,
  inflight,
  p50Ms: latency?.p50Ms ?? 0,
  p99Ms: latency?.p99Ms ?? 0,
  counts,
})

/** The newer values, the counts of both. */
function merge(old: ReadonlyMap<string, Point>, added: ReadonlyMap<string, Point>): Map<string, Point> {
  const merged = new Map<string, Point>()
  for (const [subject, point] of added) {
    const before = old.get(subject)
    merged.set(subject, before ? { ...point, counts: addSparse(before.counts, point.counts) } : point)
  }
  return merged
}
