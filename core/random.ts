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

/** One of `items` in proportion to its weight (finite, > 0), in a single pass: for a draw now and then. */
export function drawByWeight<Item extends { readonly weight: number }>(
  random: Random,
  items: readonly [Item, ...Item[]],
): Item {
  let rest = random() * items.reduce((sum, { weight }) => sum + weight, 0)
  return items.find(({ weight }) => (rest -= weight) < 0) ?? items[0]
}

/** Draws from fixed items in proportion to weights that may change at any time. */
export interface WeightedDraw<Item> {
  one(random: Random): Item
  /** Two different items, the second drawn among the others; the same one twice when there is only one. */
  pair(random: Random): readonly [first: Item, second: Item]
  /** Sum of the weights as last seen. */
  total(): number
}

/**
 * A tree of partial sums (Wong and Easton 1980): building is O(n), drawing O(log n). Weights (finite, > 0) are read
 * when their item is drawn, plus one more item each call in rotation, so a change is noticed within n calls.
 */
export function weightedDraw<Item extends { readonly weight: number }>(
  items: readonly [Item, ...Item[]],
): WeightedDraw<Item> {
  const size = 2 ** Math.ceil(Math.log2(items.length))
  const sums = new Float64Array(2 * size)
  items.forEach((item, index) => {
    sums[size + index] = item.weight
  })
  for (let node = size - 1; node >= 1; node -= 1) addUp(node)
  let cursor = 0

  // Node i's children are 2i and 2i + 1; the leaves start at `size`.
  function at(node: number): number {
    return sums[node] ?? 0
  }

  function addUp(node: number): void {
    sums[node] = at(2 * node) + at(2 * node + 1)
  }

  function set(index: number, weight: number): void {
    sums[size + index] = weight
    for (let node = (size + index) >> 1; node >= 1; node >>= 1) addUp(node)
  }

  function refresh(index: number): void {
    const weight = items[index]?.weight ?? 0
    if (weight !== at(size + index)) set(index, weight)
  }

  function refreshNext(): void {
    cursor = cursor + 1 < items.length ? cursor + 1 : 0
    refresh(cursor)
  }

  /** Never enters an empty branch, whatever rounding does, so that the index is always one of an item. */
  function drawLeaf(random: Random): number {
    let rest = random() * at(1)
    let node = 1
    while (node < size) {
      node *= 2
      const left = at(node)
      if ((rest >= left || left === 0) && at(node + 1) > 0) {
        rest -= left
        node += 1
      }
    }
    return node - size
  }

  return {
    one(random) {
      refreshNext()
      const index = drawLeaf(random)
      refresh(index)
      return items[index] ?? items[0]
    },
    pair(random) {
      refreshNext()
      const first = drawLeaf(random)
      if (items.length === 1) return [items[0], items[0]]
      set(first, 0)
      const second = drawLeaf(random)
      refresh(first)
      refresh(second)
      return [items[first] ?? items[0], items[second] ?? items[0]]
    },
    total() {
      refreshNext()
      return at(1)
    },
  }
}
