import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { begin, end, fakeAttempt, fakePool } from '../../core/lab/fakes.ts'
import { type Served, type SimulatedBackend, simulate, tally } from '../../core/lab/simulate.ts'
import { exponential } from '../../core/lab/service-times.ts'
import { fifo, infinite } from '../../core/lab/stations.ts'
import type { AttemptView, Candidate, Candidates, Outcome, Strategy } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import plugin from '../../plugins/expected-delay.ts'
import { contextOf } from '../support/pick-context.ts'

const create = (options?: unknown): Strategy => plugin.create(plugin.parse(options))

/** As many response heads at `now` as it takes to be believed. */
function answered(
  strategy: Strategy,
  candidate: Candidate,
  latencyMs: number,
  given: Partial<AttemptView> & { now?: number; status?: number } = {},
): void {
  const { now = 0, status = 200, ...view } = given
  const attempt = fakeAttempt(candidate, { startedAt: now - latencyMs, inflightBefore: 0, ...view })
  for (let count = 0; count < 5; count += 1) strategy.onResponse?.(attempt, status, now)
}

/** The part of `count` picks that goes to `candidate`, nothing begun. */
function share(strategy: Strategy, pool: Candidates, candidate: Candidate, now = 0, count = 1000): number {
  const random = seededRandom(99)
  const picks = Array.from({ length: count }, () => strategy.pick(pool, contextOf({ random, now })))
  return picks.filter((one) => one === candidate).length / count
}

interface Run {
  readonly pool: Candidates
  readonly perSecond: number
  readonly backend: (id: string) => SimulatedBackend
  readonly requests?: number
  readonly attempts?: number
}

const run = (strategy: Strategy, { pool, perSecond, backend, requests = 20_000, attempts = 1 }: Run): Served[] =>
  simulate({
    proxies: [{ strategy, candidates: () => pool }],
    load: { perSecond },
    requests,
    attempts,
    random: seededRandom(1),
    workload: seededRandom(2),
    backend,
  })

/** Of all attempts. */
function attemptsAt(served: readonly Served[], candidate: Candidate): number {
  const attempts = served.flatMap((one) => [...one.tried, one.candidate])
  return attempts.filter((one) => one === candidate).length / attempts.length
}

const serving = (perSecond: number): SimulatedBackend => {
  const serviceMs = exponential(1000 / perSecond)
  return { discipline: fifo(), serviceMs: (_, draw) => serviceMs(draw) }
}

