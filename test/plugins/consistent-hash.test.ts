import { describe, expect, test } from 'bun:test'
import { begin, end, fakeCandidate, fakePool } from '../../core/lab/fakes.ts'
import { simulate } from '../../core/lab/simulate.ts'
import type { Candidate, Candidates, Strategy } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/consistent-hash.ts'
import { keys, mapAll, pickFor, settle } from '../support/keyed-picks.ts'
import { contextOf } from '../support/pick-context.ts'

const create = (options?: unknown): Strategy => plugin.create(plugin.parse(options))
const random = seededRandom(1)

const moved = (before: readonly string[], after: readonly string[]): number =>
  before.filter((id, at) => id !== after[at]).length

/** The list, and how often something in it has been read. */
function countingReads(list: readonly Candidate[]): { readonly candidates: Candidates; readonly reads: () => number } {
  let reads = 0
  const candidates = new Proxy(list, {
    get(target, key): unknown {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1
      return Reflect.get(target, key)
    },
  })
  return { candidates: candidates as unknown as Candidates, reads: () => reads }
}

describe('consistent-hash', () => {
  test('falls back to the client address without a key', () => {
    const pool = fakePool([1, 1, 1, 1, 1])
    const strategy = create()
    const of = (address: string): string =>
      strategy.pick(pool, contextOf({ random, client: { address, zone: undefined, place: undefined } })).id
    const ids = Array.from({ length: 50 }, (_, index) => of(`192.0.2.${index}`))
    expect(new Set(ids).size).toBe(5)
    expect(Array.from({ length: 50 }, (_, index) => of(`192.0.2.${index}`))).toEqual(ids)
    expect(pickFor(strategy, pool, '192.0.2.7').id).toBe(ids[7]!)
  })

  test('moves only the keys of a backend that leaves, and back when it returns', () => {
    const pool = fakePool(Array.from({ length: 10 }, () => 1))
    const rest = pool.slice(1) as unknown as Candidates
    const strategy = create()
    const before = mapAll(strategy, pool)
    settle(strategy, rest)
    const without = mapAll(strategy, rest)
    const own = before.filter((id) => id === pool[0].id).length
    expect(moved(before, without)).toBe(own)
    expect(Math.abs(own / keys.length - 0.1)).toBeLessThan(0.04)
    settle(strategy, pool)
    expect(mapAll(strategy, pool)).toEqual(before)
  })

  test('moves about one key in n to a backend that joins, none elsewhere', () => {
    const pool = fakePool(Array.from({ length: 9 }, () => 1))
    const joined = [...pool, fakeCandidate('10.9.9.9:80')] as unknown as Candidates
    const strategy = create()
    const before = mapAll(strategy, pool)
    settle(strategy, joined)
    const after = mapAll(strategy, joined)
    after.forEach((id, at) => expect([before[at], '10.9.9.9:80']).toContain(id))
    expect(Math.abs(moved(before, after) / keys.length - 0.1)).toBeLessThan(0.04)
  })

  test('spreads the keys of a backend that leaves over all the others', () => {
    const pool = fakePool(Array.from({ length: 8 }, () => 1))
    const rest = pool.slice(1) as unknown as Candidates
    const strategy = create()
    const before = mapAll(strategy, pool)
    settle(strategy, rest)
    const after = mapAll(strategy, rest)
    expect(new Set(after.filter((_, at) => before[at] === pool[0].id)).size).toBe(7)
  })

  test('moves few keys for a small change of weight, all of them at that backend', () => {
    const pool = fakePool(Array.from({ length: 5 }, () => 1))
    const strategy = create()
    const before = mapAll(strategy, pool)
    pool[0].weight = 0.75
    const after = mapAll(strategy, pool)
    before.forEach((id, at) => expect(id === after[at] || id === pool[0].id).toBe(true))
    const own = before.filter((id) => id === pool[0].id).length
    expect(Math.abs(moved(before, after) / own - 0.25)).toBeLessThan(0.08)
  })

  test('keeps to the bound while attempts come and go', () => {
    const pool = fakePool(Array.from({ length: 20 }, () => 1))
    const strategy = create({ loadFactor: 1.1, floor: 1 })
    let worst = 0
    const pick = strategy.pick.bind(strategy)
    strategy.pick = (candidates, context) => {
      const picked = pick(candidates, context)
      const total = candidates.reduce((sum, { inflight }) => sum + inflight, 1)
      worst = Math.max(worst, picked.inflight + 1 - Math.ceil((1.1 * total) / 20))
      return picked
    }
    const proxy = { strategy, candidates: () => pool }
    const backend = () => ({ serviceMs: (now: number): number => 5 + ((now * 17.3) % 10) })
    simulate({ proxies: [proxy], load: { clients: 200 }, requests: 10_000, random, backend })
    expect(worst).toBeLessThanOrEqual(0)
  })

  test('keeps the requests of a session together while the pool is all but idle', () => {
    const pool = fakePool([1, 1, 1, 1])
    const strategy = create()
    for (const key of keys.slice(0, 100)) {
      const home = pickFor(strategy, pool, key)
      const attempts = Array.from({ length: 8 }, () => {
        expect(pickFor(strategy, pool, key)).toBe(home)
        return begin(strategy, home, 0)
      })
      // Eight are no session any more, of which one backend should take all.
      expect(pickFor(strategy, pool, key)).not.toBe(home)
      for (const attempt of attempts) end(strategy, attempt, { kind: 'abandoned', elapsedMs: 1 }, 1)
    }
  })

  test('gives a light backend as high a floor as a heavy one', () => {
    const pool = fakePool([0.05, 1])
    const [light] = pool
    const strategy = create({ floor: 3 })
    const key = keys.find((key) => pickFor(strategy, pool, key) === light)!
    for (let request = 0; request < 3; request += 1) {
      expect(pickFor(strategy, pool, key)).toBe(light)
      begin(strategy, light, 0)
    }
    expect(pickFor(strategy, pool, key)).toBe(pool[1]!)
  })

  test('goes by the share alone once that is above the floor', () => {
    const pool = fakePool([1, 1, 1, 1])
    const strategy = create({ loadFactor: 1.25, floor: 8 })
    let most = 0
    for (let total = 0; total < 100; total += 1) {
      const picked = pickFor(strategy, pool, 'everyone')
      begin(strategy, picked, 0)
      most = Math.max(most, picked.inflight)
    }
    expect(most).toBe(Math.ceil((1.25 * 100) / 4))
  })

  test('sends a key home again when its backend has room', () => {
    const pool = fakePool([1, 1, 1, 1])
    const strategy = create({ floor: 1 })
    const home = pickFor(strategy, pool, 'k')
    const outcome = { kind: 'abandoned', elapsedMs: 1 } as const
    const attempt = begin(strategy, home, 0)
    const away = pickFor(strategy, pool, 'k')
    expect(away).not.toBe(home)
    end(strategy, attempt, outcome, 1)
    expect(pickFor(strategy, pool, 'k')).toBe(home)
  })

  test('serves a pool whose members are all new', () => {
    const strategy = create()
    settle(strategy, fakePool([1, 1]))
    const other = [fakeCandidate('a:1'), fakeCandidate('b:1')] as const
    for (const key of keys.slice(0, 50))
      expect([...other]).toContain(pickFor(strategy, [...other], key) as (typeof other)[0])
  })

  test.each([
    ['ring', 64, 0],
    ['rendezvous', 64, 0],
    ['ring', 500, 2000],
    ['rendezvous', 500, 2000],
  ])('does not search a list for one owner after the other (%s, %i from %i on)', (method, count, from) => {
    const all = fakePool(Array.from({ length: 2500 }, () => 1))
    const strategy = create({ method })
    settle(strategy, all.slice(0, 2000) as unknown as Candidates)
    const list = countingReads(all.slice(from, from + count))
    expect(all.slice(from, from + count)).toContain(pickFor(strategy, list.candidates, 'any') as (typeof all)[0])
    expect(list.reads()).toBeLessThan(10 * count)
  })

  test.each(['', '\0', 'ü€😀', 'k'.repeat(100_000)])('takes any key (%#)', (key) => {
    const pool = fakePool([1, 1, 1])
    const strategy = create()
    expect(pool).toContain(pickFor(strategy, pool, key) as (typeof pool)[0])
    expect(pickFor(strategy, pool, key)).toBe(pickFor(create(), pool, key))
  })

  test.each([0, 0.5, -1, NaN, '8', null, 1_000_001])('refuses %p as its floor', (floor) => {
    expect(() => plugin.parse({ floor })).toThrow(/^floor must be a number of 1\.\.1000000, got /)
  })

  test.each([0, 1, -1, NaN, '1.25', null, 1001])('refuses %p as its loadFactor', (loadFactor) => {
    expect(() => plugin.parse({ loadFactor })).toThrow(/^loadFactor must be a number of 1\.01\.\.1000, got /)
  })
})

