import { describe, expect, test } from 'bun:test'
import { begin, end, fakeAttempt, fakePool } from '../../core/lab/fakes.ts'
import { simulate, tally } from '../../core/lab/simulate.ts'
import type { Candidate, Candidates, Outcome, Strategy } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/peak-ewma.ts'
import { contextOf } from '../support/pick-context.ts'

const create = (options?: unknown): Strategy => plugin.create(plugin.parse(options))

/** What `count` picks at `now` choose, nothing begun. */
function picksAt(strategy: Strategy, pool: Candidates, now: number, count = 400): Candidate[] {
  const random = seededRandom(99)
  return Array.from({ length: count }, () => strategy.pick(pool, contextOf({ random, now })))
}

/** A response head, `latencyMs` after the attempt began. */
const answered = (strategy: Strategy, candidate: Candidate, latencyMs: number, now: number): void =>
  strategy.onResponse?.(fakeAttempt(candidate, { startedAt: now - latencyMs }), 200, now)

const share = (picks: readonly Candidate[], candidate: Candidate): number =>
  picks.filter((one) => one === candidate).length / picks.length

describe('peak-ewma', () => {
  test('gives a backend ten times as slow a small part of the traffic', () => {
    const pool = fakePool([1, 1, 1, 1])
    const served = simulate({
      proxies: [{ strategy: create(), candidates: () => pool }],
      load: { clients: 8 },
      requests: 20_000,
      random: seededRandom(1),
      backend: (id) => ({ serviceMs: () => (id === pool[0].id ? 100 : 10) }),
    })
    expect((tally(served).get(pool[0].id) ?? 0) / 20_000).toBeLessThan(0.03)
  })

  test('takes a backend back once it has recovered', () => {
    const pool = fakePool([1, 1, 1, 1])
    const served = simulate({
      proxies: [{ strategy: create(), candidates: () => pool }],
      load: { clients: 8 },
      requests: 80_000,
      random: seededRandom(2),
      backend: (id) => ({ serviceMs: (now) => (id === pool[0].id && now < 20_000 ? 200 : 10) }),
    })
    const during = served.filter(({ startedAt }) => startedAt > 1000 && startedAt < 20_000)
    const after = served.filter(({ startedAt }) => startedAt > 70_000)
    expect(after.length).toBeGreaterThan(10_000)
    expect((tally(during).get(pool[0].id) ?? 0) / during.length).toBeLessThan(0.03)
    expect(Math.abs((tally(after).get(pool[0].id) ?? 0) / after.length - 0.25)).toBeLessThan(0.05)
  })

  test('reacts to one peak at once and forgets it by its decay', () => {
    const pool = fakePool([1, 1])
    const strategy = create({ decay: '1s' })
    for (const candidate of pool) answered(strategy, candidate, 10, 0)
    answered(strategy, pool[0], 500, 1)
    expect(share(picksAt(strategy, pool, 1), pool[0])).toBe(0)
    answered(strategy, pool[1]!, 10, 4500)
    // 500 ms has decayed by e^-4.5 to 5.6 ms, below the 10 ms just seen at the other.
    expect(share(picksAt(strategy, pool, 4501), pool[0])).toBe(1)
  })

  test('comes down slowly: later fast answers do not hide a peak', () => {
    const pool = fakePool([1, 1])
    const strategy = create({ decay: '10s' })
    for (const candidate of pool) answered(strategy, candidate, 10, 0)
    answered(strategy, pool[0], 1000, 1)
    for (let now = 2; now < 50; now += 1) for (const candidate of pool) answered(strategy, candidate, 10, now)
    expect(share(picksAt(strategy, pool, 50), pool[0])).toBe(0)
  })

  test('leaves latencies that differ little to weight', () => {
    const pool = fakePool([3, 1])
    const strategy = create()
    answered(strategy, pool[0], 10.5, 0)
    answered(strategy, pool[1]!, 10, 0)
    expect(Math.abs(share(picksAt(strategy, pool, 0, 4000), pool[0]) - 0.75)).toBeLessThan(0.03)
  })

  test('tries a cold backend with one request until it answers', () => {
    const pool = fakePool([1, 1, 1])
    const strategy = create()
    for (const candidate of pool.slice(1)) answered(strategy, candidate, 10, 0)
    const random = seededRandom(3)
    const begun = Array.from({ length: 90 }, () =>
      begin(strategy, strategy.pick(pool, contextOf({ random, now: 1 })), 1),
    )
    expect(pool[0].inflight).toBe(1)
    end(
      strategy,
      begun.find(({ candidate }) => candidate === pool[0])!,
      { kind: 'completed', status: 200, elapsedMs: 10 },
      11,
    )
    for (let index = 0; index < 45; index += 1) begin(strategy, strategy.pick(pool, contextOf({ random, now: 11 })), 11)
    // Two pairs in three hold it, and it wins all of them until it has caught up.
    expect(pool[0].inflight).toBeGreaterThan(20)
  })

  test('shares a pool that is cold throughout by load', () => {
    const pool = fakePool([1, 1, 1, 1])
    const strategy = create()
    const random = seededRandom(4)
    for (let index = 0; index < 80; index += 1) begin(strategy, strategy.pick(pool, contextOf({ random })), 0)
    for (const { inflight } of pool) expect(Math.abs(inflight - 20)).toBeLessThanOrEqual(2)
  })

  test.each<[string, Outcome]>([
    ['a refused connection', { kind: 'failed', cause: 'connect', elapsedMs: 0.1 }],
    ['a quick reset', { kind: 'failed', cause: 'reset', elapsedMs: 0.5 }],
    ['a quick 503', { kind: 'completed', status: 503, elapsedMs: 1 }],
  ])('does not take %s for a fast answer', (_, outcome) => {
    const pool = fakePool([1, 1])
    const strategy = create()
    for (const candidate of pool) answered(strategy, candidate, 10, 0)
    strategy.onEnd?.(fakeAttempt(pool[0]), outcome, 1)
    expect(share(picksAt(strategy, pool, 1), pool[0])).toBe(0)
  })

  test.each<[string, Outcome]>([
    ['a client that left', { kind: 'abandoned', elapsedMs: 60_000 }],
    ["an application's 500", { kind: 'completed', status: 500, elapsedMs: 60_000 }],
    ['a long body', { kind: 'completed', status: 200, elapsedMs: 60_000 }],
  ])('does not blame a backend for %s', (_, outcome) => {
    const pool = fakePool([1, 1])
    const strategy = create()
    for (const candidate of pool) answered(strategy, candidate, 10, 0)
    strategy.onEnd?.(fakeAttempt(pool[0]), outcome, 1)
    expect(Math.abs(share(picksAt(strategy, pool, 1, 2000), pool[0]) - 0.5)).toBeLessThan(0.04)
  })

  test('bears a clock that goes back and latencies of zero', () => {
    const pool = fakePool([1, 1])
    const strategy = create()
    answered(strategy, pool[0], 0, 1000)
    answered(strategy, pool[0], 0, 10)
    answered(strategy, pool[1]!, 5, -1000)
    expect(share(picksAt(strategy, pool, -2000), pool[0])).toBeGreaterThan(0.9)
  })

  test('reads its options and refuses others by name', () => {
    expect(plugin.parse(undefined)).toEqual({ decay: 10_000, penalty: 1000 })
    expect(plugin.parse({ decay: '500ms', penalty: '1.5m' })).toEqual({ decay: 500, penalty: 90_000 })
    expect(() => plugin.parse({ decay: '10' })).toThrow(
      'decay must be a duration of "100ms".."1h", such as "10s", got "10"',
    )
    expect(() => plugin.parse({ decya: '10s' })).toThrow('decya is not an option, known: decay, penalty, got "10s"')
  })
})
