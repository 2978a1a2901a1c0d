import { describe, expect, test } from 'bun:test'
import { begin, fakeCandidate, fakePool } from '../../core/lab/fakes.ts'
import { simulate } from '../../core/lab/simulate.ts'
import type { Candidates, Strategy } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/consistent-hash.ts'
import { keys, mapAll, pickFor, settle } from '../support/keyed-picks.ts'

const create = (options: object = {}): Strategy => plugin.create(plugin.parse({ method: 'rendezvous', ...options }))
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

const many = Array.from({ length: 20_000 }, (_, index) => `session-${index}`)
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
    const before = mapAll(strategy, pool, many)
    settle(strategy, joined)
    const after = mapAll(strategy, joined, many)
    before.forEach((id, at) => expect([id, '10.9.9.9:80']).toContain(after[at]!))
    const share = 2 / joined.reduce((sum, { weight }) => sum + weight, 0)
    const moved = after.filter((id) => id === '10.9.9.9:80').length
    expect(Math.abs(moved - many.length * share)).toBeLessThan(4 * Math.sqrt(many.length * share))
  })

  test('moves keys from a backend whose weight falls, to it when it rises, and none between others', () => {
    const pool = fakePool(equal(5))
    const strategy = create()
    const before = mapAll(strategy, pool)
    pool[0].weight = 0.75
    settle(strategy, pool)
    mapAll(strategy, pool, keys.slice(0, 5))
    const less = mapAll(strategy, pool)
    before.forEach((id, at) => expect(id === less[at] || id === pool[0].id).toBeTrue())
    pool[0].weight = 3
    mapAll(strategy, pool, keys.slice(0, 5))
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
    const own = keys.filter((key) => pickFor(strategy, pool, key) === home)
    begin(strategy, home, 0)
    const away = own.map((key) => pickFor(strategy, pool, key).id)
    expect(new Set(away).size).toBe(7)
    expect(away).not.toContain(home.id)
    expect(own.map((key) => pickFor(strategy, pool, key).id)).toEqual(away)
  })

  test('picks a member though two have the same weight and all keys are one', () => {
    const pool = fakePool([0.001, 1e6, 0.001])
    const strategy = create()
    const served = simulate({
      proxies: [{ strategy, candidates: () => pool }],
      random: seededRandom(1),
      requests: 2000,
      load: { clients: 50 },
    })
    for (const { candidate } of served) expect(pool).toContain(candidate as (typeof pool)[0])
  })

  test.each(['maglev', '', 1, null])('refuses %p as its method', (method) => {
    expect(() => plugin.parse({ method })).toThrow(/^method must be "ring", "rendezvous", got /)
  })
})
