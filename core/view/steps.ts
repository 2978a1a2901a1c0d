/** Counts per step of latency, as the balancer sends them: added up, made coarser, read. Pure. */

/** `[step, count, step, count, …]`, steps rising. */
export type Sparse = readonly number[]

/** The sum of two. */
export function addSparse(one: Sparse, other: Sparse): Sparse {
  if (one.length === 0) return other
  if (other.length === 0) return one
  const sum: number[] = []
  let [left, right] = [0, 0]
  while (left < one.length || right < other.length) {
    const a = one[left] ?? Infinity
    const b = other[right] ?? Infinity
    sum.push(Math.min(a, b), (a <= b ? (one[left + 1] ?? 0) : 0) + (b <= a ? (other[right + 1] ?? 0) : 0))
    if (a <= b) left += 2
    if (b <= a) right += 2
  }
  return sum
}

export const sumSparse = (parts: readonly Sparse[]): Sparse => parts.reduce(addSparse, [])

/** Pairs of steps in one: half the size, and fine enough to be drawn. Step i holds what 2i and 2i + 1 held. */
export function coarsen(counts: Sparse): Sparse {
  const coarse: number[] = []
  for (let index = 0; index + 1 < counts.length; index += 2) {
    const step = (counts[index] ?? 0) >> 1
    if (coarse.at(-2) === step) coarse.push((coarse.pop() ?? 0) + (counts[index + 1] ?? 0))
    else coarse.push(step, counts[index + 1] ?? 0)
  }
  return coarse
}

export function totalOf(counts: Sparse): number {
  let total = 0
  for (let index = 1; index < counts.length; index += 2) total += counts[index] ?? 0
  return total
}

/** The latency below which `ratio` of the counts lie; undefined of nothing. `bounds` of the same, coarse steps, ms. */
export function quantile(counts: Sparse, ratio: number, bounds: readonly number[]): number | undefined {
  const wanted = Math.max(1, Math.ceil(ratio * totalOf(counts)))
  let below = 0
  for (let index = 0; index + 1 < counts.length; index += 2) {
    const [step, count] = [counts[index] ?? 0, counts[index + 1] ?? 0]
    if (below + count >= wanted) {
      const low = bounds[step] ?? 0
      return low + ((bounds[step + 1] ?? low) - low) * ((wanted - below) / count)
    }
    below += count
  }
  return undefined
}
