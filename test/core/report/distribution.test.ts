import { describe, expect, test } from 'bun:test'
import { percentilesOf, sparseOf } from '../../../core/report/distribution.ts'
import { scaleIndex, scaleSize } from '../../../core/observe/scale.ts'

/** Counts of latencies in ms. */
function countsOf(latencies: readonly number[]): Float64Array {
  const counts = new Float64Array(scaleSize)
  for (const ms of latencies) {
    const index = scaleIndex(Math.round(ms * 1000))
    counts[index] = (counts[index] ?? 0) + 1
  }
  return counts
}

describe('percentiles', () => {
  test('of nothing are none', () => expect(percentilesOf(countsOf([]))).toBeUndefined())

  test('of one value are near that value', () => {
    const found = percentilesOf(countsOf([20]))
    for (const ms of [found?.p50Ms, found?.p95Ms, found?.p99Ms, found?.p999Ms]) {
      expect(ms).toBeGreaterThanOrEqual(18)
      expect(ms).toBeLessThanOrEqual(22)
    }
  })

  test('of a thousand even values stay within 7 %', () => {
    const found = percentilesOf(countsOf(Array.from({ length: 1000 }, (_, index) => index + 1)))
    expect(found?.count).toBe(1000)
    for (const [ms, truth] of [
      [found?.p50Ms, 500],
      [found?.p95Ms, 950],
      [found?.p99Ms, 990],
      [found?.p999Ms, 999],
    ] as const) {
      expect(Math.abs((ms ?? 0) / truth - 1)).toBeLessThan(0.07)
    }
  })

  test('are not moved by one slow request in a hundred, but p99.9 is', () => {
    const found = percentilesOf(countsOf([...Array.from({ length: 99 }, () => 1), 1000]))
    expect(found?.p99Ms).toBeLessThan(2)
    expect(found?.p999Ms).toBeGreaterThan(900)
  })
})

describe('sparse counts', () => {
  test('name only the steps that have some', () => {
    expect(sparseOf([0, 3, 0, 0, 1])).toEqual([1, 3, 4, 1])
    expect(sparseOf([])).toEqual([])
  })
})
