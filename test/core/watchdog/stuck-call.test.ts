import { describe, expect, test } from 'bun:test'
import { StuckCall } from '../../../core/watchdog/stuck-call.ts'

/** At which look, counted from 0, a call is found stuck; -1: at none. One look a second unless `times` says otherwise. */
const foundAt = (
  marks: readonly number[],
  times: readonly number[] = marks.map((_, index) => index * 1000),
): number => {
  const call = new StuckCall(5, 1000)
  return marks.findIndex((mark, index) => call.look(mark, times[index]!))
}

describe('StuckCall', () => {
  test('finds a number that stands for five looks more', () => {
    expect(foundAt([9, 9, 9, 9, 9, 9])).toBe(5)
    expect(foundAt([0, 4, 9, 9, 9, 9, 9, 9, 9])).toBe(7)
  })

  test('finds none where another call has come in between', () => {
    expect(foundAt([9, 9, 9, 9, 9, 8, 9, 9, 9, 9, 9])).toBe(-1)
    expect(foundAt([9, 9, 9, 9, 9, 0, 9, 9, 9, 9, 9])).toBe(-1)
  })

  test('finds none between calls, however long that is', () => {
    expect(foundAt(Array.from({ length: 1000 }, () => 0))).toBe(-1)
  })

  test('takes negative numbers for calls, too', () => {
    expect(foundAt([-5, -5, -5, -5, -5, -5])).toBe(5)
  })

  test('does not count the time in which it could not look', () => {
    // Stopped for an hour in the middle of a call: that counts as one look.
    expect(foundAt([9, 9, 9, 9, 9, 8], [0, 1000, 2000, 3_602_000, 3_603_000, 3_604_000])).toBe(-1)
  })

  test('counts looks that come in a heap as one', () => {
    expect(foundAt([9, 9, 9, 9, 9, 9, 9, 9], [0, 60_000, 60_001, 60_002, 60_003, 60_004, 60_005, 60_006])).toBe(-1)
    expect(foundAt([9, 9, 9, 9, 9, 9, 9], [0, 900, 1900, 2850, 3900, 4900, 5900])).toBe(5)
  })
})
