import { describe, expect, test } from 'bun:test'
import {
  createLease,
  giveBack,
  isRunningLow,
  KEPT_MS,
  largestLease,
  type Lease,
  levelOf,
  makeWish,
  receive,
  standingOf,
} from '../../../core/limits/lease.ts'

const lease = (changes: Partial<Lease> = {}): Lease => ({ ...createLease(0), ...changes })

describe('a lease', () => {
  test('is unknown at first, and asks for the one token that somebody waits for', () => {
    const fresh = lease({ demand: 1 })
    expect(standingOf(fresh, 0)).toBe('unknown')
    expect(makeWish(fresh, 0, 1, 100)).toEqual({ wanted: 1, returned: 0 })
  })

  test.each([
    { is: 'follows the demand of 200 ms', demand: 50, elapsed: 100, size: 64, largest: 1000, next: 100 },
    { is: 'grows by no more than double', demand: 50, elapsed: 1, size: 4, largest: 1000, next: 8 },
    { is: 'shrinks at once', demand: 1, elapsed: 100, size: 64, largest: 1000, next: 2 },
    { is: 'is one at least', demand: 0, elapsed: 100, size: 64, largest: 1000, next: 1 },
    { is: 'is no more than a node may hold', demand: 500, elapsed: 100, size: 64, largest: 25, next: 25 },
    { is: 'takes no time for a ms', demand: 1, elapsed: 0, size: 64, largest: 1000, next: 128 },
  ])('of which the size $is', ({ demand, elapsed, size, largest, next }) => {
    const some = lease({ demand, askedAt: 10, size })
    expect(makeWish(some, 10 + elapsed, 0, largest).wanted).toBe(next)
    expect([some.demand, some.askedAt, some.isAsking]).toEqual([0, 10 + elapsed, true])
  })

  test('asks for what it does not hold, and for all who wait', () => {
    expect(makeWish(lease({ tokens: 3, size: 8, demand: 40, askedAt: 0 }), 1000, 0, 100).wanted).toBe(5)
    expect(makeWish(lease({ size: 8, demand: 40 }), 1000, 30, 4).wanted).toBe(30)
  })

  test('asks for those who wait alone while more is on its way', () => {
    const some = lease({ isAsking: true, size: 8, demand: 40 })
    expect(makeWish(some, 1000, 2, 100)).toEqual({ wanted: 2, returned: 0 })
    expect([some.size, some.demand]).toEqual([8, 40])
  })

  test('tells once of tokens that it had not been granted', () => {
    const some = lease({ tokens: -3, demand: 1 })
    expect(makeWish(some, 10, 1, 100)).toEqual({ wanted: 1, returned: -3 })
    expect(some.tokens).toBe(0)
  })

  test.each([
    { tokens: 5, size: 8, is: false },
    { tokens: 4, size: 8, is: true },
    { tokens: 1, size: 2, is: true },
    { tokens: 2, size: 2, is: false },
    { tokens: 1, size: 1, is: false },
    { tokens: 1, size: 8, isAsking: true, is: false },
    { tokens: 1, size: 8, askAgainAt: 101, is: false },
    { tokens: 0, size: 8, askAgainAt: 100, is: true },
  ])('with $tokens of $size left may be low: %#', ({ is, ...state }) => {
    expect(isRunningLow(lease(state), 100)).toBe(is)
  })

  test('gives what it was granted, to the last', () => {
    const some = lease()
    receive(some, { wanted: 2, returned: 0, granted: 2, level: 5 }, 1, 10)
    expect([standingOf(some, 10), some.tokens, some.isAsking]).toEqual(['token', 2, false])
    some.tokens -= 2
    expect(standingOf(some, 10)).toBe('unknown')
  })

  test('that was granted the last there was is none until there is one more', () => {
    const some = lease({ isAsking: true })
    receive(some, { wanted: 1, returned: 0, granted: 1, level: 0.5 }, 0.01, 100)
    expect(standingOf(some, 100)).toBe('token')
    some.tokens -= 1
    expect([standingOf(some, 149), standingOf(some, 150)]).toEqual(['none', 'unknown'])
  })

  test('that was granted too little is none until there is one more', () => {
    const some = lease({ isAsking: true })
    receive(some, { wanted: 1, returned: 0, granted: 0, level: 0.25 }, 0.01, 100)
    expect([some.until, some.askAgainAt]).toEqual([175, 175])
    expect([standingOf(some, 174.9), standingOf(some, 175)]).toEqual(['none', 'unknown'])
  })

  test('of many waits for many, a quarter of a second at most, and asks in half the time', () => {
    const some = lease({ size: 20 })
    receive(some, { wanted: 20, returned: 0, granted: 0, level: 0 }, 0.1, 0)
    expect([some.until, some.askAgainAt]).toEqual([200, 100])
    const more = lease({ size: 1000 })
    receive(more, { wanted: 1000, returned: 0, granted: 0, level: 0 }, 0.1, 0)
    expect([more.until, more.askAgainAt]).toEqual([250, 125])
  })

  test('that was granted a part uses it before it is none', () => {
    const some = lease({ size: 4 })
    receive(some, { wanted: 4, returned: 0, granted: 1, level: 0 }, 0.1, 0)
    expect(standingOf(some, 0)).toBe('token')
    some.tokens -= 1
    expect(standingOf(some, 0)).toBe('none')
  })

  test.each([
    { state: { tokens: 3 }, wish: { wanted: 0, returned: 3 } },
    { state: { tokens: -2 }, wish: { wanted: 0, returned: -2 } },
    { state: { hasUsedShare: true }, wish: { wanted: 0, returned: 0 } },
    { state: {}, wish: undefined },
  ])('gives back $state', ({ state, wish }) => {
    expect(giveBack(lease(state))).toEqual(wish)
  })

  test('tells a level by which is let in who has a token, and nobody else', () => {
    const measures = { perMs: 0.01, burst: 10 }
    expect(levelOf(lease({ tokens: 1, level: 2 }), measures, 100)).toBe(4)
    expect(levelOf(lease({ tokens: 1, level: 9 }), measures, 1000)).toBe(10)
    expect(levelOf(lease({ until: 150 }), measures, 100)).toBe(0.5)
    expect(levelOf(lease({ until: 900 }), measures, 100)).toBe(0)
    expect(levelOf(lease({ until: 100.01 }), measures, 100)).toBeLessThan(1)
  })

  test('is new after it has been left alone', () => {
    expect(createLease(5000).askedAt).toBe(5000 - KEPT_MS)
  })

  test.each([
    [200, 4, 25],
    [10, 4, 1],
    [1, 1, 1],
    [9, 1, 4],
  ])('of a burst of %d and %d nodes is %d at most', (burst, nodes, most) => {
    expect(largestLease(burst, nodes)).toBe(most)
  })
})
