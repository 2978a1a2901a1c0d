import { describe, expect, test } from 'bun:test'
import { fakePool } from '../../core/lab/fakes.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/random.ts'
import { contextOf } from '../support/pick-context.ts'

describe('random', () => {
  test('draws without memory: pairs of picks are independent', () => {
    const pool = fakePool([1, 1, 1])
    const strategy = plugin.create(plugin.parse({}))
    const random = seededRandom(1)
    const pairs = new Map<string, number>()
    for (let index = 0; index < 45_000; index += 1) {
      const pair = [0, 0].map(() => strategy.pick(pool, contextOf({ random })).id).join()
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
    }
    expect(pairs.size).toBe(9)
    for (const count of pairs.values()) expect(Math.abs(count - 5000)).toBeLessThan(300)
  })

  test('does not look at load', () => {
    const pool = fakePool([1, 1])
    pool[0].inflight = 1_000_000
    const strategy = plugin.create(plugin.parse(undefined))
    const random = seededRandom(2)
    const busy = Array.from({ length: 2000 }, () => strategy.pick(pool, contextOf({ random }))).filter(
      (one) => one === pool[0],
    )
    expect(Math.abs(busy.length - 1000)).toBeLessThan(120)
  })
})
