/** Counts on the watchers' scale -> percentiles, and -> the few pairs that are sent. Pure. */
import { scaleBoundsMs } from '../observe/scale.ts'

/** Each within the step it falls in, so at most 7 % off; ms. */
export interface Percentiles {
  readonly count: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

const ratios = [0.5, 0.95, 0.99, 0.999] as const

/** undefined when nothing was counted. */
export function percentilesOf(counts: ArrayLike<number>): Percentiles | undefined {
  let count = 0
  for (let index = 0; index < counts.length; index++) count += counts[index] ?? 0
  if (count === 0) return undefined
  const found: number[] = []
  let below = 0
  for (let index = 0; index < counts.length && found.length < ratios.length; index++) {
    const here = counts[index] ?? 0
    while (below + here >= rank(count, found.length)) {
      found.push(within(index, (rank(count, found.length) - below) / here))
      if (found.length === ratios.length) break
    }
    below += here
  }
  const [p50Ms = 0, p95Ms = 0, p99Ms = 0, p999Ms = 0] = found
  return { count, p50Ms, p95Ms, p99Ms, p999Ms }
}

/** The value wanted, counted from 1: with one value every percentile is that value. */
const rank = (count: number, index: number): number => Math.max(1, Math.ceil((ratios[index] ?? 1) * count))

/** Three digits are more than the scale knows, and keep frames short. */
function within(index: number, part: number): number {
  const low = scaleBoundsMs[index] ?? 0
  const high = scaleBoundsMs[index + 1] ?? low
  return Number((low + (high - low) * part).toPrecision(3))
}

/** `[index, count, index, count, …]` of what is not zero. */
export function sparseOf(counts: ArrayLike<number>): number[] {
  const pairs: number[] = []
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] ?? 0
    if (count > 0) pairs.push(index, count)
  }
  return pairs
}