describe('expected-delay', () => {
  test('weighs what is in flight against how fast each is', () => {
    const pool = fakePool([1, 1])
    const [slow, fast] = [pool[0], pool[1]!]
    const strategy = create()
    answered(strategy, slow, 40)
    answered(strategy, fast, 10)
    fast.inflight = 2
    expect(share(strategy, pool, fast)).toBe(1)
    fast.inflight = 5
    expect(share(strategy, pool, fast)).toBe(0)
  })

  test.each([undefined, 1_000_000])(
    'does not take a backend with a queue for slow because it is busy (%p)',
    (freak) => {
      const pool = fakePool([1, 1])
      const strategy = create()
      for (let count = 0; count < 1000; count += 1) {
        if (count === 500 && freak !== undefined) answered(strategy, pool[0], 10, { inflightBefore: freak })
        answered(strategy, pool[0], 10 * (1 + (count % 9)), { inflightBefore: count % 9 })
        answered(strategy, pool[1]!, 10 * (1 + (count % 3)), { inflightBefore: count % 3 })
      }
      pool[0].inflight = 1
      expect(share(strategy, pool, pool[0])).toBe(0)
      pool[1]!.inflight = 2
      expect(share(strategy, pool, pool[0])).toBe(1)
    },
  )

  test('does not take a backend without a queue for fast because it is busy', () => {
    const pool = fakePool([1, 1])
    const strategy = create()
    for (let count = 0; count < 1000; count += 1) {
      answered(strategy, pool[0], 9 + (count % 3), { inflightBefore: 20 + (count % 7) })
      answered(strategy, pool[1]!, 9 + (count % 3), { inflightBefore: count % 2 })
    }
    expect(Math.abs(share(strategy, pool, pool[0]) - 0.5)).toBeLessThan(0.05)
  })

  test('gives each of unequal backends about what it can do, and no request a long wait', () => {
    const pool = fakePool([1, 1, 1])
    const rates = [400, 200, 100]
    const rateOf = (id: string): number => rates[pool.findIndex((one) => one.id === id)] ?? 0
    const served = run(create(), { pool, perSecond: 630, backend: (id) => serving(rateOf(id)) })
    const counts = tally(served)
    pool.forEach(({ id }, at) => expect(Math.abs(counts.get(id)! / 20_000 - rates[at]! / 700)).toBeLessThan(0.04))
    const waits = served.map(({ startedAt, endedAt }) => endedAt - startedAt).toSorted((one, other) => one - other)
    // As one queue for all three would do: ln 100 / (700 − 630) a second.
    expect(waits[19_800]).toBeLessThan(1.5 * 65.8)
  })

  test('leaves times that differ little to weight', () => {
    const pool = fakePool([3, 1])
    const strategy = create()
    answered(strategy, pool[0], 11)
    answered(strategy, pool[1]!, 10)
    expect(Math.abs(share(strategy, pool, pool[0], 0, 4000) - 0.75)).toBeLessThan(0.03)
  })

  test('does not fill a light backend for being idle', () => {
    const pool = fakePool([100, 100, 1])
    const strategy = create()
    const served = run(strategy, { pool, perSecond: 4000, backend: () => ({ serviceMs: () => 10 }) })
    expect(attemptsAt(served, pool[2]!)).toBeLessThan(0.01)
  })

  test('takes whoever is new for as fast as the others are', () => {
    const pool = fakePool([1, 1, 1])
    const strategy = create()
    for (const candidate of pool.slice(1)) answered(strategy, candidate, 10)
    expect(Math.abs(share(strategy, pool, pool[0]) - 1 / 3)).toBeLessThan(0.05)
    for (let begun = 0; begun < 30; begun += 1)
      begin(strategy, strategy.pick(pool, contextOf({ random: seededRandom(begun) })), 0)
    // Equal to within the doubt.
    for (const { inflight } of pool) expect(Math.abs(inflight - 10)).toBeLessThanOrEqual(2)
  })

  test('takes nobody for slow by a slow first answer', () => {
    const pool = fakePool([1, 1])
    const strategy = create()
    const answerOnce = (candidate: Candidate, latencyMs: number): void =>
      strategy.onResponse?.(fakeAttempt(candidate, { startedAt: -latencyMs, inflightBefore: 0 }), 200, 0)
    answerOnce(pool[0], 300)
    for (let count = 0; count < 500; count += 1) answerOnce(pool[1]!, 10)
    expect(Math.abs(share(strategy, pool, pool[0]) - 0.5)).toBeLessThan(0.05)
    for (let count = 0; count < 4; count += 1) answerOnce(pool[0], 300)
    expect(share(strategy, pool, pool[0])).toBe(0)
  })

  test('tries a slow backend again as what it knows fades, and believes the answer', () => {
    const pool = fakePool([1, 1])
    const strategy = create({ decay: '1s' })
    answered(strategy, pool[0], 200)
    answered(strategy, pool[1]!, 10)
    const at = (now: number): number => {
      answered(strategy, pool[1]!, 10, { now })
      return share(strategy, pool, pool[0], now)
    }
    expect(at(2000)).toBe(0)
    // 200 ms less than 10: e^−3 is a twentieth.
    expect(at(3200)).toBe(1)
    answered(strategy, pool[0], 200, { now: 3300 })
    expect(at(3300)).toBe(0)
    expect(at(6600)).toBe(1)
    answered(strategy, pool[0], 10, { now: 6700 })
    expect(at(7000)).toBeGreaterThan(0.3)
  })

  test.each<[string, (strategy: Strategy, attempt: AttemptView) => void]>([
    ['a refused connection', (strategy, attempt) => strategy.onEnd?.(attempt, failed('connect'), 1)],
    ['a quick reset', (strategy, attempt) => strategy.onEnd?.(attempt, failed('reset'), 1)],
    ['a quick 503', (strategy, attempt) => strategy.onResponse?.(attempt, 503, 1)],
    ['a quick 500', (strategy, attempt) => strategy.onResponse?.(attempt, 500, 1)],
  ])('does not take %s for a fast answer', (_, happens) => {
    const pool = fakePool([1, 1])
    const strategy = create()
    for (const candidate of pool) answered(strategy, candidate, 10)
    for (let count = 0; count < 10; count += 1) happens(strategy, fakeAttempt(pool[0], { startedAt: 0.5 }))
    expect(share(strategy, pool, pool[0], 1)).toBe(0)
  })

  test.each<[string, Outcome]>([
    ['a client that left', { kind: 'abandoned', elapsedMs: 60_000 }],
    ['a shortage of ours', { kind: 'local', elapsedMs: 60_000 }],
    ['a long body', { kind: 'completed', status: 200, elapsedMs: 60_000 }],
  ])('does not blame a backend for %s', (_, outcome) => {
    const pool = fakePool([1, 1])
    const strategy = create()
    for (const candidate of pool) answered(strategy, candidate, 10)
    for (let count = 0; count < 10; count += 1) strategy.onEnd?.(fakeAttempt(pool[0]), outcome, 1)
    expect(Math.abs(share(strategy, pool, pool[0], 1) - 0.5)).toBeLessThan(0.05)
  })

  test('counts a 502, 503 or 504 as `penalty`', () => {
    const pool = fakePool([1, 1, 1, 1])
    const strategy = create({ penalty: '200ms' })
    ;[502, 503, 504].forEach((status, at) => answered(strategy, pool[at]!, 1, { status }))
    answered(strategy, pool[3]!, 200)
    for (const candidate of pool) expect(Math.abs(share(strategy, pool, candidate) - 0.25)).toBeLessThan(0.05)
  })

  test('counts a failure as `penalty`, or as what it took, whichever is more', () => {
    const pool = fakePool([1, 1, 1])
    const strategy = create({ penalty: '200ms' })
    for (let count = 0; count < 5; count += 1) {
      strategy.onEnd?.(fakeAttempt(pool[0], { startedAt: 0 }), failed('connect'), 1)
      strategy.onEnd?.(fakeAttempt(pool[1]!, { startedAt: -999 }), failed('timeout'), 1)
    }
    answered(strategy, pool[2]!, 200, { now: 1 })
    const random = seededRandom(4)
    const picks = Array.from({ length: 300 }, () => strategy.pick(pool, contextOf({ random, now: 1 })))
    expect(pool.map((one) => picks.includes(one))).toEqual([true, false, true])
  })

  test('does not shun a backend for a failure now and then', () => {
    const pool = fakePool([1, 1])
    const strategy = create({ penalty: '30s' })
    for (let count = 0; count < 100; count += 1) {
      for (const candidate of pool) answered(strategy, candidate, 10)
    }
    strategy.onEnd?.(fakeAttempt(pool[0]), failed('reset'), 1)
    pool[1]!.inflight = 1
    expect(share(strategy, pool, pool[0], 1)).toBe(1)
  })

  test.each<[string, SimulatedBackend, number]>([
    ['resets', { serviceMs: () => 0.2, outcome: () => failed('reset') }, 2],
    [
      'answers 503',
      { serviceMs: () => 0.2, outcome: (elapsedMs) => ({ kind: 'completed', status: 503, elapsedMs }) },
      1,
    ],
    [
      'answers 500',
      { serviceMs: () => 0.2, outcome: (elapsedMs) => ({ kind: 'completed', status: 500, elapsedMs }) },
      1,
    ],
  ])('is no sinkhole: who %s at once gets no more than its share', (_, failing, attempts) => {
    const pool = fakePool([1, 1, 1, 1, 1, 1])
    for (const discipline of [fifo(), infinite]) {
      const backend = (id: string) => (id === pool[0].id ? failing : { ...serving(100), discipline })
      const served = run(create(), { pool, perSecond: 400, backend, attempts })
      expect(attemptsAt(served, pool[0])).toBeLessThan(0.02)
    }
  })

  test('chooses among the rest in a retry', () => {
    const pool = fakePool([1, 1, 1])
    const strategy = create()
    ;[10, 20, 40].forEach((latencyMs, at) => answered(strategy, pool[at]!, latencyMs))
    expect(share(strategy, pool, pool[0])).toBe(1)
    expect(share(strategy, pool.slice(1) as unknown as Candidates, pool[1]!)).toBe(1)
    expect(share(strategy, pool, pool[0])).toBe(1)
  })

  test('looks at four of many', () => {
    const pool = fakePool(Array.from({ length: 100 }, () => 1))
    const strategy = create()
    pool.forEach((candidate, at) => answered(strategy, candidate, at < 50 ? 10 : 100))
    const random = seededRandom(3)
    const picks = Array.from({ length: 4000 }, () => strategy.pick(pool, contextOf({ random })))
    const slow = picks.filter((one) => pool.indexOf(one as (typeof pool)[0]) >= 50).length / 4000
    expect(Math.abs(slow - 0.5 ** 4)).toBeLessThan(0.015)
  })

  test('shares by weight again whatever it was told, within minutes', () => {
    const told = fc.record({
      at: fc.nat({ max: 2 }),
      kind: fc.constantFrom('answer', 'end', 'start', 'gateway', 'error'),
      inflightBefore: fc.oneof(fc.nat({ max: 20 }), fc.constant(1_000_000)),
      startedAt: fc.double({ min: -1e9, max: 1e4, noNaN: true }),
      now: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(told, { maxLength: 60 }), (history) => {
        const pool = fakePool([1, 1, 2])
        const strategy = create({ penalty: '1h' })
        for (const { at, kind, ...view } of history) {
          const attempt = fakeAttempt(pool[at]!, view)
          if (kind === 'start') strategy.onStart?.(attempt)
          else if (kind === 'end') strategy.onEnd?.(attempt, failed('reset'), view.now)
          else strategy.onResponse?.(attempt, { answer: 200, gateway: 502, error: 500 }[kind], view.now)
          expect(pool).toContain(
            strategy.pick(pool, contextOf({ random: seededRandom(at), now: view.now })) as (typeof pool)[0],
          )
        }
        const served = run(strategy, { pool, perSecond: 20, requests: 8000, backend: () => ({ serviceMs: () => 10 }) })
        const counts = tally(served.slice(-2000))
        pool.forEach(({ id, weight }) => expect(Math.abs((counts.get(id) ?? 0) / 2000 - weight / 4)).toBeLessThan(0.06))
      }),
      { numRuns: 25, seed: 7 },
    )
  })

  test('bears answers that take no time at all', () => {
    const pool = fakePool([1, 1])
    const strategy = create()
    for (let count = 0; count < 50_000; count += 1) for (const candidate of pool) answered(strategy, candidate, 0)
    expect(Math.abs(share(strategy, pool, pool[0]) - 0.5)).toBeLessThan(0.05)
    for (let count = 0; count < 1000; count += 1) answered(strategy, pool[0], 10)
    expect(share(strategy, pool, pool[0])).toBe(0)
  })

  test('takes all that answer within a millisecond for as fast', () => {
    const pool = fakePool([1, 1])
    const strategy = create()
    answered(strategy, pool[0], 0.9)
    answered(strategy, pool[1]!, 0.1)
    expect(Math.abs(share(strategy, pool, pool[0]) - 0.5)).toBeLessThan(0.05)
  })

  test('bears answers out of order and starts of its own', () => {
    const pool = fakePool([1, 1])
    const strategy = create()
    const attempt = begin(strategy, pool[0], 100)
    end(strategy, attempt, { kind: 'completed', status: 200, elapsedMs: 0 }, 50)
    expect([...pool]).toContain(strategy.pick(pool, contextOf({ random: () => 0.5, now: -10 })) as (typeof pool)[0])
  })

  test('reads its options and refuses others by name', () => {
    expect(plugin.parse(undefined)).toEqual({ decay: 10_000, penalty: 1000 })
    expect(plugin.parse({ decay: '500ms', penalty: '1.5m' })).toEqual({ decay: 500, penalty: 90_000 })
    expect(() => plugin.parse({ decay: '10ms' })).toThrow(
      'decay must be a duration of "100ms".."1h", such as "10s", got "10ms"',
    )
    expect(() => plugin.parse({ choices: 3 })).toThrow('choices is not an option, known: decay, penalty, got 3')
  })
})

function failed(cause: 'connect' | 'reset' | 'timeout'): Outcome {
  return { kind: 'failed', cause, elapsedMs: 0.5 }
}
