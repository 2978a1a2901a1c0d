import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import { breakerPolicy, breaking, mixed, stateOf } from '../../support/breaking.ts'

describe('the breakers of a pool, half-open,', () => {
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

  test('judge a trial by its head, so that long answers keep no others from theirs', () => {
    const { backends, begin, clock, serveMany } = breaking()
    const [one] = backends
    serveMany(one, mixed)
    clock.advance(1000)
    const streams = [begin(one), begin(one)]
    expect(one.hasRoom).toBeFalse()
    streams[0]?.respond(200, clock.now())
    expect([stateOf(one), one.hasRoom]).toEqual(['half-open', true])
    streams[1]?.respond(200, clock.now())
    expect(stateOf(one)).toBe('closed')
    clock.advance(3_600_000)
    for (const stream of streams) stream.end({ kind: 'abandoned', elapsedMs: 0 }, clock.now())
    expect([stateOf(one), one.inflight]).toEqual(['closed', 0])
  })

  test('open again when the rest of an answer to a trial does not come', () => {
    const { backends, begin, clock, serveMany } = breaking()
    const [one] = backends
    serveMany(one, mixed)
    clock.advance(1000)
    const trial = begin(one)
    trial.respond(200, clock.now())
    trial.end({ kind: 'failed', cause: 'reset', elapsedMs: 0 }, clock.now())
    expect(one.facts.breaker).toMatchObject({ kind: 'open', trips: 2 })
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
    breakers.update({ ...breakerPolicy, trials: 1 })
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
    breakers.update({ ...breakerPolicy, trials: 1 })
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
        rig.clock.advance(breakerPolicy.maxOpenTimeMs)
        for (let count = 0; count < trials; count += 1) if (mayBegin()) rig.serve(one, 200)
        expect([stateOf(one), one.use, one.inflight]).toEqual(['closed', 'used', 0])
      }),
    )
  })
})
