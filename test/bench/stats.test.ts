import { describe, expect, test } from 'bun:test'
import { median, medianInterval, ratio, summarize } from '../../bench/stats.ts'

describe('median', () => {
  test.each([
    [[3], 3],
    [[10, 2, 9], 9],
    [[4, 1, 3, 2], 2.5],
    [[1, 10, 100, 1000, 10_000], 100],
  ])('of %p is %p', (values, expected) => {
    expect(median(values)).toBe(expected)
  })

  test('of nothing is not a number', () => {
    expect(median([])).toBeNaN()
  })

  test('leaves its input as it was', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('summarize', () => {
  test('gives half the range over the median as spread', () => {
    expect(summarize([9, 10, 12])).toEqual({ median: 10, min: 9, max: 12, spreadRatio: 0.15 })
  })

  test('knows no spread for one value, nor around zero', () => {
    expect(summarize([7])?.spreadRatio).toBe(0)
    expect(summarize([0, 0, 4])?.spreadRatio).toBe(0)
  })

  test('does not make a measurement of something unknown', () => {
    expect(summarize([])).toBeUndefined()
    expect(summarize([1, Number.NaN])).toBeUndefined()
    expect(summarize([1, Number.POSITIVE_INFINITY])).toBeUndefined()
  })
})

describe('ratio', () => {
  test('needs both values and a reference other than zero', () => {
    expect(ratio(3, 2)).toBe(1.5)
    expect(ratio(0, 2)).toBe(0)
    expect(ratio(undefined, 2)).toBeUndefined()
    expect(ratio(3, undefined)).toBeUndefined()
    expect(ratio(3, 0)).toBeUndefined()
  })
})

describe('the interval of a median', () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

  // Ranks of the sign test at 95 %, as in tables of it.
  test.each([
    [6, 1, 6],
    [8, 1, 8],
    [9, 2, 8],
    [10, 2, 9],
    [12, 3, 10],
    [15, 4, 12],
    [20, 6, 15],
    [100, 40, 61],
  ])('of %p values goes from number %p to number %p', (count, low, high) => {
    expect(medianInterval(upTo(count).toReversed())).toEqual({ low, high })
  })

  test('is unknown for fewer than six', () => {
    for (let count = 0; count < 6; count += 1) expect(medianInterval(upTo(count))).toBeUndefined()
  })
})
