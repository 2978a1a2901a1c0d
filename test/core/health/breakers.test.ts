import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import type { BreakerPolicy } from '../../../core/backend/breaker.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { beginAttempt } from '../../../core/balance/attempt.ts'
import { settle } from '../../../core/balance/eligible.ts'
import { Breakers, forgetBreaker } from '../../../core/health/breakers.ts'
import { seededRandom } from '../../../core/random.ts'
import type { Outcome } from '../../../core/strategy/strategy.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { poolOfAttempts } from '../../support/pool-of-attempts.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const policy: BreakerPolicy = {
  failures: { causes: ['connect', 'timeout', 'reset', 'protocol'], statuses: [{ from: 500, to: 599 }] },
  windowMs: 10_000,
  minRequests: 10,
  errorRatio: 0.5,
  failuresInRow: undefined,
  slowCalls: undefined,
  openTimeMs: 1000,
  maxOpenTimeMs: 8000,
  jitterRatio: 0,
  trials: 2,
}

/** Two backends, of which attempts are made; reckoned up after each change, as a pool does. */
function breaking(changes: Partial<BreakerPolicy> = {}, seed = 1) {
  const clock = virtualClock(5000)
  const backends = [makeBackend(1), makeBackend(2)] as [Backend, Backend]
  const told: string[] = []
  const reckon = () => {
    for (const backend of backends) backend.reckon(NO_RULE, clock.now())
    for (const { backend, use } of settle(backends, { maxEjected: 0.5, panicThreshold: 0 }).placed) backend.use = use
  }
  const breakers = new Breakers({
    policy: { ...policy, ...changes },
    backends: () => backends,
    clock,
    random: seededRandom(seed),
    onChange: (backend, detail) => {
      told.push(`${backend.id.slice(-1)} ${detail}`)
      reckon()
    },
  })
  const pool = poolOfAttempts([breakers])
  const begin = (backend: Backend) => beginAttempt(backend, pool, clock.now())
  /** An attempt that takes `ms`. */
  function serve(backend: Backend, status: number, ms = 0): void {
    const attempt = begin(backend)
    clock.advance(ms)
    attempt.respond(status, clock.now())
    attempt.end({ kind: 'completed', status, elapsedMs: ms }, clock.now())
  }
  function fail(backend: Backend, outcome: Outcome = { kind: 'failed', cause: 'reset', elapsedMs: 0 }): void {
    begin(backend).end(outcome, clock.now())
  }
  function serveMany(backend: Backend, statuses: readonly number[]): void {
    for (const status of statuses) serve(backend, status)
  }
  breakers.update({ ...policy, ...changes })
  reckon()
  return { backends, begin, breakers, clock, fail, reckon, serve, serveMany, told }
}

const mixed = [200, 500, 200, 503, 200, 500, 200, 500, 200, 500]
const stateOf = ({ facts }: Backend): string => facts.breaker.kind

