import { describe, expect, test } from 'bun:test'
import { fakePool } from '../../core/lab/fakes.ts'
import type { Candidates } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/round-robin.ts'
import { contextOf } from '../support/pick-context.ts'

const create = () => plugin.create(plugin.parse(undefined))

describe('round-robin', () => {
  test('visits every equal backend once in each round', () => {
    const pool = fakePool(Array.from({ length: 7 }, () => 1))
    const strategy = create()
    const random = seededRandom(1)
    for (let round = 0; round < 50; round += 1) {
      expect(new Set(pool.map(() => strategy.pick(pool, contextOf({ random })))).size).toBe(7)
    }
  })

  test('spaces a heavy backend evenly instead of in bursts', () => {
    const pool = fakePool([4, 1, 1, 1, 1])
    const strategy = create()
    const random = seededRandom(2)
    const picks = Array.from({ length: 8000 }, () => strategy.pick(pool, contextOf({ random })) === pool[0])
    for (let from = 0; from + 8 <= picks.length; from += 1) {
      const heavy = picks.slice(from, from + 8).filter(Boolean).length
      expect(heavy).toBeGreaterThanOrEqual(3)
      expect(heavy).toBeLessThanOrEqual(5)
    }
  })

  test('stays within two requests of the exact share at any time', () => {
    const weights = [5, 3, 1, 0.5]
    const pool = fakePool(weights)
    const strategy = create()
    const random = seededRandom(3)
    const counts = weights.map(() => 0)
    for (let index = 1; index <= 9500; index += 1) {
      const picked = strategy.pick(pool, contextOf({ random }))
      const at = pool.findIndex((one) => one === picked)
      counts[at] = (counts[at] ?? 0) + 1
      weights.forEach((weight, at) => expect(Math.abs((counts[at] ?? 0) - (index * weight) / 9.5)).toBeLessThan(2))
    }
  })

  test('does not always begin with the first', () => {
    const firsts = Array.from({ length: 40 }, (_, seed) => {
      const pool = fakePool([1, 1, 1, 1])
      return create().pick(pool, contextOf({ random: seededRandom(seed) })).id
    })
    expect(new Set(firsts).size).toBe(4)
  })

  test('keeps its rotation while retries pass arrays of their own', () => {
    const pool = fakePool([1, 1, 1, 1, 1])
    const strategy = create()
    const random = seededRandom(4)
    const order = pool.map(() => strategy.pick(pool, contextOf({ random })))
    for (let round = 0; round < 10; round += 1) {
      for (const expected of order) {
        expect(strategy.pick(pool, contextOf({ random }))).toBe(expected)
        const rest = pool.filter((one) => one !== expected) as unknown as Candidates
        expect(rest).toContain(strategy.pick(rest, contextOf({ random })))
      }
    }
  })

  test('notices a light backend that becomes heavy without waiting for its turn', () => {
    const pool = fakePool([1e-9, 1, 1, 1])
    const strategy = create()
    const random = seededRandom(5)
    for (let index = 0; index < 100; index += 1) strategy.pick(pool, contextOf({ random }))
    pool[0].weight = 3
    const picks = Array.from({ length: 604 }, () => strategy.pick(pool, contextOf({ random })) === pool[0])
    expect(Math.abs(picks.filter(Boolean).length - 300)).toBeLessThan(5)
  })

  test('is exact still after virtual time was set back', () => {
    const pool = fakePool([1e-6, 1e-6])
    const strategy = create()
    const random = seededRandom(6)
    const picks = Array.from({ length: 1000 }, () => strategy.pick(pool, contextOf({ random })) === pool[0])
    expect(picks.filter(Boolean).length).toBe(500)
    pool[0].weight = 1e6
    pool[1]!.weight = 1e6
    const later = Array.from({ length: 1000 }, () => strategy.pick(pool, contextOf({ random })) === pool[0])
    expect(Math.abs(later.filter(Boolean).length - 500)).toBeLessThan(3)
  })
})
