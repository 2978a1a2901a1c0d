import { describe, expect, test } from 'bun:test'
import { begin, fakeCandidate, fakePool } from '../../core/lab/fakes.ts'
import { simulate } from '../../core/lab/simulate.ts'
import type { Candidate, Candidates, Strategy } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/consistent-hash.ts'
import { contextOf } from '../support/pick-context.ts'

const create = (options: object = {}): Strategy => plugin.create(plugin.parse({ method: 'rendezvous', ...options }))
const random = seededRandom(1)
const context = { ...contextOf({ random }), key: '' }

function pickFor(strategy: Strategy, pool: Candidates, key: string): Candidate {
  context.key = key
  return strategy.pick(pool, context)
}

const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `session-${index}`)

const mapAll = (strategy: Strategy, pool: Candidates, count = 4000): string[] =>
  keys(count).map((key) => pickFor(strategy, pool, key).id)

/** Twice in a row, as a lasting array comes. */
function settle(strategy: Strategy, pool: Candidates): void {
  for (let index = 0; index < 2; index += 1) pickFor(strategy, pool, 'any')
}

/**
 * How far the hash's own shares are from those of the weights: the relative standard deviation over the traffic, without
 * what `count` keys differ by chance, which is the expectation of chi-square.
 */
function imbalance(strategy: Strategy, pool: Candidates, count: number): number {
  const total = pool.reduce((sum, { weight }) => sum + weight, 0)
  const served = new Map<string, number>()
  for (let index = 0; index < count; index += 1) {
    const { id } = pickFor(strategy, pool, `session-${index}`)
    served.set(id, (served.get(id) ?? 0) + 1)
  }
  const chiSquare = pool.reduce((sum, { id, weight }) => {
    const expected = (count * weight) / total
    return sum + ((served.get(id) ?? 0) - expected) ** 2 / expected
  }, 0)
  return Math.sqrt(Math.max(0, chiSquare - (pool.length - 1)) / count)
}

const draw = seededRandom(2)
const equal = (count: number): number[] => Array.from({ length: count }, () => 1)
const mixed = (count: number): number[] => Array.from({ length: count }, () => 0.5 + 4.5 * draw())

