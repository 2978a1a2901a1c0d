/** Prometheus' classic latency buckets, counted beside the histogram: cheap, and cumulative over the process's life. */

/** Upper bounds in ms, rising; a value above the last counts in `+Inf` alone. Dense where balancers live: 1 to 100 ms. */
export const bucketBoundsMs: readonly number[] = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
]

/** What has been counted, as data. */
export interface BucketCounts {
  /** Values at or below bound i and above bound i - 1; the last entry is what lies above every bound. Not cumulative. */
  readonly counts: Float64Array
  /** Sum of all values, ms. */
  readonly sumMs: number
}

export interface LatencyBuckets extends BucketCounts {
  /** Below 0 counts as 0, NaN not at all: a clock that misbehaves must not take a request down with it. */
  record(elapsedMs: number): void
}

export function createBuckets(): LatencyBuckets {
  return new Buckets()
}

class Buckets implements LatencyBuckets {
  readonly counts = new Float64Array(bucketBoundsMs.length + 1)
  sumMs = 0

  record(elapsedMs: number): void {
    if (Number.isNaN(elapsedMs)) return
    let index = 0
    // Linear: most values sit in the first few of sixteen bounds, where a search by halves is no faster.
    while (index < bounds.length && elapsedMs > (bounds[index] ?? 0)) index++
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sumMs += Math.max(elapsedMs, 0)
  }
}

const bounds = Float64Array.from(bucketBoundsMs)
