import { describe, expect, test } from 'bun:test'
import { addSparse, coarsen, quantile, sumSparse, totalOf } from '../../../core/view/steps.ts'

describe('sparse counts', () => {
  test('add up step by step', () => {
    expect(addSparse([1, 2, 5, 1], [0, 7, 5, 4, 9, 1])).toEqual([0, 7, 1, 2, 5, 5, 9, 1])
    expect(addSparse([], [3, 1])).toEqual([3, 1])
    expect(addSparse([3, 1], [])).toEqual([3, 1])
    expect(sumSparse([])).toEqual([])
    expect(
      totalOf(
        sumSparse([
          [1, 2],
          [1, 3],
          [2, 4],
        ]),
      ),
    ).toBe(9)
  })

  test('become coarser without losing one', () => {
    expect(coarsen([2, 1, 3, 4, 4, 2])).toEqual([1, 5, 2, 2])
    expect(coarsen([])).toEqual([])
    // A truncated pair, as a stranger may send, is left out.
    expect(coarsen([2])).toEqual([])
  })

  test('give the latency below which a part of them lies', () => {
    const bounds = [0, 10, 20, 30]
    expect(quantile([], 0.5, bounds)).toBeUndefined()
    expect(quantile([1, 4], 0.5, bounds)).toBe(15)
    expect(quantile([0, 99, 2, 1], 0.99, bounds)).toBe(10)
    expect(quantile([0, 99, 2, 1], 1, bounds)).toBe(30)
    expect(quantile([7, 1], 0.5, bounds)).toBe(0)
  })
})
