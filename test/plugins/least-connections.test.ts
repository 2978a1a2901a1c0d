import { describe, expect, test } from 'bun:test'
import { begin, end, fakeAttempt, fakePool } from '../../core/lab/fakes.ts'
import { simulate, tally } from '../../core/lab/simulate.ts'
import type { Candidates, Outcome } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/least-connections.ts'
import { contextOf } from '../support/pick-context.ts'

const create = () => plugin.create(plugin.parse(undefined))
const outcome: Outcome = { kind: 'abandoned', elapsedMs: 1 }

describe('least-connections', () => {
  test('always takes one of the least busy equals', () => {
    const pool = fakePool([1, 1, 1, 1, 1, 1])
    const backend = () => ({ serviceMs: (now: number): number => 1 + ((now * 37.7) % 50) })
    const strategy = create()
    const pick = strategy.pick.bind(strategy)
    strategy.pick = (candidates, context) => {
      const picked = pick(candidates, context)
      expect(picked.inflight).toBe(Math.min(...candidates.map(({ inflight }) => inflight)))
      return picked
    }
    const random = seededRandom(1)
    const proxy = { strategy, candidates: () => pool }
    const served = simulate({ proxies: [proxy], load: { clients: 33 }, requests: 5000, random, backend })
    expect(tally(served).size).toBe(6)
  })

  test('fills backends in proportion to weight', () => {
    const pool = fakePool([1, 2, 5])
    const strategy = create()
    const random = seededRandom(2)
    for (let index = 0; index < 800; index += 1) begin(strategy, strategy.pick(pool, contextOf({ random })), index)
    expect(Math.abs(pool[0].inflight - 100)).toBeLessThanOrEqual(2)
    expect(Math.abs((pool[1]?.inflight ?? 0) - 200)).toBeLessThanOrEqual(3)
  })

  test('does not favour the first of an idle pool', () => {
    const pool = fakePool([1, 1, 1, 1])
    const strategy = create()
    const random = seededRandom(3)
    const proxy = { strategy, candidates: () => pool }
    const served = simulate({ proxies: [proxy], load: { clients: 1 }, requests: 4000, random })
    for (const count of tally(served).values()) expect(Math.abs(count - 1000)).toBeLessThan(120)
  })

  test('turns ties among the least busy over in order', () => {
    const pool = fakePool([1, 1, 1, 1])
    const strategy = create()
    pool[3]!.inflight = 5
    strategy.onStart?.(fakeAttempt(pool[3]!))
    const picked = Array.from({ length: 300 }, (_, index) => {
      const candidate = strategy.pick(pool, contextOf({ random: () => 0.99 }))
      end(strategy, begin(strategy, candidate, index), outcome, index)
      return pool.indexOf(candidate)
    })
    expect(picked.slice(0, 6)).toEqual([0, 1, 2, 0, 1, 2])
    expect(picked.filter((at) => at === 1)).toHaveLength(100)
  })

  test('counts a long-lived attempt until it ends', () => {
    const pool = fakePool([1, 1])
    const strategy = create()
    const random = seededRandom(4)
    for (let index = 0; index < 3; index += 1) begin(strategy, pool[0], 0)
    for (let index = 0; index < 3; index += 1) {
      const picked = strategy.pick(pool, contextOf({ random }))
      expect(picked).toBe(pool[1]!)
      begin(strategy, picked, index)
    }
  })

  test('knows the least busy of those that a retry left', () => {
    const pool = fakePool([1, 1, 1, 1])
    const strategy = create()
    const random = seededRandom(5)
    strategy.pick(pool, contextOf({ random }))
    pool.forEach((candidate, at) => {
      for (let count = 0; count < at; count += 1) begin(strategy, candidate, 0)
    })
    const rest = pool.slice(1) as unknown as Candidates
    expect(strategy.pick(rest, contextOf({ random }))).toBe(pool[1]!)
    expect(strategy.pick(pool, contextOf({ random }))).toBe(pool[0])
  })

  test('sees load that no hook told it of within a round of picks', () => {
    const pool = fakePool([1, 1, 1])
    const strategy = create()
    const random = seededRandom(6)
    strategy.pick(pool, contextOf({ random }))
    pool[0].inflight = 9
    pool[1]!.inflight = 9
    for (let index = 0; index < 3; index += 1) strategy.pick(pool, contextOf({ random }))
    for (let index = 0; index < 20; index += 1) expect(strategy.pick(pool, contextOf({ random }))).toBe(pool[2]!)
  })
})
