import { describe, expect, test } from 'bun:test'
import { createSchedule } from '../../../bench/load/schedule.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const open = (ratePerSecond: number, durationMs: number, startMs = 0) =>
  createSchedule({ pace: { kind: 'open', ratePerSecond }, durationMs }, startMs)

describe('an open schedule', () => {
  test('sends evenly from its start, as many as rate and duration say', () => {
    const clock = virtualClock(500)
    const schedule = open(100, 50, clock.now())
    const taken: number[] = []
    for (let step = 0; step < 100; step++) {
      for (let due = schedule.take(clock.now()); due !== undefined; due = schedule.take(clock.now())) taken.push(due)
      clock.advance(1)
    }
    expect(taken).toEqual([500, 510, 520, 530, 540])
    expect(schedule.nextMs(clock.now())).toBeUndefined()
  })

  test('keeps the intended instants of what came late', () => {
    const schedule = open(1000, 10)
    expect(schedule.take(0)).toBe(0)
    // Nobody looked for 7 ms: the requests of that time are due still, with their own instants.
    expect([1, 2, 3].map(() => schedule.take(7))).toEqual([1, 2, 3])
    expect(schedule.nextMs(7)).toBe(4)
  })

  test('gives what was due before the end also after it', () => {
    const schedule = open(1000, 3)
    expect([0, 0, 0, 0].map(() => schedule.take(1e9))).toEqual([0, 1, 2, undefined])
  })

  test('gives nothing ahead of time', () => {
    const schedule = open(10, 1000, 100)
    expect(schedule.take(99.9)).toBeUndefined()
    expect(schedule.nextMs(0)).toBe(100)
  })

  test('does not drift at rates that do not divide evenly', () => {
    const schedule = open(30_000, 10_000)
    let last = 0
    for (let due = schedule.take(1e9); due !== undefined; due = schedule.take(1e9)) last = due
    expect(last).toBeCloseTo(10_000 - 1 / 30, 6)
  })

  test.each([0, -5, Number.NaN])('has nothing to send at a rate of %p', (rate) => {
    const schedule = open(rate, 1000)
    expect(schedule.take(500)).toBeUndefined()
    expect(schedule.nextMs(500)).toBeUndefined()
  })
})

describe('a closed schedule', () => {
  test('is always due until the end', () => {
    const schedule = createSchedule({ pace: { kind: 'closed' }, durationMs: 10 }, 100)
    expect([100, 109.9, 110].map((now) => schedule.take(now))).toEqual([100, 109.9, undefined])
    expect(schedule.nextMs(110)).toBeUndefined()
  })
})
