/**
 * How long a pool's backends take to begin a response, all together: what a slow one is compared with. Percentiles are
 * reckoned once a second at most. Only requests that may be hedged are counted; without any nothing is kept.
 */
import type { Latencies, LatencySummary } from '../observe/latencies.ts'
import type { HedgePercentile } from './policy.ts'

/** Fewer say little about the slowest twentieth. */
const MIN_COUNT = 100
const RECKONED_EVERY_MS = 1000

const FIELDS = { p50: 'p50Ms', p95: 'p95Ms', p99: 'p99Ms' } as const satisfies Record<
  HedgePercentile,
  keyof LatencySummary
>

export class HeadTimes {
  private readonly latencies: Pick<Latencies, 'record' | 'summary'>
  private summary: LatencySummary | undefined = undefined
  private reckonedAt = -Infinity

  constructor(latencies: Pick<Latencies, 'record' | 'summary'>) {
    this.latencies = latencies
  }

  record(elapsedMs: number): void {
    this.latencies.record(elapsedMs)
  }

  /** ms, over the newest one to two minutes, up to a second old; undefined while they saw too few. `now`: monotonic ms. */
  percentileMs(percentile: HedgePercentile, now: number): number | undefined {
    if (now - this.reckonedAt >= RECKONED_EVERY_MS) {
      this.reckonedAt = now
      this.summary = this.latencies.summary()
    }
    const { summary } = this
    return summary === undefined || summary.count < MIN_COUNT ? undefined : summary[FIELDS[percentile]]
  }
}
