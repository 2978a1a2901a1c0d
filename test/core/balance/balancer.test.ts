import { describe, expect, test } from 'bun:test'
import { Balancer } from '../../../core/balance/balancer.ts'
import type { Candidates, Outcome, Strategy } from '../../../core/strategy/strategy.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const context = {
  key: undefined,
  client: { address: '192.0.2.1', zone: undefined, place: undefined },
  now: 0,
  random: () => 0.5,
}
const completed: Outcome = { kind: 'completed', status: 200, elapsedMs: 3 }
const backends = [makeBackend(1), makeBackend(2), makeBackend(3)] as const

function balancing(strategy: Strategy) {
  const faults: string[] = []
  const clock = virtualClock()
  const balancer = new Balancer({
    strategy,
    reports: { onFault: (what) => faults.push(what), onSlow: () => undefined },
    clock,
    observers: [],
  })
  balancer.update(backends)
  return { balancer, faults, clock }
}

const taking = (index: number): Strategy => ({ pick: (candidates) => candidates[index] ?? candidates[0] })

describe('Balancer', () => {
  test('has nobody to pick without backends', () => {
    const { balancer } = balancing(taking(0))
    balancer.update([])
    expect(balancer.pick(context, [])).toBeUndefined()
    expect(balancer.hasCandidates).toBeFalse()
  })

  test('asks another strategy from the next pick on', () => {
    const { balancer } = balancing(taking(0))
    expect(balancer.pick(context, [])).toBe(backends[0])
    balancer.swap(taking(2))
    expect(balancer.pick(context, [])).toBe(backends[2])
  })

  test('shows the same list until somebody comes or goes', () => {
    const seen: Candidates[] = []
    const { balancer } = balancing({
      pick(candidates) {
        seen.push(candidates)
        return candidates[0]
      },
    })
    balancer.pick(context, [])
    balancer.update([...backends])
    balancer.pick(context, [])
    balancer.update(backends.slice(1))
    balancer.pick(context, [])
    expect(seen[1]).toBe(seen[0])
    expect(seen[2]).not.toBe(seen[0])
  })

  test.each([
    ['a stranger', { pick: () => makeBackend(9) }, 'pick returned something that is not in the list'],
    ['nothing', { pick: () => undefined as never }, 'pick returned undefined; it must return one of its candidates'],
    [
      'an id',
      { pick: (candidates: Candidates) => candidates[1]?.id as never },
      'pick returned a text; it must return the candidate itself, not its id',
    ],
    [
      'a copy',
      { pick: (candidates: Candidates) => ({ ...candidates[0] }) },
      'pick returned a copy of a candidate; it must return the object that is in the list',
    ],
    ['a throw', { pick: (): never => JSON.parse('') as never }, 'pick threw'],
  ])('takes the first and counts a fault for %s', (_, strategy, fault) => {
    const { balancer, faults } = balancing(strategy)
    expect(balancer.pick(context, [])).toBe(backends[0])
    expect(faults).toEqual([fault])
  })

  test('takes another when a strategy insists on one that was tried', () => {
    const { balancer, faults } = balancing({ pick: () => backends[0] })
    expect(balancer.pick(context, [backends[0]])).toBe(backends[1])
    expect(faults).toHaveLength(1)
  })

  test('lets no hook keep an attempt from being counted', () => {
    const boom = (): never => JSON.parse('') as never
    const { balancer, faults } = balancing({ ...taking(0), onStart: boom, onResponse: boom, onEnd: boom })
    const attempt = balancer.begin(backends[0], 1)
    expect(backends[0].inflight).toBe(1)
    attempt.respond(2)
    attempt.end(completed, 4)
    expect(backends[0].inflight).toBe(0)
    expect(faults).toEqual(['onStart threw', 'onResponse threw', 'onEnd threw'])
  })

  test('calls hooks as methods, with times since the start', () => {
    const told: unknown[] = []
    const strategy: Strategy & { me: string } = {
      ...taking(0),
      me: 'this',
      onStart(candidate, now) {
        told.push([this.me, candidate.id, now])
      },
      onResponse(_, ttfbMs, now) {
        told.push([this.me, ttfbMs, now])
      },
      onEnd(_, outcome, now) {
        told.push([this.me, outcome, now])
      },
    }
    const attempt = balancing(strategy).balancer.begin(backends[1], 10)
    attempt.respond(12)
    attempt.end(completed, 15)
    expect(told).toEqual([
      ['this', '127.0.0.1:2', 10],
      ['this', 2, 12],
      ['this', completed, 15],
    ])
  })

  test('may be given another strategy by the very fault it reports', () => {
    const balancer: Balancer = new Balancer({
      strategy: { pick: () => makeBackend(9) },
      reports: { onFault: () => balancer.swap(taking(1)), onSlow: () => undefined },
      clock: virtualClock(),
      observers: [],
    })
    balancer.update(backends)
    expect(balancer.pick(context, [])).toBe(backends[0])
    expect(balancer.pick(context, [])).toBe(backends[1])
  })
})
