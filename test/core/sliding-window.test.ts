import { describe, expect, test } from 'bun:test'
import { SlidingWindow } from '../../core/sliding-window.ts'

/** Which of the events at these times are told to be too many. */
const told = (window: SlidingWindow, times: readonly number[]): number[] => times.filter((time) => window.add(time))

describe('SlidingWindow', () => {
  test('tells from the limit on, for as long as they come within the time', () => {
    expect(told(new SlidingWindow(3, 100), [0, 50, 100, 110, 120])).toEqual([100, 110, 120])
  })

  test('has no border that events could straddle', () => {
    expect(told(new SlidingWindow(3, 100), [99, 100, 101])).toEqual([101])
    expect(told(new SlidingWindow(3, 100), [90, 190, 191])).toEqual([])
    expect(told(new SlidingWindow(3, 100), [91, 190, 191])).toEqual([191])
  })

  test('never tells of what is seldom enough', () => {
    const times = Array.from({ length: 1000 }, (_, index) => index * 51)
    expect(told(new SlidingWindow(3, 100), times)).toEqual([])
  })

  test('tells of every one with a limit of one', () => {
    expect(told(new SlidingWindow(1, 0), [5, 900])).toEqual([5, 900])
  })

  test('begins anew once cleared', () => {
    const window = new SlidingWindow(2, 100)
    window.add(1)
    window.clear()
    expect(told(window, [2, 3])).toEqual([3])
  })
})
