import { describe, expect, test } from 'bun:test'
import { SlidingWindow } from '../../core/sliding-window.ts'

/** How many of the things at these times are within 160 ms at the last of them. */
function countAfter(times: readonly number[]): number {
  const window = new SlidingWindow(160, ['things'])
  for (const time of times) window.add('things', time)
  return window.count('things', times.at(-1) ?? 0)
}

describe('SlidingWindow', () => {
  test.each([
    [[0], 1],
    [[0, 0, 0], 3],
    [[0, 149], 2],
    [[0, 161], 1],
    [[0, 161, 1_000_000], 1],
    [[5, 100, 163, 164], 3],
  ])('counts what happened at %j as %d', (times, count) => {
    expect(countAfter(times)).toBe(count)
  })

  test('has no border that things could straddle', () => {
    for (let start = 0; start < 400; start += 7) expect(countAfter([start, start + 70, start + 140])).toBe(3)
  })

  test('never tells of more than came within its time', () => {
    const times = Array.from({ length: 500 }, (_, index) => (index * index * 31) % 5000).toSorted((a, b) => a - b)
    for (let length = 1; length <= times.length; length += 1) {
      const seen = times.slice(0, length)
      const last = seen.at(-1) ?? 0
      const count = countAfter(seen)
      expect(count).toBeLessThanOrEqual(seen.filter((time) => time > last - 160).length)
      expect(count).toBeGreaterThanOrEqual(seen.filter((time) => time > last - 150).length)
    }
  })

  test('keeps the kinds apart, and forgets by itself when nothing is added', () => {
    const window = new SlidingWindow(160, ['good', 'bad'])
    window.add('good', 10)
    window.add('good', 20)
    window.add('bad', 20)
    expect([window.count('good', 30), window.count('bad', 30)]).toEqual([2, 1])
    expect([window.count('good', 175), window.count('bad', 175)]).toEqual([1, 1])
    expect([window.count('good', 500), window.count('bad', 500)]).toEqual([0, 0])
  })

  test('takes a time that goes back for the newest it knows', () => {
    const window = new SlidingWindow(160, ['things'])
    window.add('things', 100)
    window.add('things', 50)
    expect(window.count('things', 0)).toBe(2)
  })

  test('begins anew once cleared', () => {
    const window = new SlidingWindow(160, ['things'])
    window.add('things', 1)
    window.clear()
    window.add('things', 2)
    expect(window.count('things', 2)).toBe(1)
  })
})
