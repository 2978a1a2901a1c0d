import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Buckets, hasToken, untilNextMs, wholeTokens } from '../../../core/limits/buckets.ts'
import type { Allowance } from '../../../core/limits/policy.ts'
import { parseRate } from '../../../core/rate.ts'

const allow = (rate: string, burst: number): Allowance => ({ rate: parseRate(rate)!, burst })
const keyOf = (index: number) => ({ high: index * 7, low: index + 1 })

/** Whether a request of the key at that time gets a token. */
function ask(buckets: Buckets, now: number, index = 0, own?: Allowance): boolean {
  const isIn = hasToken(buckets.look(keyOf(index), now, own))
  if (isIn) buckets.take()
  return isIn
}

const passed = (buckets: Buckets, now: number, count: number, index = 0): number =>
  Array.from({ length: count }, () => ask(buckets, now, index)).filter(Boolean).length

describe('token buckets', () => {
  test('let a burst through, and then one at a time as the rate grants them', () => {
    const buckets = new Buckets(allow('10/s', 5), 1000)
    const steps = [
      [1000, 5],
      [1000, 0],
      [1099, 0],
      [1100, 1],
      [1199, 0],
      [1350, 2],
      [1400, 1],
      [60_000, 5],
    ] as const
    for (const [now, expected] of steps) expect([now, passed(buckets, now, 8)]).toEqual([now, expected])
  })

  test('are each key’s own', () => {
    const buckets = new Buckets(allow('1/d', 3), 0)
    expect([passed(buckets, 0, 9, 1), passed(buckets, 0, 9, 2), passed(buckets, 0, 9, 1)]).toEqual([3, 3, 0])
    expect(buckets.size).toBe(2)
  })

  test('let the rate through over time, whoever asks how often', () => {
    for (const everyMs of [0.125, 1, 2.5, 5]) {
      const buckets = new Buckets(allow('100/s', 10), 0)
      let total = 0
      for (let now = 0; now <= 10_000; now += everyMs) total += passed(buckets, now, 1)
      expect([everyMs, total]).toEqual([everyMs, 1010])
    }
  })

  test('are as exact after ten years of uptime at a million a second', () => {
    const tenYears = 315_360_000_000
    const buckets = new Buckets(allow('1000000/s', 100), 0)
    expect(passed(buckets, tenYears, 200)).toBe(100)
    expect(passed(buckets, tenYears + 0.05, 200)).toBeWithin(49, 52)
  })

  test('say how many tokens there are, and when there is one more', () => {
    const buckets = new Buckets(allow('10/s', 5), 0)
    passed(buckets, 0, 4)
    const level = buckets.look(keyOf(0), 25)
    expect([level, wholeTokens(level), untilNextMs(level, parseRate('10/s')!)]).toEqual([1.25, 1, 75])
    const none = buckets.look(keyOf(0), 0)
    buckets.take()
    expect(none).toBe(1)
    expect(untilNextMs(buckets.look(keyOf(0), 30), parseRate('10/s')!)).toBeCloseTo(70, 9)
  })

  test('let in who comes exactly when he was told to', () => {
    const rates = ['3/s', '7/m', '11/h', '999/d']
    for (const rate of rates) {
      const buckets = new Buckets(allow(rate, 1), 0.1)
      let now = 0.1
      for (let round = 0; round < 100; round += 1) {
        expect(ask(buckets, now)).toBe(true)
        now += untilNextMs(buckets.look(keyOf(0), now), parseRate(rate)!)
      }
    }
  })

  test('keep their levels when the rate changes, in tokens, and up to the new burst', () => {
    const buckets = new Buckets(allow('10/s', 100), 0)
    passed(buckets, 0, 60)
    buckets.update(allow('1/h', 100), 1000)
    expect(buckets.look(keyOf(0), 1000)).toBeCloseTo(50, 9)
    expect(buckets.look(keyOf(0), 3_601_000)).toBeCloseTo(51, 9)
    buckets.update(allow('1/h', 20), 3_601_000)
    expect(buckets.look(keyOf(0), 3_601_000)).toBe(0)
    buckets.take()
    buckets.update(allow('1000/s', 2000), 3_601_000)
    expect(buckets.look(keyOf(0), 3_601_010)).toBeCloseTo(1989, 9)
    expect(buckets.look(keyOf(1), 3_601_010)).toBe(2000)
  })

  test('have nobody wait for tokens that he could not have, once a burst is less', () => {
    const buckets = new Buckets(allow('1/m', 100), 0)
    passed(buckets, 0, 100)
    buckets.update(allow('1/m', 2), 0)
    expect([passed(buckets, 0, 9), passed(buckets, 60_000, 9), passed(buckets, 300_000, 9)]).toEqual([0, 1, 2])
  })

  test('grant some keys what is their own', () => {
    const buckets = new Buckets(allow('10/s', 5), 0)
    const own = allow('1000/s', 50)
    const ofOwn = (now: number): number =>
      Array.from({ length: 99 }, () => ask(buckets, now, 0, own)).filter(Boolean).length
    expect([ofOwn(0), ofOwn(10), ofOwn(1000), passed(buckets, 1000, 9, 1)]).toEqual([50, 10, 50, 5])
    expect(buckets.look(keyOf(0), 1020, own)).toBeCloseTo(20, 9)
  })

  test('that are full again are forgotten, and no other', () => {
    const buckets = new Buckets(allow('1000/s', 10), 0, 100)
    for (let index = 0; index < 10_000; index += 1) expect(ask(buckets, index, index)).toBe(true)
    expect([buckets.evicted, buckets.size < 20]).toEqual([0, true])
  })

  test('that are fullest give way for new ones where there is no room, so that nobody who used his up is let in again', () => {
    const buckets = new Buckets(allow('1/d', 100), 0, 200)
    for (let index = 0; index < 50; index += 1) passed(buckets, 0, 100, index)
    for (let index = 50; index < 5050; index += 1) expect(ask(buckets, 1, index)).toBe(true)
    expect(Array.from({ length: 50 }, (_, index) => ask(buckets, 2, index)).filter(Boolean)).toEqual([])
    expect([buckets.size, buckets.evicted]).toEqual([200, 4850])
  })

  /** All in binary fractions, so that the model is exact and so is the rest. */
  const rate = fc.record({ count: fc.integer({ min: 1, max: 64 }), perMs: fc.constantFrom(1, 16, 256) })
  const allowance = fc.record({ rate, burst: fc.integer({ min: 1, max: 12 }) })
  const step = fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2000 })),
    index: fc.integer({ min: 0, max: 30 }),
    becomes: fc.option(allowance, { freq: 8 }),
  })

  test('do what a level for each key does that rises with time', () => {
    const property = fc.property(allowance, fc.array(step, { maxLength: 300 }), (first, steps) => {
      const buckets = new Buckets(first, 0)
      const lacks = new Map<number, number>()
      let [current, now] = [first, 0]
      for (const { waitMs, index, becomes } of steps) {
        now += waitMs
        const granted = (waitMs * current.rate.count) / current.rate.perMs
        for (const [key, lack] of lacks) lacks.set(key, Math.max(0, lack - granted))
        if (becomes !== null) {
          current = becomes
          buckets.update(becomes, now)
        }
        const lack = Math.min(lacks.get(index) ?? 0, current.burst)
        lacks.set(index, lack)
        expect(buckets.look(keyOf(index), now)).toBe(current.burst - lack)
        if (current.burst - lack < 1) continue
        buckets.take()
        lacks.set(index, lack + 1)
      }
    })
    fc.assert(property, { numRuns: 300 })
  })
})
