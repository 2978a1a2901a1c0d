import { describe, expect, test } from 'bun:test'
import { begin, end, fakeAttempt, fakeCandidate, type FakeCandidate } from '../../core/lab/fakes.ts'
import { simulate } from '../../core/lab/simulate.ts'
import type { Candidates, Client, Place, Strategy } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/geo-affinity.ts'
import { contextOf } from '../support/pick-context.ts'

const berlin = { latitude: 52.5, longitude: 13.4 }
const paris = { latitude: 48.9, longitude: 2.3 }
const tokyo = { latitude: 35.7, longitude: 139.7 }
const auckland = { latitude: -36.8, longitude: 174.8 }
const honolulu = { latitude: 21.3, longitude: -157.9 }

const create = (options?: unknown): Strategy => plugin.create(plugin.parse(options))

function site(name: string, count: number, zone: string | undefined, place?: Place): FakeCandidate[] {
  const fields = { ...(zone === undefined ? {} : { zone }), ...(place === undefined ? {} : { place }) }
  return Array.from({ length: count }, (_, index) => fakeCandidate(`${name}-${index}`, fields))
}

const poolOf = (...sites: FakeCandidate[][]): Candidates => sites.flat() as unknown as Candidates

const from = (zone: string | undefined, place: Place | undefined): Client => ({ address: '192.0.2.1', zone, place })

/** Requests by site name; each stays in flight when `isHeld`. */
function ask(
  strategy: Strategy,
  pool: Candidates,
  client: Client,
  count: number,
  isHeld = false,
): Record<string, number> {
  const random = seededRandom(7)
  const counts: Record<string, number> = {}
  for (let index = 0; index < count; index += 1) {
    const picked = strategy.pick(pool, contextOf({ random, client }))
    const name = picked.id.split('-')[0] ?? ''
    counts[name] = (counts[name] ?? 0) + 1
    if (isHeld) begin(strategy, picked, 0)
  }
  return counts
}

const world = () =>
  poolOf(site('berlin', 2, 'eu', berlin), site('paris', 2, 'eu', paris), site('tokyo', 2, 'asia', tokyo))

