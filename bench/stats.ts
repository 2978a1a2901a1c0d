/** Summaries of a few measured numbers: median, spread, ratio. Pure. */

/** A quantity measured in several rounds. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Half the range over the median: 0.03 says "within ± 3 %". 0 for a single round or a median of 0. */
  readonly spreadRatio: number
}

/** The middle value, or the mean of the two middle ones; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** undefined for no values, or when any is not a finite number: an unknown must not look like a measurement. */
export function summarize(values: readonly number[]): Summary | undefined {
  if (values.length === 0 || !values.every(Number.isFinite)) return undefined
  const middle = median(values)
  const min = Math.min(...values)
  const max = Math.max(...values)
  return { median: middle, min, max, spreadRatio: middle === 0 ? 0 : (max - min) / 2 / middle }
}

/** `value / reference`; undefined when either is missing or the reference is 0. */
export function ratio(value: number | undefined, reference: number | undefined): number | undefined {
  return value === undefined || reference === undefined || reference === 0 ? undefined : value / reference
}

/** Where the median of what was drawn from lies, with a confidence of at least 95 %. */
export interface Interval {
  readonly low: number
  readonly high: number
}

const confidence = 0.95

/**
 * By the sign test, which asks nothing of how values are distributed: each lies above the median or below it with even
 * chances, so the two values that enclose it are found by counting. undefined for fewer than six, which enclose nothing
 * with that confidence.
 */
export function medianInterval(values: readonly number[]): Interval | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const count = sorted.length
  let outside = 0
  let ways = 1
  let rank = -1
  for (let below = 0; below < count / 2; below++) {
    outside += ways / 2 ** count
    if (2 * outside > 1 - confidence) break
    rank = below
    ways = (ways * (count - below)) / (below + 1)
  }
  const [low, high] = [sorted[rank], sorted[count - 1 - rank]]
  return rank < 0 || low === undefined || high === undefined ? undefined : { low, high }
}
