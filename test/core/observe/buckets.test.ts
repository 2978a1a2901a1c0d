import { describe, expect, test } from 'bun:test'
import { bucketBoundsMs, createBuckets } from '../../../core/observe/buckets.ts'

const nonZero = (counts: Float64Array) =>
  [...counts].flatMap((count, index) => (count > 0 ? [[index, count] as const] : []))

describe('latency buckets', () => {
  test('count a value in the first bucket whose bound it does not exceed', () => {
    for (const [index, bound] of bucketBoundsMs.entries()) {
      const buckets = createBuckets()
      buckets.record(bound)
      buckets.record(bound + 0.001)
      expect(nonZero(buckets.counts)).toEqual([
        [index, 1],
        [index + 1, 1],
      ])
    }
  })

  test('count zero in the first bucket and hours in the last', () => {
    const buckets = createBuckets()
    buckets.record(0)
    buckets.record(7_200_000)
    expect(nonZero(buckets.counts)).toEqual([
      [0, 1],
      [bucketBoundsMs.length, 1],
    ])
    expect(buckets.sumMs).toBe(7_200_000)
  })

  test('have bounds that rise', () => {
    expect([...bucketBoundsMs].sort((a, b) => a - b)).toEqual([...bucketBoundsMs])
    expect(new Set(bucketBoundsMs).size).toBe(bucketBoundsMs.length)
  })
})
