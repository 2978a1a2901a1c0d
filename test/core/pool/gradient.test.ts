import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Gradient } from '../../../core/pool/gradient.ts'
import type { ConcurrencyPolicy } from '../../../core/pool/policy.ts'

const policy: ConcurrencyPolicy = { start: 20, min: 20, max: 200, tolerance: 1.5 }

interface Traffic {
  readonly seconds: number
  /** How long a response takes while so many are under way. */
  readonly ms: (inflight: number) => number
  /** How many want to be under way; as many as may by default. */
  readonly demand?: number
}

/** A backend and its limit, window by window; `run` returns the limit at the end. */
function limiting(given: Partial<ConcurrencyPolicy> = {}) {
  const gradient = new Gradient({ ...policy, ...given }, 0)
  let now = 0
  function run({ seconds, ms, demand = Infinity }: Traffic): number {
    for (let window = 0; window < seconds * 10; window += 1) {
      now += 100
      const inflight = Math.min(demand, gradient.limit)
      for (let count = 0; count < 10; count += 1) gradient.record(ms(inflight), inflight, now)
    }
    return gradient.limit
  }
  return { gradient, run }
}

/** It works on `capacity` at once, and whoever comes beyond that waits in line. */
const serving = (capacity: number, baseMs = 10) => ({
  ms: (inflight: number) => baseMs * Math.max(1, inflight / capacity),
})

describe('the limit of a backend', () => {
  test('grows by eight a second while responses take as long as ever, up to its bound', () => {
    const { run } = limiting()
    expect(run({ seconds: 1, ...serving(1000) })).toBe(28)
    expect(run({ seconds: 30, ...serving(1000) })).toBe(200)
  })

  test('stays where it is while nobody comes near it', () => {
    const { run } = limiting({ start: 40 })
    expect(run({ seconds: 60, demand: 19, ...serving(1000) })).toBe(40)
    expect(run({ seconds: 1, demand: 21, ...serving(1000) })).toBeGreaterThan(40)
  })

  test('stops at what the backend bears, give or take what it tolerates', () => {
    const { run } = limiting()
    const found = run({ seconds: 60, ...serving(50) })
    expect(found).toBeGreaterThanOrEqual(50)
    expect(found).toBeLessThan(110)
  })

  test('falls within seconds when the backend bears less, and comes back', () => {
    const { run } = limiting({ min: 4 })
    const before = run({ seconds: 60, ...serving(100) })
    const during = run({ seconds: 5, ...serving(10) })
    expect(during).toBeLessThan(before / 3)
    const after = run({ seconds: 60, ...serving(100) })
    expect(after).toBeGreaterThan(2 * during)
  })

  test('learns anew what is usual once a long overload is over', () => {
    const { run } = limiting({ min: 4 })
    run({ seconds: 1200, ms: () => 100 })
    const before = run({ seconds: 20, ms: () => 10 })
    expect(run({ seconds: 5, ms: () => 40 })).toBeLessThan(before / 2)
  })

  test('falls as low as it may, and comes up from there', () => {
    const { run } = limiting({ start: 8, min: 1, max: 50 })
    run({ seconds: 10, ms: () => 10 })
    expect(run({ seconds: 10, ms: () => 1000 })).toBe(1)
    expect(run({ seconds: 20, ms: () => 10 })).toBeGreaterThan(20)
  })

  test('goes by windows of ten responses at least, and of 100 ms', () => {
    const { gradient } = limiting()
    for (let count = 0; count < 9; count += 1) gradient.record(10, 20, 5000)
    for (let count = 0; count < 1000; count += 1) gradient.record(10, 20, 99)
    expect(gradient.limit).toBe(20)
    gradient.record(10, 20, 5001)
    gradient.record(10, 20, 5101)
    expect(gradient.limit).toBe(20)
    for (let count = 0; count < 9; count += 1) gradient.record(10, 20, 5101)
    expect(gradient.limit).toBe(21)
  })

  test('keeps what it found under another policy, within its bounds', () => {
    const { gradient, run } = limiting()
    run({ seconds: 10, ...serving(1000) })
    expect(gradient.limit).toBe(100)
    gradient.update({ ...policy, max: 60 })
    expect(gradient.limit).toBe(60)
    gradient.update({ ...policy, min: 90, max: 200 })
    expect(gradient.limit).toBe(90)
  })

  test('is whole and within its bounds, whatever comes', () => {
    const ms = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true }))
    const samples = fc.array(fc.tuple(ms, fc.nat(500), fc.nat(300)), { minLength: 100, maxLength: 400 })
    const bounds = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.nat(200), fc.double({ min: 1, max: 5, noNaN: true }))
    fc.assert(
      fc.property(bounds, samples, ([min, more, tolerance], all) => {
        const gradient = new Gradient({ start: min, min, max: min + more, tolerance }, 0)
        let now = 0
        for (const [elapsedMs, inflight, later] of all) {
          now += later
          gradient.record(elapsedMs, inflight, now)
          expect(Number.isInteger(gradient.limit)).toBe(true)
          expect(gradient.limit).toBeGreaterThanOrEqual(min)
          expect(gradient.limit).toBeLessThanOrEqual(min + more)
        }
      }),
      { seed: 3 },
    )
  })
})