describe('the breakers of a pool', () => {
  test('open for a backend that half fails, tell why, and leave the other alone', () => {
    const { backends, serveMany, told } = breaking()
    const [one, two] = backends
    serveMany(two, [200, 200, 500, 200, 200, 200, 200, 200, 200, 500])
    serveMany(one, mixed)
    expect(backends.map(stateOf)).toEqual(['open', 'closed'])
    expect(told).toEqual(['1 breaker open for 1 s: 50 % of 10 requests failed within 10 s'])
    expect(one.standing).toMatchObject({ usable: false, by: 'breaker', state: 'unhealthy', since: 5000, until: 6000 })
    expect(one.counters.breakerTrips).toBe(1)
  })

  test('forget what is older than the window', () => {
    const { backends, clock, serveMany } = breaking()
    const [one] = backends
    serveMany(one, mixed.slice(0, 9))
    clock.advance(10_001)
    serveMany(one, mixed.slice(0, 9))
    expect(stateOf(one)).toBe('closed')
  })

  test('open after failures in a row, which a good answer ends', () => {
    const { backends, fail, serve } = breaking({ errorRatio: undefined, failuresInRow: 3 })
    const [one] = backends
    fail(one)
    fail(one)
    serve(one, 404)
    fail(one)
    fail(one)
    expect(stateOf(one)).toBe('closed')
    fail(one)
    expect(one.standing.why).toBe('breaker open: 3 failures in a row')
  })

  test('open for slowness of heads, be the answers good', () => {
    const slow = { errorRatio: undefined, slowCalls: { latencyMs: 100, ratio: 0.5 }, minRequests: 4 }
    const { backends, serve } = breaking(slow)
    const [one] = backends
    for (const ms of [50, 101, 100]) serve(one, 200, ms)
    expect(stateOf(one)).toBe('closed')
    serve(one, 200, 200)
    expect(one.standing.why).toBe('breaker open: 50 % of 4 answers took over 0.1 s within 10 s')
  })

  test.each([
    ['open for slowness of which no head told, since another attempt answered first', 101, 'open'],
    ['do not take for slow who was not waited for as long as that', 100, 'closed'],
  ])('%s', (_, elapsedMs, state) => {
    const slow = { errorRatio: undefined, slowCalls: { latencyMs: 100, ratio: 1 }, minRequests: 4 }
    const { backends, begin, clock } = breaking(slow)
    const [one] = backends
    for (let count = 0; count < 4; count += 1) {
      const attempt = begin(one)
      clock.advance(elapsedMs)
      attempt.end({ kind: 'abandoned', elapsedMs }, clock.now())
    }
    expect(stateOf(one)).toBe(state)
  })

  test.each([
    ['a client that left', { kind: 'abandoned', elapsedMs: 0 }],
    ['a lack of our own', { kind: 'local', elapsedMs: 0 }],
    ['what is not to count', { kind: 'failed', cause: 'timeout', elapsedMs: 0 }],
  ] as const)('hold %s against nobody', (_, outcome) => {
    const failures = { causes: ['connect'], statuses: [] } as const
    const { backends, fail } = breaking({ failures, failuresInRow: 1 })
    for (let count = 0; count < 50; count += 1) fail(backends[0], outcome)
    expect(stateOf(backends[0])).toBe('closed')
  })

  test('have a backend tried when its time is over, and closed when trials go well', () => {
    const { backends, clock, serve, serveMany, told } = breaking()
    const [one] = backends
    serveMany(one, mixed)
    clock.advance(999)
    expect(stateOf(one)).toBe('open')
    clock.advance(1)
    expect([stateOf(one), one.use, one.hasRoom]).toEqual(['half-open', 'trial', true])
    expect(one.standing).toMatchObject({ usable: true, state: 'unhealthy', weight: 0.1 })
    serve(one, 200)
    serve(one, 200)
    expect(one.standing).toMatchObject({ usable: true, by: undefined, weight: 1, state: 'unchecked' })
    expect(told.slice(1)).toEqual([
      '1 breaker half-open: 50 % of 10 requests failed within 10 s',
      '1 breaker closed: its trials went well',
    ])
    serve(one, 500)
    expect(stateOf(one)).toBe('closed')
  })

  test('let no more trials begin than may be under way at once', () => {
    const { backends, begin, clock, serveMany } = breaking()
    const [one] = backends
    serveMany(one, mixed)
    clock.advance(1000)
    const trials = [begin(one), begin(one)]
    expect(one.hasRoom).toBeFalse()
    trials[0]?.end({ kind: 'abandoned', elapsedMs: 0 }, clock.now())
    expect(one.hasRoom).toBeTrue()
  })

  test('open again for longer at the first trial that fails', () => {
    const { backends, clock, fail, serveMany } = breaking()
    const [one] = backends
    serveMany(one, mixed)
    clock.advance(1000)
    fail(one)
    expect(one.standing).toMatchObject({ by: 'breaker', until: clock.now() + 2000 })
    expect(one.standing.why).toBe('breaker open: 50 % of 10 requests failed within 10 s, opened 2 times')
  })

  test('take a slow trial for a bad one, and a tunnel for a good one as soon as it is one', () => {
    const { backends, begin, clock, serve, serveMany } = breaking({ slowCalls: { latencyMs: 100, ratio: 1 } })
    const [one] = backends
    serveMany(one, mixed)
    clock.advance(1000)
    serve(one, 200, 150)
    expect(stateOf(one)).toBe('open')
    clock.advance(2000)
    const tunnels = [begin(one), begin(one)]
    for (const tunnel of tunnels) tunnel.respond(101, clock.now())
    expect(stateOf(one)).toBe('closed')
    clock.advance(3_600_000)
    for (const tunnel of tunnels) tunnel.end({ kind: 'completed', status: 101, elapsedMs: 0 }, clock.now())
    expect([stateOf(one), one.inflight]).toEqual(['closed', 0])
  })

  test('count a tunnel as a good answer when it begins, and not when it ends', () => {
    const { backends, begin, clock, fail } = breaking({ errorRatio: undefined, failuresInRow: 2 })
    const [one] = backends
    fail(one)
    const tunnel = begin(one)
    tunnel.respond(101, clock.now())
    fail(one)
    expect(stateOf(one)).toBe('closed')
    tunnel.end({ kind: 'completed', status: 101, elapsedMs: 0 }, clock.now())
    fail(one)
    expect(stateOf(one)).toBe('open')
  })

  test('hear nothing of answers to attempts from before, however slow', () => {
    const { backends, begin, clock, serveMany } = breaking({ slowCalls: { latencyMs: 100, ratio: 1 } })
    const [one] = backends
    const old = begin(one)
    serveMany(one, mixed)
    clock.advance(1000)
    old.respond(200, clock.now())
    expect(stateOf(one)).toBe('half-open')
    old.end({ kind: 'abandoned', elapsedMs: 0 }, clock.now())
  })

  test('count by another window from then on', () => {
    const { backends, breakers, clock, serveMany } = breaking()
    serveMany(backends[0], [200])
    clock.advance(11_000)
    breakers.update({ ...policy, windowMs: 60_000 })
    for (const part of [mixed.slice(0, 5), mixed.slice(5)]) {
      serveMany(backends[0], part)
      clock.advance(20_000)
    }
    expect(backends[0].facts.breaker).toMatchObject({ cause: '50 % of 10 requests failed within 60 s' })
  })

  test('tell nothing of a backend that has left', () => {
    const { backends, serveMany, told } = breaking()
    const [one] = backends
    backends.shift()
    serveMany(one, mixed)
    expect([stateOf(one), told]).toEqual(['open', []])
  })

  test('hear nothing of attempts from before', () => {
    const { backends, begin, clock, serveMany } = breaking()
    const [one] = backends
    const old = [begin(one), begin(one), begin(one)]
    serveMany(one, mixed)
    clock.advance(1000)
    for (const attempt of old) attempt.end({ kind: 'completed', status: 200, elapsedMs: 1000 }, clock.now())
    expect(one.facts.breaker).toMatchObject({ kind: 'half-open', passed: 0, underWay: 0 })
  })

  test('keep what is open over a change of policy, for as long as that says', () => {
    const { backends, breakers, clock, serveMany } = breaking()
    const [one] = backends
    serveMany(one, mixed)
    breakers.update({ ...policy, openTimeMs: 4000 })
    clock.advance(3999)
    expect(stateOf(one)).toBe('open')
    clock.advance(1)
    expect(stateOf(one)).toBe('half-open')
  })

  test('find out nothing once stopped, and go on where they were', () => {
    const { backends, breakers, clock, fail, serveMany } = breaking()
    const [one, two] = backends
    serveMany(one, mixed)
    breakers.stop()
    serveMany(two, mixed)
    clock.advance(60_000)
    expect([backends.map(stateOf), clock.pending()]).toEqual([['open', 'closed'], 0])
    breakers.update(policy)
    clock.advance(0)
    expect(stateOf(one)).toBe('half-open')
    fail(one)
    expect(stateOf(one)).toBe('open')
    forgetBreaker(one, clock.now())
    expect(one.facts.breaker).toEqual({ kind: 'closed', since: clock.now(), trips: 0 })
  })

  test('try a backend anew where a trial may have ended while nobody counted', () => {
    const { backends, begin, breakers, clock, reckon, serve, serveMany } = breaking({ trials: 1 })
    const [one] = backends
    serveMany(one, mixed)
    clock.advance(1000)
    const trial = begin(one)
    breakers.stop()
    trial.end({ kind: 'completed', status: 200, elapsedMs: 0 }, clock.now())
    clock.advance(1000)
    breakers.update({ ...policy, trials: 1 })
    reckon()
    expect([stateOf(one), one.hasRoom]).toEqual(['half-open', true])
    serve(one, 200)
    expect(stateOf(one)).toBe('closed')
  })

  test('count a trial that goes on while nobody counts for nothing', () => {
    const { backends, begin, breakers, clock, serveMany } = breaking({ trials: 1 })
    const [one] = backends
    serveMany(one, mixed)
    clock.advance(1000)
    const trial = begin(one)
    breakers.stop()
    clock.advance(1000)
    breakers.update({ ...policy, trials: 1 })
    begin(one)
    trial.end({ kind: 'failed', cause: 'reset', elapsedMs: 0 }, clock.now())
    expect(one.facts.breaker).toMatchObject({ kind: 'half-open', underWay: 1, passed: 0 })
  })

  const act = fc.oneof(
    fc.record({ kind: fc.constant('serve' as const), status: fc.constantFrom(200, 200, 404, 500, 503) }),
    fc.record({ kind: fc.constant('begin' as const) }),
    fc.record({ kind: fc.constant('end' as const), good: fc.boolean() }),
    fc.record({ kind: fc.constant('leave' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(3000) }),
  )

  test('never have more trials under way than allowed, and always recover', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (acts, trials, seed) => {
        const rig = breaking({ trials, jitterRatio: 0.5, minRequests: 3, failuresInRow: 4 }, seed)
        const [one] = rig.backends
        const underWay: ReturnType<typeof rig.begin>[] = []
        /** As a balancer does: whoever has no room is not picked. */
        const mayBegin = () => one.use !== 'out' && one.hasRoom
        for (const step of acts) {
          const { kind } = step
          if (kind === 'wait') rig.clock.advance(step.ms)
          else if (kind === 'serve' && mayBegin()) rig.serve(one, step.status)
          else if (kind === 'begin' && mayBegin()) underWay.push(rig.begin(one))
          else if (kind === 'end')
            underWay.pop()?.end({ kind: 'completed', status: step.good ? 200 : 500, elapsedMs: 0 }, rig.clock.now())
          else if (kind === 'leave') underWay.shift()?.end({ kind: 'abandoned', elapsedMs: 0 }, rig.clock.now())
          const { breaker } = one.facts
          if (breaker.kind === 'half-open') expect(breaker.underWay).toBeLessThanOrEqual(trials)
        }
        for (const attempt of underWay) attempt.end({ kind: 'abandoned', elapsedMs: 0 }, rig.clock.now())
        rig.clock.advance(policy.maxOpenTimeMs)
        for (let count = 0; count < trials; count += 1) if (mayBegin()) rig.serve(one, 200)
        expect([stateOf(one), one.use, one.inflight]).toEqual(['closed', 'used', 0])
      }),
    )
  })
})
