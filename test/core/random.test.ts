import { describe, expect, test } from 'bun:test'
import { drawByWeight, drawIndex, drawPair, seededRandom, weightedDraw } from '../../core/random.ts'

const draws = 60_000

/** Relative frequency of each value that `draw` returns. */
function frequencies(draw: () => string | number): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let index = 0; index < draws; index += 1) {
    const key = String(draw())
    counts[key] = (counts[key] ?? 0) + 1 / draws
  }
  return counts
}

const weighted = (...weights: [number, ...number[]]) => {
  const item = (weight: number, index: number) => ({ name: 'abcdefgh'[index] ?? '?', weight })
  const [first, ...rest] = weights
  return [item(first, 0), ...rest.map((weight, index) => item(weight, index + 1))] as const
}

describe('seededRandom', () => {
  test('replays from a seed and differs between seeds', () => {
    const numbers = (seed: number): number[] => Array.from({ length: 20 }, seededRandom(seed))
    expect(numbers(1)).toEqual(numbers(1))
    expect(numbers(1)).not.toEqual(numbers(2))
  })

  test('stays in [0, 1) and fills ten bins evenly', () => {
    const random = seededRandom(3)
    const bins = frequencies(() => Math.floor(random() * 10))
    expect(Object.keys(bins)).toHaveLength(10)
    for (const share of Object.values(bins)) expect(Math.abs(share - 0.1)).toBeLessThan(0.01)
  })

  test.each([0, -1, 2 ** 32, NaN, 1.5])('takes %p as a seed', (seed) => {
    const number = seededRandom(seed)()
    expect(number).toBeGreaterThanOrEqual(0)
    expect(number).toBeLessThan(1)
  })
})

describe('drawIndex', () => {
  test('reaches both ends and never the count', () => {
    expect(drawIndex(() => 0, 5)).toBe(0)
    expect(drawIndex(() => 1 - 2 ** -53, 5)).toBe(4)
    expect(drawIndex(() => 1 - 2 ** -53, 2 ** 53)).toBeLessThan(2 ** 53)
  })
})

describe('drawPair', () => {
  test('draws every ordered pair equally often', () => {
    const random = seededRandom(4)
    const pairs = frequencies(() => drawPair(random, 4).join())
    expect(Object.keys(pairs)).toHaveLength(12)
    for (const share of Object.values(pairs)) expect(Math.abs(share - 1 / 12)).toBeLessThan(0.006)
  })
})

describe('weightedDraw', () => {
  test('draws in proportion to weight', () => {
    const random = seededRandom(5)
    const draw = weightedDraw(weighted(1, 2, 3, 4))
    const shares = frequencies(() => draw.one(random).name)
    ;['a', 'b', 'c', 'd'].forEach((name, index) => {
      expect(Math.abs((shares[name] ?? 0) - (index + 1) / 10)).toBeLessThan(0.01)
    })
  })

  test('draws every ordered pair of equals equally often', () => {
    const random = seededRandom(6)
    const draw = weightedDraw(weighted(1, 1, 1, 1, 1))
    const pairs = frequencies(() => {
      const [first, second] = draw.pair(random)
      return first.name + second.name
    })
    expect(Object.keys(pairs)).toHaveLength(20)
    for (const share of Object.values(pairs)) expect(Math.abs(share - 1 / 20)).toBeLessThan(0.005)
  })

  test('draws the second of a pair by weight among the others', () => {
    const random = seededRandom(7)
    const draw = weightedDraw(weighted(1, 2, 3))
    const shares = frequencies(() => {
      const [first, second] = draw.pair(random)
      return first.name + second.name
    })
    const expected = { ab: (1 / 6) * (2 / 5), ac: (1 / 6) * (3 / 5), ba: 1 / 3 / 4, bc: 1 / 4, ca: 1 / 6, cb: 1 / 3 }
    for (const [pair, share] of Object.entries(expected))
      expect(Math.abs((shares[pair] ?? 0) - share)).toBeLessThan(0.01)
  })

  test('returns the only item, alone and as a pair', () => {
    const [only] = weighted(2)
    const draw = weightedDraw([only])
    expect(draw.one(() => 0.99)).toBe(only)
    expect(draw.pair(() => 0.5)).toEqual([only, only])
    expect(draw.total()).toBe(2)
  })

  test('notices a changed weight within as many draws as there are items', () => {
    const items = weighted(0.001, 1, 1, 1)
    const draw = weightedDraw(items)
    items[0].weight = 1e9
    for (let index = 0; index < 4; index += 1) draw.one(() => 0.9)
    expect(draw.total()).toBe(1e9 + 3)
    expect(draw.one(() => 0.5)).toBe(items[0])
  })

  test('keeps exact sums through a million changes', () => {
    const items = weighted(1, 1, 1)
    const draw = weightedDraw(items)
    const random = seededRandom(8)
    for (let index = 0; index < 200_000; index += 1) {
      items[1]!.weight = index % 2 === 0 ? 1e12 : 1e-6
      draw.pair(random)
    }
    items[1]!.weight = 0.25
    for (let index = 0; index < 3; index += 1) draw.total()
    expect(draw.total()).toBe(2.25)
  })

  test.each([0, 0.5, 1 - 2 ** -53, 1, 1.5, NaN])('returns an item when chance says %p', (value) => {
    for (let count = 1; count <= 8; count += 1) {
      const [first, ...rest] = weighted(1, 1, 1, 1, 1, 1, 1, 1).slice(0, count)
      if (first === undefined) throw new Error('no item')
      const draw = weightedDraw([first, ...rest])
      expect([first, ...rest]).toContain(draw.one(() => value))
      const pair = draw.pair(() => value)
      expect(count === 1 || pair[0] !== pair[1]).toBe(true)
    }
  })

  test.each([NaN, Infinity, -1, 0])('returns items even when a weight is %p', (weight) => {
    const items = weighted(1, 1, 1)
    const draw = weightedDraw(items)
    items[1]!.weight = weight
    const random = seededRandom(9)
    for (let index = 0; index < 100; index += 1) expect(items).toContain(draw.one(random))
  })
})

interface Weighted {
  readonly weight: number
}

describe('drawByWeight', () => {
  const items: readonly [Weighted, ...Weighted[]] = [{ weight: 1 }, { weight: 0.5 }, { weight: 6.5 }]

  test('gives each its part of the draws', () => {
    const drawn = [0, 0.124, 0.126, 0.187, 0.188, 0.999].map((draw) => items.indexOf(drawByWeight(() => draw, items)))
    expect(drawn).toEqual([0, 0, 1, 1, 2, 2])
  })

  test('gives one of the items whatever rounding leaves', () => {
    const tiny = Array.from({ length: 10 }, () => ({ weight: 0.1 })) as never
    expect(tiny).toContain(drawByWeight(() => 1 - 2 ** -53, tiny))
  })
})
