/** What is known of how fast a backend answers, as data: measured in this process, or told by another. */
import type { LatencyBuckets } from './buckets.ts'

/** Over the newest one to two windows. Percentiles are within 1 % of the true value, never below it. */
export interface LatencySummary {
  readonly count: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

export interface LatencyView {
  /** Since the start; undefined before the first value. */
  readonly buckets: Pick<LatencyBuckets, 'counts' | 'sumMs'> | undefined
  /** Counts on the watchers' scale (`scale.ts`); the feed puts it here while somebody watches, and takes it away after. */
  scale: Uint32Array | undefined
  /** undefined when the newest two windows saw no value. */
  summary(): LatencySummary | undefined
}

/** The same, and where values are counted. */
export interface Latencies extends LatencyView {
  record(elapsedMs: number): void
}
