import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import type { EjectionPolicy } from '../../../core/backend/ejection.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { settle } from '../../../core/balance/eligible.ts'
import { Ejections, forgetEjection } from '../../../core/health/ejections.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const policy: EjectionPolicy = {
  failures: { causes: ['connect'], statuses: [{ from: 500, to: 599 }] },
  intervalMs: 10_000,
  baseTimeMs: 30_000,
  maxTimeMs: 90_000,
  successRate: { factor: 1.9, minBackends: 5, minRequests: 100 },
  failureRatio: { ratio: 0.85, minBackends: 5, minRequests: 50 },
  failuresInRow: 5,
  maxStatistical: 0.1,
}
const inRowOff = { failuresInRow: undefined }

function ejecting(members: number, changes: Partial<EjectionPolicy> = {}) {
  const clock = virtualClock(1000)
  const backends = Array.from({ length: members }, (_, index) => makeBackend(index + 1))
  const told: string[] = []
  const ejections = new Ejections({
    policy: { ...policy, ...changes },
    backends: () => backends,
    clock,
    onChange: (backend, detail) => {
      backend.reckon(NO_RULE, clock.now())
      told.push(`${backend.id.split(':')[1]} ${detail}`)
    },
  })
  ejections.update({ ...policy, ...changes })
  const end = (index: number, status: number, startedAt = clock.now()) =>
    ejections.onEnd(backends[index]!, { kind: 'completed', status }, clock.now(), { startedAt })
  /** Requests of one member, `bad` of them failing, spread evenly. */
  function serve(index: number, requests: number, bad: number): void {
    for (let count = 0; count < requests; count += 1)
      end(index, Math.floor(((count + 1) * bad) / requests) > Math.floor((count * bad) / requests) ? 500 : 200)
  }
  const out = () => backends.flatMap(({ facts }, index) => (facts.ejection.kind === 'ejected' ? [index + 1] : []))
  return { backends, clock, ejections, end, out, serve, told }
}