describe('consistent-hash by rendezvous', () => {
  test.each([
    ['3 equal', equal(3), 100_000],
    ['3 different', mixed(3), 100_000],
    ['10 different', mixed(10), 150_000],
    ['40 equal', equal(40), 150_000],
    ['75 different', mixed(75), 200_000],
    ['200 different', mixed(200), 400_000],
  ])('is even to 1 %% over %s backends', (_, weights, count) => {
    expect(imbalance(create(), fakePool(weights), count)).toBeLessThan(0.01)
  })

  test('is even where the ring is not', () => {
    const pool = fakePool(equal(40))
    const ring = plugin.create(plugin.parse({ method: 'ring' }))
    expect(imbalance(ring, pool, 50_000)).toBeGreaterThan(0.03)
  })

  test('keeps to 1 % in what backends get, chance included, with enough keys', () => {
    const pool = fakePool([1, 2, 3, 4])
    const strategy = create()
    const served = new Map<string, number>()
    for (let index = 0; index < 300_000; index += 1) {
      const { id } = pickFor(strategy, pool, `user-${index}`)
      served.set(id, (served.get(id) ?? 0) + 1)
    }
    for (const { id, weight } of pool) {
      expect(Math.abs((served.get(id) ?? 0) / ((300_000 * weight) / 10) - 1)).toBeLessThan(0.01)
    }
  })

  test('gives one key to one backend, in any process and order', () => {
    const pool = fakePool([1, 2, 1, 3, 1])
    const reversed = [...fakePool([1, 2, 1, 3, 1])].toReversed() as unknown as Candidates
    const map = mapAll(create(), pool)
    expect(mapAll(create(), pool)).toEqual(map)
    expect(mapAll(create(), reversed)).toEqual(map)
  })

  test.each([3, 12, 60])('moves the keys of one of %i that leaves, and of nobody else, and back', (count) => {
    const pool = fakePool(mixed(count))
    const rest = pool.slice(1) as unknown as Candidates
    const strategy = create()
    const before = mapAll(strategy, pool)
    settle(strategy, rest)
    const after = mapAll(strategy, rest)
    before.forEach((id, at) => expect(id === pool[0].id || id === after[at]).toBeTrue())
    settle(strategy, pool)
    expect(mapAll(strategy, pool)).toEqual(before)
  })

  test.each([3, 12, 60])('moves its share of the keys of %i to one that joins, and none elsewhere', (count) => {
    const pool = fakePool(mixed(count))
    const joined = [...pool, fakeCandidate('10.9.9.9:80', { weight: 2 })] as unknown as Candidates
    const strategy = create()
    const before = mapAll(strategy, pool, 20_000)
    settle(strategy, joined)
    const after = mapAll(strategy, joined, 20_000)
    before.forEach((id, at) => expect([id, '10.9.9.9:80']).toContain(after[at]!))
    const share = 2 / joined.reduce((sum, { weight }) => sum + weight, 0)
    const moved = after.filter((id) => id === '10.9.9.9:80').length
    expect(Math.abs(moved - 20_000 * share)).toBeLessThan(4 * Math.sqrt(20_000 * share))
  })

  test('moves keys from a backend whose weight falls, to it when it rises, and none between others', () => {
    const pool = fakePool(equal(5))
    const strategy = create()
    const before = mapAll(strategy, pool)
    pool[0].weight = 0.75
    settle(strategy, pool)
    mapAll(strategy, pool, 5)
    const less = mapAll(strategy, pool)
    before.forEach((id, at) => expect(id === less[at] || id === pool[0].id).toBeTrue())
    pool[0].weight = 3
    mapAll(strategy, pool, 5)
    const more = mapAll(strategy, pool)
    before.forEach((id, at) => expect(id === more[at] || more[at] === pool[0].id).toBeTrue())
    const own = (map: readonly string[]): number => map.filter((id) => id === pool[0].id).length / map.length
    expect(own(less)).toBeCloseTo(0.75 / 4.75, 1)
    expect(own(more)).toBeCloseTo(3 / 7, 1)
  })

  test('spreads the keys of a busy backend over all the others, each key always to the same', () => {
    const pool = fakePool(equal(8))
    const strategy = create({ floor: 1 })
    const home = pickFor(strategy, pool, 'session-0')
    const own = keys(4000).filter((key) => pickFor(strategy, pool, key) === home)
    begin(strategy, home, 0)
    const away = own.map((key) => pickFor(strategy, pool, key).id)
    expect(new Set(away).size).toBe(7)
    expect(away).not.toContain(home.id)
    expect(own.map((key) => pickFor(strategy, pool, key).id)).toEqual(away)
  })

  test('never exceeds the load bound, not even when all ask for one key', () => {
    const pool = fakePool([1, 1, 2, 4])
    const strategy = create({ loadFactor: 1.05, floor: 1 })
    for (let total = 0; total < 400; total += 1) {
      const picked = pickFor(strategy, pool, 'everyone')
      begin(strategy, picked, 0)
      expect(picked.inflight).toBeLessThanOrEqual(Math.ceil((1.05 * (total + 1) * picked.weight) / 8))
    }
    for (const { inflight } of pool) expect(inflight).toBeGreaterThan(0)
  })

  test('gives a retry the next backend of the key', () => {
    const pool = fakePool(equal(6))
    const strategy = create({ loadFactor: 1000 })
    const before = mapAll(strategy, pool)
    for (const key of keys(200)) {
      const home = pickFor(strategy, pool, key)
      const rest = (): Candidates => pool.filter((one) => one !== home) as unknown as Candidates
      const next = pickFor(strategy, rest(), key)
      pickFor(strategy, pool, key)
      expect(next).not.toBe(home)
      expect(pickFor(strategy, rest(), key)).toBe(next)
    }
    expect(mapAll(strategy, pool)).toEqual(before)
  })

  test('picks a member though two have the same weight and all keys are one', () => {
    const pool = fakePool([0.001, 1e6, 0.001])
    const strategy = create()
    const served = simulate({
      proxies: [{ strategy, candidates: () => pool }],
      random,
      requests: 2000,
      load: { clients: 50 },
    })
    for (const { candidate } of served) expect(pool).toContain(candidate as (typeof pool)[0])
  })

  test.each(['maglev', '', 1, null])('refuses %p as its method', (method) => {
    expect(() => plugin.parse({ method })).toThrow(/^method must be "ring", "rendezvous", got /)
  })
})
