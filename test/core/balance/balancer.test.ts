import { describe, expect, test } from 'bun:test'
import { Balancer } from '../../../core/balance/balancer.ts'
import type { Candidates, Outcome, Strategy } from '../../../core/strategy/strategy.ts'
import type { Backend } from '../../../core/backend/backend.ts'
import { makeBackend, makeMember } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'

const context = contextOf({ random: () => 0.5 })
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
    expect(balancer.hasUsable()).toBeFalse()
  })

  test('offers whoever it would show to a strategy', () => {
    const { balancer } = balancing(taking(0))
    const [first, second, third] = backends
    expect([balancer.offers(first), balancer.offers(makeBackend(1))]).toEqual([true, false])
    const draining = makeBackend(9, { isDraining: true })
    balancer.update([first, second, draining])
    expect([second, third, draining].map((backend) => balancer.offers(backend))).toEqual([true, false, false])
    balancer.update([])
    expect(balancer.offers(first)).toBeFalse()
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

  test('shows another list once somebody stands elsewhere, and no other for the same place said again', () => {
    const seen: Candidates[] = []
    const { balancer } = balancing({
      pick(candidates) {
        seen.push(candidates)
        return candidates[0]
      },
    })
    const backend = makeBackend(1)
    const standing = [
      { zone: 'eu' },
      { zone: 'us' },
      { zone: 'us', weight: 3 },
      { zone: 'us', place: { latitude: 1, longitude: 2 } },
      { zone: 'us', place: { latitude: 1, longitude: 2 } },
    ]
    for (const where of standing) {
      backend.configure(makeMember(1, where), 0)
      balancer.update([backend])
      balancer.pick(context, [])
    }
    const isOther = seen.slice(1).map((candidates, index) => candidates !== seen[index])
    expect(isOther).toEqual([true, false, true, false])
  })

  test.each([
    ['a stranger', { pick: () => makeBackend(9).candidate }, 'pick returned something that is not in the list'],
    ['a backend', { pick: () => backends[0] as never }, 'pick returned a copy of a candidate; '],
    ['nothing', { pick: () => undefined as never }, 'pick returned undefined; it must return one of its candidates'],
    ['an id', { pick: (all: Candidates) => all[1]?.id as never }, 'pick returned a text; it must return the candidate'],
    ['a copy', { pick: (all: Candidates) => ({ ...all[0], id: all[0].id }) }, 'pick returned a copy of a candidate; '],
    ['a throw', { pick: (): never => JSON.parse('') as never }, 'pick threw'],
  ])('draws one by weight, and counts a fault, for %s', (_, strategy, fault) => {
    const { balancer, faults } = balancing(strategy)
    const picked = [0, 0.3, 0.5, 0.99].map((draw) => balancer.pick({ ...context, random: () => draw }, []))
    expect(picked).toEqual([backends[0], backends[0], backends[1], backends[2]])
    expect(faults[0]).toStartWith(fault)
    expect(faults).toHaveLength(4)
  })

  test('takes another when a strategy insists on one that was tried', () => {
    const { balancer, faults } = balancing({ pick: () => backends[0].candidate })
    expect(balancer.pick({ ...context, random: () => 0 }, [backends[0]])).toBe(backends[1])
    expect(faults).toHaveLength(1)
  })

  test('takes one that traffic holds out once all others have been tried', () => {
    const { balancer } = balancing(taking(0))
    const refusing = [4, 5].map((port) => {
      const backend = makeBackend(port)
      backend.facts.traffic = { kind: 'failing', since: 0, cause: 'refused', until: 9 }
      backend.reckon(NO_RULE, 0)
      return backend
    })
    const [back, away] = refusing as [Backend, Backend]
    balancer.update([back, ...backends, away])
    expect(balancer.pick(context, backends.slice(0, 2))).toBe(backends[2])
    expect(balancer.pick(context, backends)).toBe(back)
    expect(balancer.pick(context, [...backends, back])).toBe(away)
    expect(balancer.pick(context, [...backends, back, away])).toBeUndefined()
    expect(balancer.hasOther([...backends, back])).toBeTrue()
    expect(balancer.hasOther([...backends, back, away])).toBeFalse()
  })

  test('takes one of a tier that is not needed once all others have been tried, the next tier first', () => {
    const { balancer } = balancing(taking(0))
    const [third, second] = [makeBackend(4, { tier: 2 }), makeBackend(5, { tier: 1 })]
    const back = makeBackend(6)
    back.facts.traffic = { kind: 'failing', since: 0, cause: 'refused', until: 9 }
    back.reckon(NO_RULE, 0)
    balancer.update([back, third, ...backends, second])
    const order = [second, third, back]
    for (const [index, next] of order.entries()) {
      const tried = [...backends, ...order.slice(0, index)]
      expect([balancer.pick(context, tried), balancer.hasOther(tried), balancer.hasUsable(tried)]).toEqual([
        next,
        true,
        false,
      ])
    }
    expect(balancer.pick(context, [...backends, ...order])).toBeUndefined()
    expect([balancer.hasUsable(backends.slice(1)), second.use, third.use]).toEqual([true, 'spare', 'spare'])
  })

  test('lets no hook keep an attempt from being counted', () => {
    const boom = (): never => JSON.parse('') as never
    const { balancer, faults } = balancing({ ...taking(0), onStart: boom, onResponse: boom, onEnd: boom })
    const attempt = balancer.begin(backends[0], 1)
    expect(backends[0].inflight).toBe(1)
    attempt.respond(200, 2)
    attempt.end(completed, 4)
    expect(backends[0].inflight).toBe(0)
    expect(faults).toEqual(['onStart threw', 'onResponse threw', 'onEnd threw'])
  })

  test('calls hooks as methods, with times since the start', () => {
    const told: unknown[] = []
    const strategy: Strategy & { me: string } = {
      ...taking(0),
      me: 'this',
      onStart({ candidate, startedAt }) {
        told.push([this.me, candidate.id, startedAt])
      },
      onResponse({ startedAt }, status, now) {
        told.push([this.me, status, now - startedAt, now])
      },
      onEnd(_, outcome, now) {
        told.push([this.me, outcome, now])
      },
    }
    const attempt = balancing(strategy).balancer.begin(backends[1], 10)
    attempt.respond(204, 12)
    attempt.end(completed, 15)
    expect(told).toEqual([
      ['this', '127.0.0.1:2', 10],
      ['this', 204, 2, 12],
      ['this', completed, 15],
    ])
  })

  test('may be given another strategy by the very fault it reports', () => {
    const balancer: Balancer = new Balancer({
      strategy: { pick: () => makeBackend(9).candidate },
      reports: { onFault: () => balancer.swap(taking(1)), onSlow: () => undefined },
      clock: virtualClock(),
      observers: [],
    })
    balancer.update(backends)
    expect(balancer.pick({ ...context, random: () => 0 }, [])).toBe(backends[0])
    expect(balancer.pick(context, [])).toBe(backends[1])
  })
})

