/** One pool as watchers see it: its backends' numbers added up, and what is known of its strategy. */
import { backendEnds, backendErrors, type BackendFeed, ratio, tidy } from './backend-feed.ts'
import type { BackendCounters, PoolCounters } from '../observe/counters.ts'
import { type Percentiles, percentilesOf } from './distribution.ts'
import type { PoolFrame, StrategyFrame } from './frame.ts'
import type { Meter } from './meter.ts'
import { scaleSize } from '../observe/scale.ts'
import { boundOf, effectiveWeightOf } from './snapshot.ts'
import { type BackendView, isUsable, type PoolView } from './view.ts'

export type PoolMeter = Meter<keyof PoolCounters>

/** What a pool's frame is made of. */
export interface PoolFeeds {
  readonly backends: ReadonlyMap<BackendView, BackendFeed>
  readonly meter: PoolMeter
}

/** `feeds` have been read at this instant; `offsetMs` turns monotonic into wall time. */
export function poolFrame(pool: PoolView, feeds: PoolFeeds, offsetMs: number): PoolFrame {
  const members = pool.backends.flatMap((backend) => feeds.backends.get(backend) ?? [])
  const sum = (read: (feed: BackendFeed) => number): number => members.reduce((total, feed) => total + read(feed), 0)
  const rate = (...names: readonly (keyof BackendCounters)[]): number =>
    tidy(sum((feed) => feed.meter.perSecond(...names)))
  const sums = {
    effectiveWeight: pool.backends.reduce((total, backend) => total + effectiveWeightOf(backend), 0),
    recentRequests: sum((feed) => feed.meter.recent('requests')),
  }
  return {
    name: pool.name,
    strategy: strategyFrame(pool),
    requestsPerSecond: rate('requests'),
    errorsPerSecond: rate(...backendErrors),
    errorRatio: ratio(
      sum((feed) => feed.meter.recent(...backendErrors)),
      sum((feed) => feed.meter.recent(...backendEnds)),
    ),
    retriesPerSecond: rate('retries'),
    inflight: pool.backends.reduce((total, backend) => total + backend.inflight, 0),
    maxInflight: boundOf(pool),
    waiting: pool.counters.waiting,
    queuedPerSecond: tidy(feeds.meter.perSecond('queued')),
    turnedAwayPerSecond: tidy(feeds.meter.perSecond('turnedAway', 'queueTimeouts')),
    usable: pool.backends.filter(isUsable).length,
    degraded: pool.degraded?.detail ?? null,
    deploy: pool.deploy === undefined || pool.deploy.over ? null : pool.deploy.progress,
    sourceAway: sourceAwayOf(pool),
    latency: recentLatency(members),
    backends: pool.backends.flatMap((backend) => feeds.backends.get(backend)?.frame(sums, offsetMs) ?? []),
  }
}

function sourceAwayOf({ sources = [] }: PoolView): string | null {
  const [first, ...others] = sources.flatMap(({ name, presence }) =>
    presence.kind === 'away' ? [`${name}: ${presence.reason}`] : [],
  )
  if (first === undefined) return null
  return others.length === 0 ? first : `${first}, and ${others.length} more`
}

function strategyFrame({ strategy, strategyFacts: facts }: PoolView): StrategyFrame {
  return {
    use: strategy,
    file: facts?.file ?? null,
    version: facts?.version ?? null,
    nsPerPick: facts?.nsPerPick === undefined ? null : tidy(facts.nsPerPick),
    faults: facts?.faults ?? 0,
    lastFault: facts?.lastFault ?? null,
    swappedAt: facts?.loadedAt ?? null,
    reverted: facts?.revertedBecause !== undefined,
    revertedBecause: facts?.revertedBecause ?? null,
  }
}

/** Of all of them together; null when they have answered nothing lately. */
export function recentLatency(feeds: readonly BackendFeed[]): Percentiles | null {
  const sum = new Float64Array(scaleSize)
  for (const feed of feeds) feed.addRecent(sum)
  return percentilesOf(sum) ?? null
}