describe('geo-affinity', () => {
  test('prefers the zone over the distance', () => {
    expect(ask(create(), world(), from('asia', berlin), 100)).toEqual({ tokyo: 100 })
  })

  test('takes the nearest site of the zone', () => {
    expect(ask(create(), world(), from('eu', { latitude: 50, longitude: 4 }), 100)).toEqual({ paris: 100 })
  })

  test('goes by distance alone when the zone is not known in the pool', () => {
    expect(ask(create(), world(), from('oceania', auckland), 100)).toEqual({ tokyo: 100 })
    expect(ask(create(), world(), from(undefined, berlin), 100)).toEqual({ berlin: 100 })
  })

  test('measures across the date line', () => {
    const pool = poolOf(site('tokyo', 1, undefined, tokyo), site('berlin', 1, undefined, berlin))
    expect(ask(create(), pool, from(undefined, honolulu), 20)).toEqual({ tokyo: 20 })
  })

  test('shares the whole zone when the client has no place', () => {
    const counts = ask(create(), world(), from('eu', undefined), 1000)
    expect(Object.keys(counts).sort()).toEqual(['berlin', 'paris'])
    expect(Math.abs((counts['paris'] ?? 0) - 500)).toBeLessThan(60)
  })

  test('shares the whole pool when nothing is known of the client', () => {
    const counts = ask(create(), world(), from(undefined, undefined), 3000)
    for (const count of Object.values(counts)) expect(Math.abs(count - 1000)).toBeLessThan(120)
  })

  test('spills over to the next site when the nearest is busy, and only then', () => {
    const pool = world()
    const strategy = create({ busyAt: 10 })
    const client = from('eu', berlin)
    expect(ask(strategy, pool, client, 20, true)).toEqual({ berlin: 20 })
    expect(ask(strategy, pool, client, 20, true)).toEqual({ paris: 20 })
    expect(ask(strategy, pool, client, 20, true)).toEqual({ tokyo: 20 })
    const counts = ask(strategy, pool, client, 60, true)
    for (const count of Object.values(counts)) expect(Math.abs(count - 20)).toBeLessThanOrEqual(4)
  })

  test('gives away from a site what is more than spillAt times its share', () => {
    const pool = world()
    const strategy = create({ busyAt: 1000, spillAt: 1.5, floor: 1 })
    expect(ask(strategy, pool, from('eu', berlin), 120, true)).toEqual({ berlin: 60, paris: 60 })
    expect(pool.map(({ inflight }) => inflight)).toEqual([30, 30, 30, 30, 0, 0])
  })

  test('keeps a few requests near whatever their share is', () => {
    const pool = world()
    const strategy = create({ spillAt: 1.01, floor: 5 })
    expect(ask(strategy, pool, from('eu', berlin), 10, true)).toEqual({ berlin: 10 })
    expect(ask(strategy, pool, from('eu', berlin), 10, true)).toEqual({ paris: 10 })
  })

  test('gives a heavy backend a share by its weight before its site spills over', () => {
    const [light, heavy] = site('near', 2, 'eu', berlin)
    if (light === undefined || heavy === undefined) throw new Error('two expected')
    heavy.weight = 3
    const pool = poolOf([light, heavy], site('far', 4, 'asia', tokyo))
    const strategy = create({ busyAt: 1000, spillAt: 1.5, floor: 1 })
    ask(strategy, pool, from('eu', berlin), 80, true)
    expect([light.inflight, heavy.inflight]).toEqual([15, 45])
  })

  test('knows what has ended, and what a pool had in flight when it became its own', () => {
    const pool = world()
    for (const candidate of pool as unknown as FakeCandidate[]) candidate.inflight = 10
    const strategy = create({ busyAt: 1000, spillAt: 1.5, floor: 1 })
    // 21 each, of 82 that six backends have then.
    expect(ask(strategy, pool, from('eu', berlin), 22, true)).toEqual({ berlin: 22 })
    expect(ask(strategy, pool, from('eu', berlin), 1, true)).toEqual({ paris: 1 })
    for (const candidate of pool.slice(2)) {
      while (candidate.inflight > 0) end(strategy, fakeAttempt(candidate), { kind: 'abandoned', elapsedMs: 1 }, 1)
    }
    // Those near are now more of less.
    expect(ask(strategy, pool, from('eu', berlin), 10, true)).toEqual({ paris: 10 })
  })

  test('shares the load of a crowded zone with the others, and no more than that', () => {
    /** Nine of ten clients are in zone a, which has half of the backends. */
    function shareOfA(options: object): number {
      const pool = poolOf(site('a', 4, 'a'), site('b', 4, 'b'))
      const served = simulate({
        proxies: [{ strategy: create({ busyAt: 1000, ...options }), candidates: () => pool }],
        random: seededRandom(3),
        client: (index) => from(index % 10 === 0 ? 'b' : 'a', undefined),
        requests: 8000,
        load: { clients: 160 },
        backend: () => ({ serviceMs: (now) => 5 + ((now * 17.3) % 10) }),
      })
      return served.filter(({ candidate }) => candidate.id.startsWith('a')).length / served.length
    }
    expect(shareOfA({})).toBeCloseTo(0.9, 2)
    expect(shareOfA({ spillAt: 1.25 })).toBeWithin(0.6, 0.68)
    expect(shareOfA({ spillAt: 1.6 })).toBeWithin(0.77, 0.83)
  })

  test.each([0, 1, 1001, '2', null])('refuses %p as its spillAt', (spillAt) => {
    expect(() => plugin.parse({ spillAt })).toThrow(/^spillAt must be a number of 1\.01\.\.1000, got /)
  })

  test('comes home when the nearest has room again', () => {
    const pool = world()
    const strategy = create({ busyAt: 5 })
    const near = pool.slice(0, 2) as FakeCandidate[]
    for (const candidate of near) candidate.inflight = 5
    expect(ask(strategy, pool, from('eu', berlin), 10)).toEqual({ paris: 10 })
    for (const candidate of near) candidate.inflight = 0
    expect(ask(strategy, pool, from('eu', berlin), 10)).toEqual({ berlin: 10 })
  })

  test('lets a heavy backend take more before it is busy', () => {
    const [light, heavy] = site('near', 2, 'eu', berlin)
    if (light === undefined || heavy === undefined) throw new Error('two expected')
    heavy.weight = 3
    const pool = poolOf([light, heavy], site('far', 2, 'asia', tokyo))
    const strategy = create({ busyAt: 12 })
    // Mean weight 1.5: busy at 8 and at 24.
    expect(ask(strategy, pool, from('eu', berlin), 32, true)).toEqual({ near: 32 })
    expect([light.inflight, heavy.inflight]).toEqual([8, 24])
    expect(ask(strategy, pool, from('eu', berlin), 4, true)).toEqual({ far: 4 })
  })

  test('keeps a retry in the site when another is left there', () => {
    const pool = world()
    const strategy = create()
    const client = from('eu', berlin)
    const random = seededRandom(8)
    for (let index = 0; index < 50; index += 1) {
      const tried = strategy.pick(pool, contextOf({ random, client }))
      const rest = pool.filter((one) => one !== tried) as unknown as Candidates
      const next = strategy.pick(rest, contextOf({ random, client }))
      expect(next.id).toStartWith('berlin')
      expect(next).not.toBe(tried)
    }
  })

  test('reaches backends without zone or place as the rest of the pool', () => {
    const pool = poolOf(site('berlin', 1, 'eu', berlin), site('anywhere', 1, undefined))
    const strategy = create({ busyAt: 1 })
    expect(ask(strategy, pool, from('eu', berlin), 1, true)).toEqual({ berlin: 1 })
    expect(ask(strategy, pool, from('eu', berlin), 1, true)).toEqual({ anywhere: 1 })
  })

  test.each([
    { latitude: NaN, longitude: NaN },
    { latitude: 1e9, longitude: -1e9 },
    { latitude: 90, longitude: 180 },
  ])('returns a member for the place %p', (place) => {
    const pool = world()
    const strategy = create()
    const picked = strategy.pick(pool, contextOf({ random: seededRandom(9), client: from('__proto__', place) }))
    expect(pool).toContain(picked)
  })

  test('stays right when more places ask than it remembers', () => {
    const pool = world()
    const strategy = create()
    for (let index = 0; index < 10_000; index += 1) {
      const place = { latitude: (index % 180) - 90, longitude: (index % 360) - 180 }
      ask(strategy, pool, from(undefined, place), 1)
    }
    expect(ask(strategy, pool, from(undefined, tokyo), 10)).toEqual({ tokyo: 10 })
  })

  test.each([0, '32', null, Infinity, NaN])('refuses %p as its busyAt', (busyAt) => {
    expect(() => plugin.parse({ busyAt })).toThrow(/^busyAt must be a number of 1\.\.1000000, got /)
  })
})