describe('what a strategy is shown', () => {
  /** What a plugin without types might take a candidate for. */
  interface Writable {
    weight: number
    inflight: number
    isDraining: boolean
    place: { latitude: number }
  }
  const writes: readonly (readonly [what: string, write: (all: [Writable, Writable, ...Writable[]]) => unknown])[] = [
    ['takes one off the list', (all) => all.pop()],
    ['adds to the list', (all) => all.push(all[0])],
    ['empties the list', (all) => all.splice(0)],
    ['puts one in the place of another', (all) => (all[0] = all[1])],
    ['sorts the list', (all) => all.sort(() => -1)],
    ['writes a weight', (all) => (all[0].weight = 9)],
    ['writes what is in flight', (all) => (all[0].inflight -= 5)],
    ['writes where it is', (all) => (all[0].place.latitude = 9)],
    ['adds a field', (all) => (all[0].isDraining = true)],
    [
      'changes what all candidates are',
      (all) => Object.defineProperty(Object.getPrototypeOf(all[0]), 'inflight', { value: 0 }),
    ],
  ]
  test.each(writes)('does not change when it %s', (_, write) => {
    const places = [1, 2, 3].map((port) => makeBackend(port, { place: { latitude: 1, longitude: 2 } }))
    const { balancer, faults } = balancing({
      pick(candidates) {
        write(candidates as never)
        return candidates[1] ?? candidates[0]
      },
    })
    balancer.update(places)
    for (let picks = 0; picks < 3; picks += 1) expect(places).toContain(balancer.pick(context, [])!)
    expect(faults).toEqual(['pick threw', 'pick threw', 'pick threw'])
    const facts = { weight: 1, inflight: 0, place: { latitude: 1 }, standing: { state: 'unchecked' } }
    for (const backend of places) expect(backend).toMatchObject(facts)
    balancer.swap(taking(2))
    expect(balancer.pick(context, [])).toBe(places[2])
  })

  test('is live, and the same for hooks and picks', () => {
    const shown = new Set<unknown>()
    const figures: unknown[] = []
    const { balancer } = balancing({
      pick(candidates) {
        shown.add(candidates[0])
        return candidates[0]
      },
      onStart: ({ candidate }) => {
        shown.add(candidate)
        figures.push([candidate.inflight, candidate.weight])
      },
    })
    const backend = makeBackend(1)
    balancer.update([backend])
    balancer.begin(balancer.pick(context, [])!, 0)
    backend.configure(makeMember(1, { weight: 3 }), 0)
    backend.reckon(NO_RULE, 0)
    balancer.begin(balancer.pick(context, [])!, 0)
    expect(figures).toEqual([
      [1, 1],
      [2, 3],
    ])
    expect([...shown]).toEqual([backend.candidate])
    expect(JSON.parse(JSON.stringify(backend.candidate))).toEqual({ id: backend.id, weight: 3, inflight: 2 })
  })
})
