/** What is known of how fast a backend answers, as data: measured in this process, or told by another. */
import type { BucketCounts } from './buckets.ts'

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
  /** Since the start, as the next two; undefined before the first value. */
  readonly buckets: BucketCounts | undefined
  /** What it took to open connections. */
  readonly connects: BucketCounts | undefined
  /** What it took to the head of a response. */
  readonly heads: BucketCounts | undefined
  /** Counts on the watchers' scale (`scale.ts`); the feed puts it here while somebody watches, and takes it away after. */
  scale: Uint32Array | undefined
  /** undefined when the newest two windows saw no value. */
  summary(): LatencySummary | undefined
}

/** The same, and where values are counted. */
export interface Latencies extends LatencyView {
  /** Of a whole attempt. */
  record(elapsedMs: number): void
  recordConnect(elapsedMs: number): void
  recordHead(elapsedMs: number): void
}