describe('ejections', () => {
  test('leave out at the end of an interval who does worse than its peers', () => {
    const { backends, clock, out, serve, told } = ejecting(5)
    for (const index of [0, 1, 2, 3]) serve(index, 100, 0)
    serve(4, 100, 40)
    expect(out()).toEqual([])
    clock.advance(10_000)
    expect(out()).toEqual([5])
    expect(told).toEqual(["5 ejected for 30 s: 60 % of its requests went well within 10 s, 100 % of its peers'"])
    expect(backends[4]!.standing).toMatchObject({ by: 'ejection', state: 'unhealthy', since: 11_000, until: 41_000 })
    expect(backends[4]!.counters.ejections).toBe(1)
  })

  test('have it back when its time is over, and leave it out for longer the next time', () => {
    const { backends, clock, out, serve, told } = ejecting(5, { ...inRowOff, intervalMs: 30_000 })
    const outage = () => {
      for (const index of [0, 1, 2, 3]) serve(index, 100, 0)
      serve(4, 100, 90)
      clock.advance(30_000)
    }
    outage()
    clock.advance(30_000)
    expect([out(), told.at(-1), backends[4]!.standing.usable]).toEqual([[], '5 its ejection is over', true])
    outage()
    expect(told.at(-1)).toStartWith('5 ejected for 60 s')
  })

  test('judge by one interval at a time', () => {
    const { clock, out, serve } = ejecting(5, inRowOff)
    for (let round = 0; round < 4; round += 1) {
      for (const index of [0, 1, 2, 3, 4]) serve(index, 40, index === 4 ? 40 : 0)
      clock.advance(10_000)
    }
    expect(out()).toEqual([])
  })

  test('leave out at once who fails in a row, which a good answer ends', () => {
    const { end, out, told } = ejecting(2)
    for (const status of [500, 500, 500, 500, 200, 500, 500, 500, 500]) end(0, status)
    expect(out()).toEqual([])
    end(0, 500)
    expect([out(), told]).toEqual([[1], ['1 ejected for 30 s: 5 failures in a row']])
  })

  test('leave out a tenth for its rates, and no more while that one is out', () => {
    const { clock, out, serve } = ejecting(20, inRowOff)
    const outage = () => {
      for (let index = 0; index < 20; index += 1) serve(index, 100, index < 6 ? 100 : 0)
      clock.advance(10_000)
    }
    outage()
    expect(out()).toHaveLength(2)
    outage()
    expect(out()).toHaveLength(2)
  })

  test('begin the row anew once it has left somebody out', () => {
    const { clock, end, out } = ejecting(1)
    for (let count = 0; count < 5; count += 1) end(0, 500)
    clock.advance(30_000)
    for (let count = 0; count < 4; count += 1) end(0, 500)
    expect(out()).toEqual([])
  })

  test('forget an ejection with each good interval', () => {
    const { clock, end, told } = ejecting(1)
    const outage = () => {
      for (let count = 0; count < 5; count += 1) end(0, 500)
    }
    outage()
    clock.advance(45_000)
    outage()
    expect(told.at(-1)).toStartWith('1 ejected for 30 s')
    clock.advance(31_000)
    outage()
    expect(told.at(-1)).toStartWith('1 ejected for 60 s')
  })

  test('tell nothing of a backend that has left', () => {
    const { backends, clock, ejections, told } = ejecting(2)
    const [gone] = backends.splice(0, 1)
    for (let count = 0; count < 5; count += 1)
      ejections.onEnd(gone!, { kind: 'completed', status: 500 }, clock.now(), { startedAt: clock.now() })
    expect([gone?.facts.ejection.kind, told]).toEqual(['ejected', []])
  })

  test('hear nothing of attempts from before', () => {
    const { clock, end, out } = ejecting(1)
    for (let count = 0; count < 5; count += 1) end(0, 500)
    clock.advance(30_000)
    expect(out()).toEqual([])
    for (let count = 0; count < 9; count += 1) end(0, 500, 2000)
    expect(out()).toEqual([])
  })

  test('keep who is out over a change of policy, for as long as that says', () => {
    const { clock, ejections, end, out } = ejecting(1)
    for (let count = 0; count < 5; count += 1) end(0, 500)
    ejections.update({ ...policy, baseTimeMs: 50_000 })
    clock.advance(49_999)
    expect(out()).toEqual([1])
    clock.advance(1)
    expect(out()).toEqual([])
  })

  test('find out nothing once stopped, and go on where they were', () => {
    const { backends, clock, ejections, end, out } = ejecting(2)
    for (let count = 0; count < 5; count += 1) end(0, 500)
    end(1, 500)
    ejections.stop()
    for (let count = 0; count < 5; count += 1) end(1, 500)
    clock.advance(600_000)
    expect([out(), clock.pending()]).toEqual([[1], 0])
    ejections.update(policy)
    clock.advance(0)
    for (let count = 0; count < 4; count += 1) end(1, 500)
    expect(out()).toEqual([])
    end(1, 500)
    expect(out()).toEqual([2])
    forgetEjection(backends[1]!, clock.now())
    expect(out()).toEqual([])
  })

  test('never hold out more than maxEjected, and have everybody back', () => {
    const load = fc.tuple(fc.nat(11), fc.nat(150), fc.nat(150))
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.oneof(load, fc.nat(40_000)), { maxLength: 60 }),
        fc.constantFrom(0, 0.1, 0.34, 0.5, 1),
        (members, acts, maxEjected) => {
          const { backends, clock, ejections, out, serve } = ejecting(members)
          for (const act of acts) {
            if (typeof act === 'number') clock.advance(act)
            else serve(act[0] % members, Math.max(act[1], act[2]), Math.min(act[1], act[2]))
            const { placed } = settle(backends, { maxEjected, panicThreshold: 0 })
            const held = placed.filter(({ use }) => use === 'out')
            expect(held.length).toBeLessThanOrEqual(Math.floor(members * maxEjected + 1e-9))
            for (const {
              facts: { ejection },
            } of backends)
              if (ejection.kind === 'ejected') expect(ejection.until - ejection.since).toBeLessThanOrEqual(90_000)
          }
          // Whatever was counted before the silence may still leave somebody out at its first interval's end.
          clock.advance(10_000 + 90_000)
          expect(out()).toEqual([])
          ejections.stop()
        },
      ),
      { numRuns: 60 },
    )
  })
})
