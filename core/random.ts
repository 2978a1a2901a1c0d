/** The one door to chance: draws are arguments, so that a seed replays them. */

/** Uniform in [0, 1). */
export type Random = () => number

export const systemRandom: Random = () => Math.random()

/**
 * A small seeded generator for tests, fuzzing and benchmarks (mulberry32: 32 bits of state, period 2^32).
 * Not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296
  }
}

/** A whole number in [0, count), count >= 1. */
export function drawIndex(random: Random, count: number): number {
  return Math.min(count - 1, Math.floor(random() * count))
}

/**
 * Two different whole numbers in [0, count), count >= 2, every ordered pair equally likely: the second is drawn from
 * the count - 1 others, so no redraw is needed.
 */
export function drawPair(random: Random, count: number): readonly [first: number, second: number] {
  const first = drawIndex(random, count)
  const other = drawIndex(random, count - 1)
  return [first, other < first ? other : other + 1]
}
