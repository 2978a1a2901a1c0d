import { describe, expect, test } from 'bun:test'
import { Backoff } from '../../../cli/process/backoff.ts'

/** The waits behind processes that lived for so many ms, one after the other. */
const waits = (...lived: number[]): number[] => {
  const backoff = new Backoff()
  return lived.map((ms) => backoff.next(ms))
}

describe('Backoff', () => {
  test('starts twice at once, then waits twice as long each time, half a minute at most', () => {
    expect(waits(...Array.from({ length: 10 }, () => 50))).toEqual([
      0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ])
  })

  test('never waits for a process that dies now and then', () => {
    expect(waits(10_000, 60_000, 10_000, 3_600_000, 10_000)).toEqual([0, 0, 0, 0, 0])
  })

  test('forgets quick deaths once a process has lived for ten seconds', () => {
    expect(waits(1, 1, 1, 1, 10_000, 1, 1, 9999)).toEqual([0, 0, 1000, 2000, 0, 0, 1000, 2000])
  })
})