describe.each(['ring', 'rendezvous'])('consistent-hash by %s', (method) => {
  test('gives one key to one backend, in any process and order', () => {
    const pool = fakePool([1, 2, 1, 3, 1])
    const reversed = [...fakePool([1, 2, 1, 3, 1])].toReversed() as unknown as Candidates
    const map = mapAll(create({ method }), pool)
    expect(mapAll(create({ method }), pool)).toEqual(map)
    expect(mapAll(create({ method }), reversed)).toEqual(map)
    expect(new Set(map).size).toBe(5)
  })

  test('never exceeds the load bound, not even when all ask for one key', () => {
    const pool = fakePool([1, 1, 2, 4])
    const strategy = create({ method, loadFactor: 1.05, floor: 1 })
    for (let total = 0; total < 400; total += 1) {
      const picked = pickFor(strategy, pool, 'everyone')
      begin(strategy, picked, 0)
      expect(picked.inflight).toBeLessThanOrEqual(Math.ceil((1.05 * (total + 1) * picked.weight) / 8))
    }
    for (const { inflight } of pool) expect(inflight).toBeGreaterThan(0)
  })

  test('gives a retry the next backend of the key, and keeps the others', () => {
    const pool = fakePool(Array.from({ length: 6 }, () => 1))
    const strategy = create({ method, loadFactor: 1000 })
    const before = mapAll(strategy, pool)
    for (const key of keys.slice(0, 200)) {
      const home = pickFor(strategy, pool, key)
      const rest = (): Candidates => pool.filter((one) => one !== home) as unknown as Candidates
      const next = pickFor(strategy, rest(), key)
      pickFor(strategy, pool, key)
      expect(next).not.toBe(home)
      expect(pickFor(strategy, rest(), key)).toBe(next)
    }
    expect(mapAll(strategy, pool)).toEqual(before)
  })
})
