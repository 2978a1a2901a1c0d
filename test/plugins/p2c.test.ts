import { describe, expect, test } from 'bun:test'
import { fakePool } from '../../core/lab/fakes.ts'
import { simulate } from '../../core/lab/simulate.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/p2c.ts'
import { contextOf } from '../support/pick-context.ts'

const create = () => plugin.create(plugin.parse(undefined))

describe('p2c', () => {
  test('compares every pair: each wins exactly over those busier than itself', () => {
    const pool = fakePool([1, 1, 1, 1, 1])
    pool.forEach((candidate, at) => (candidate.inflight = at))
    const strategy = create()
    const random = seededRandom(1)
    const wins = pool.map(() => 0)
    for (let index = 0; index < 50_000; index += 1) {
      const picked = strategy.pick(pool, contextOf({ random }))
      const at = pool.findIndex((one) => one === picked)
      wins[at] = (wins[at] ?? 0) + 1
    }
    // Of the 10 pairs the idlest is in 4, the next beats 3 others, and so on; the busiest never wins.
    wins.forEach((count, at) => expect(Math.abs(count / 50_000 - (4 - at) / 10)).toBeLessThan(0.01))
    expect(wins[4]).toBe(0)
  })

  test('keeps the busiest far nearer the mean than blind chance does', () => {
    const pool = fakePool(Array.from({ length: 50 }, () => 1))
    const strategy = create()
    const served = simulate({
      proxies: [{ strategy, candidates: () => pool }],
      load: { clients: 500 },
      requests: 20_000,
      random: seededRandom(2),
      backend: () => ({ serviceMs: (now) => 5 + ((now * 17.3) % 10) }),
    })
    // Mean 10; two choices stay within log log n of it, single draws reach about 20.
    expect(Math.max(...served.map(({ inflightBefore }) => inflightBefore))).toBeLessThanOrEqual(14)
  })

  test('leaves an idle light backend idle rather than overload it for its weight', () => {
    const pool = fakePool([100, 0.1])
    pool[0].inflight = 50
    const strategy = create()
    const random = seededRandom(3)
    const light = Array.from({ length: 2000 }, () => strategy.pick(pool, contextOf({ random }))).filter(
      (one) => one !== pool[0],
    )
    expect(light.length).toBeLessThan(10)
  })
})
