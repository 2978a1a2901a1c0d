import { describe, expect, test } from 'bun:test'
import { virtualClock } from './virtual-clock.ts'

describe('virtual clock', () => {
  test('runs timers in time order, ties in the order set', () => {
    const clock = virtualClock()
    const seen: string[] = []
    clock.after(20, () => seen.push(`late ${clock.now()}`))
    clock.after(10, () => seen.push(`first ${clock.now()}`))
    clock.after(10, () => seen.push(`second ${clock.now()}`))
    clock.advance(15)
    expect(seen).toEqual(['first 10', 'second 10'])
    clock.advance(5)
    expect(seen).toEqual(['first 10', 'second 10', 'late 20'])
  })

  test('runs timers that a timer sets within the same span', () => {
    const clock = virtualClock(100)
    const seen: number[] = []
    clock.after(5, () => clock.after(5, () => seen.push(clock.now())))
    clock.advance(10)
    expect(seen).toEqual([110])
    expect(clock.now()).toBe(110)
  })

  test('never runs a cancelled timer', () => {
    const clock = virtualClock()
    let runs = 0
    const cancel = clock.after(1, () => (runs += 1))
    cancel()
    cancel()
    clock.advance(10)
    expect(runs).toBe(0)
    expect(clock.pending()).toBe(0)
  })

  test('moves wall time with monotonic time', () => {
    const clock = virtualClock(7)
    const before = clock.wallTime()
    clock.advance(1500)
    expect(clock.wallTime() - before).toBe(1500)
  })
})
