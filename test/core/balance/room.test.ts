/** Whom a balancer gives requests to while some, or all, are at their bounds. */
import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { Balancer } from '../../../core/balance/balancer.ts'
import { Breakers } from '../../../core/health/breakers.ts'
import type { Candidates, Outcome, Strategy } from '../../../core/strategy/strategy.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'
import { touchyBreaker } from '../../support/policies.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const context = contextOf({ random: () => 0.5 })
const completed: Outcome = { kind: 'completed', status: 200, elapsedMs: 3 }

/** `told`: how often somebody who waits for room would have heard of some. */
function balancing(strategy: Strategy) {
  const faults: string[] = []
  const heard = { told: 0 }
  const balancer = new Balancer({
    strategy,
    reports: { onFault: (what) => faults.push(what), onSlow: () => undefined },
    clock: virtualClock(),
    observers: [],
    onRoom: () => (heard.told += 1),
  })
  return { balancer, faults, heard }
}

/** The strategy that takes the first it is shown; `asked` tells the lists. */
function takingTheFirst() {
  const asked: Candidates[] = []
  const strategy: Strategy = {
    pick(candidates) {
      asked.push(candidates)
      return candidates[0]
    },
  }
  return { asked, ids: () => asked.map((list) => list.map(({ id }) => id)), ...balancing(strategy) }
}

