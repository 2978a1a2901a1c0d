import { describe, expect, test } from 'bun:test'
import { type RampFact, rampEnd, rampShare, type SlowStartPolicy } from '../../../core/backend/slow-start.ts'

const policy: SlowStartPolicy = { windowMs: 10_000, curve: 1, floor: 0.1, graceMs: 0 }
const ramping: RampFact = { kind: 'ramping', since: 1000, cause: 'it is new' }

describe('rampShare', () => {
  test.each([
    [1, 1000, 0.1],
    [1, 1500, 0.1],
    [1, 6000, 0.5],
    [1, 11_000, 1],
    [1, 99_000, 1],
    [1, 0, 0.1],
    [2, 6000, 0.25],
    [0.5, 3500, 0.5],
  ])('with curve %p at %d ms is %p', (curve, now, share) => {
    expect(rampShare(ramping, { ...policy, curve }, now)).toBeCloseTo(share, 9)
  })

  test('is whole of one that has arrived, and where nobody starts slowly', () => {
    expect(rampShare({ kind: 'full', since: 999 }, policy, 1000)).toBe(1)
    expect(rampShare(ramping, undefined, 1000)).toBe(1)
    expect([rampEnd(ramping, policy), rampEnd(ramping, undefined)]).toEqual([11_000, undefined])
  })
})
