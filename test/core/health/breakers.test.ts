import { describe, expect, test } from 'bun:test'
import { forgetBreaker } from '../../../core/health/breakers.ts'
import { breakerPolicy, breaking, mixed, stateOf } from '../../support/breaking.ts'

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
      attempt.awaitResponse(clock.now())
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
    breakers.update({ ...breakerPolicy, windowMs: 60_000 })
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
    breakers.update({ ...breakerPolicy, openTimeMs: 4000 })
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
    breakers.update(breakerPolicy)
    clock.advance(0)
    expect(stateOf(one)).toBe('half-open')
    fail(one)
    expect(stateOf(one)).toBe('open')
    forgetBreaker(one, clock.now())
    expect(one.facts.breaker).toEqual({ kind: 'closed', since: clock.now(), trips: 0 })
  })
})