describe('backends at their caps', () => {
  /** Backends with and without room. */
  function capped(...rooms: readonly boolean[]) {
    const some = rooms.map((hasRoom, index) => {
      const backend = makeBackend(index + 1)
      backend.room = { hasRoom }
      return backend
    })
    const first = takingTheFirst()
    first.balancer.update(some)
    return { ...first, some }
  }

  test('are left out of a list of its own for that one pick', () => {
    const { ids, balancer, some } = capped(false, false, true, true)
    expect(balancer.pick(context, [])).toBe(some[2])
    expect(ids()).toEqual([some.map(({ id }) => id), [some[2]!.id, some[3]!.id]])
  })

  test('cost nothing while others are picked', () => {
    const { asked, balancer, some } = capped(true, false)
    expect(balancer.pick(context, [])).toBe(some[0])
    expect(asked).toHaveLength(1)
  })

  test('are nobody to pick when all are, and nobody is asked', () => {
    const { asked, balancer } = capped(...Array.from({ length: 1000 }, () => false))
    expect(balancer.pick(context, [])).toBeUndefined()
    expect(asked).toHaveLength(0)
    expect([balancer.hasUsable(), balancer.hasRoom()]).toEqual([true, false])
  })

  test('are back, or gone, as soon as their room is told', () => {
    const { asked, balancer, some } = capped(true, true)
    balancer.pick(context, [])
    const [first, second] = some
    first!.room = { hasRoom: false }
    balancer.updateRoom(first!)
    expect(balancer.pick(context, [])).toBe(second)
    second!.room = { hasRoom: false }
    balancer.updateRoom(second!)
    expect([balancer.pick(context, []), balancer.hasRoom()]).toEqual([undefined, false])
    first!.room = { hasRoom: true }
    balancer.updateRoom(first!)
    expect([balancer.pick(context, []), balancer.hasRoom()]).toEqual([first, true])
    expect(new Set(asked.filter(({ length }) => length === 2)).size).toBe(1)
  })

  test('are left out of retries, which ask once', () => {
    const { asked, ids, balancer, some } = capped(true, false, true, true)
    expect(balancer.pick(context, [some[0]!])).toBe(some[2])
    expect(ids()).toEqual([[some[2]!.id, some[3]!.id]])
    // The last one is taken unasked.
    expect(balancer.pick(context, [some[0]!, some[2]!])).toBe(some[3])
    expect(balancer.pick(context, [some[0]!, some[2]!, some[3]!])).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  test('are no others to go to, which nobody is asked about', () => {
    const { asked, balancer, some } = capped(true, false, true)
    const hasOther = (...tried: number[]) => balancer.hasOther(tried.map((index) => some[index]!))
    expect([hasOther(), hasOther(0), hasOther(2), hasOther(0, 2), hasOther(0, 1, 2)]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    expect(asked).toEqual([])
  })

  test('are not looked at one by one by those who look for another', () => {
    const some = Array.from({ length: 1000 }, (_, index) => makeBackend(index + 1))
    const { balancer } = takingTheFirst()
    let looks = 0
    const room = {
      get hasRoom() {
        looks += 1
        return false
      },
    }
    for (const backend of some) backend.room = room
    balancer.update(some)
    expect(balancer.hasOther([])).toBe(false)
    looks = 0
    expect([balancer.hasOther([some[7]!]), balancer.pick(context, [some[7]!]), looks]).toEqual([false, undefined, 0])
  })

  test('are never given a request by a strategy that insists', () => {
    const { balancer, faults, some } = capped(false, true, true)
    balancer.swap({ pick: () => some[0]!.candidate })
    expect(some.slice(1)).toContain(balancer.pick(context, [])!)
    expect(faults).toEqual(['pick returned something that is not in the list'])
  })
})

describe('of many backends with room', () => {
  /** 300 backends, the first `full` of them at their caps, and the strategy that takes the first. */
  function crowd(full: number) {
    const some = Array.from({ length: 300 }, (_, index) => makeBackend(index + 1))
    for (const backend of some.slice(0, full)) backend.room = { hasRoom: false }
    const first = takingTheFirst()
    first.balancer.update(some)
    return { ...first, some }
  }

  test('a strategy is shown those behind the full one that it chose', () => {
    const { ids, balancer, some } = crowd(10)
    expect(balancer.pick(context, [])).toBe(some[10])
    expect(ids()[1]).toEqual(some.slice(10, 74).map(({ id }) => id))
  })

  test('a retry is given to one of those behind the last that was tried, and round', () => {
    const { ids, balancer, some } = crowd(0)
    expect(balancer.pick(context, [some[1]!, some[298]!])).toBe(some[299])
    expect(ids()[0]).toEqual([some[299]!, some[0]!, ...some.slice(2, 63)].map(({ id }) => id))
  })
})

describe('a backend on trial', () => {
  /** Two backends, the first of which is half-open. */
  function onTrial(trials = 2) {
    const clock = virtualClock()
    const some = [makeBackend(1), makeBackend(2)] as const
    const { balancer, heard } = takingTheFirst()
    const breakers = new Breakers({
      policy: { ...touchyBreaker, trials },
      backends: () => some,
      clock,
      random: () => 0,
      onChange(backend) {
        backend.reckon(NO_RULE, clock.now())
        balancer.update(some)
      },
    })
    balancer.configure({ maxEjected: 1, panicThreshold: 0 }, [breakers])
    for (const backend of some) backend.onRoomChange = () => balancer.updateRoom(backend)
    breakers.update({ ...touchyBreaker, trials })
    balancer.update(some)
    const begin = (backend: Backend) => balancer.begin(backend, clock.now())
    const fail = (backend: Backend): void =>
      begin(backend).end({ kind: 'failed', cause: 'reset', elapsedMs: 0 }, clock.now())
    fail(some[0])
    clock.advance(1000)
    expect([balancer.pick(context, []), some[0].use]).toEqual([some[0], 'trial'])
    return { balancer, begin, breakers, clock, fail, heard, some }
  }

  test('is full while as many trials as may are under way, and back with the end of one', () => {
    const { balancer, begin, heard, some } = onTrial()
    const [first, second] = [begin(some[0]), begin(some[0])]
    expect(balancer.pick(context, [])).toBe(some[1])
    expect(balancer.hasOther([some[1]])).toBe(false)
    heard.told = 0
    first.end({ kind: 'abandoned', elapsedMs: 1 }, 2000)
    expect(heard.told).toBeGreaterThan(0)
    expect(balancer.pick(context, [])).toBe(some[0])
    second.end({ kind: 'abandoned', elapsedMs: 1 }, 2000)
  })

  test('is full, though it is on trial anew, until the trials of now are fewer', () => {
    const { balancer, begin, clock, fail, some } = onTrial(1)
    fail(some[0])
    // Nobody has asked meanwhile what becomes of it.
    clock.advance(1000)
    expect(balancer.pick(context, [])).toBe(some[0])
    const trial = begin(some[0])
    expect(balancer.pick(context, [])).toBe(some[1])
    trial.end(completed, clock.now())
    expect([balancer.pick(context, []), some[0].use]).toEqual([some[0], 'used'])
  })

  test('has its trials by what is in force', () => {
    const { balancer, begin, breakers, some } = onTrial(1)
    begin(some[0])
    expect(balancer.pick(context, [])).toBe(some[1])
    breakers.update({ ...touchyBreaker, trials: 2 })
    expect(balancer.pick(context, [])).toBe(some[0])
  })

  test('has no room for more than its bound allows', () => {
    const { balancer, begin, some } = onTrial(2)
    some[0].limit(1)
    begin(some[0])
    expect(balancer.pick(context, [])).toBe(some[1])
  })

  test('that is the only one has nobody to give requests to while its trials are under way', () => {
    const { balancer, begin, fail, clock, heard, some } = onTrial(1)
    fail(some[1])
    const trial = begin(some[0])
    expect([balancer.hasUsable(), balancer.hasRoom()]).toEqual([true, false])
    heard.told = 0
    trial.end(completed, clock.now())
    expect([balancer.hasRoom(), heard.told > 0]).toEqual([true, true])
  })
})

describe('a bound on the pool', () => {
  test('leaves nobody to pick once so many attempts are under way, whoever has them', () => {
    const { balancer, heard } = takingTheFirst()
    const some = [makeBackend(1), makeBackend(2)]
    balancer.update(some)
    balancer.bound(2)
    const attempts = [balancer.begin(balancer.pick(context, [])!, 0), balancer.begin(balancer.pick(context, [])!, 0)]
    expect([balancer.pick(context, []), balancer.hasRoom(), balancer.inflight]).toEqual([undefined, false, 2])
    expect(balancer.pick(context, [some[0]!])).toBeUndefined()
    // Who goes on from one to another gives its own place up for it.
    expect([balancer.isAtBound, balancer.hasOther([some[0]!])]).toEqual([true, true])
    heard.told = 0
    attempts[0]!.end(completed, 1)
    expect([balancer.hasRoom(), heard.told]).toEqual([true, 1])
    balancer.bound(1)
    expect(balancer.hasRoom()).toBe(false)
    attempts[1]!.end(completed, 1)
    expect(balancer.hasRoom()).toBe(true)
  })
})
