import { describe, expect, test } from 'bun:test'
import { HeadTimes } from '../../../core/pool/head-times.ts'
import { BackendLatency } from '../../../core/observe/histogram.ts'

const filled = (count: number): HeadTimes => {
  const times = new HeadTimes(new BackendLatency({ generation: 0 }))
  for (let ms = 1; ms <= count; ms += 1) times.record(ms)
  return times
}

describe('the times to a head', () => {
  test('say nothing while they are few', () => {
    expect(new HeadTimes(new BackendLatency({ generation: 0 })).percentileMs('p95', 0)).toBeUndefined()
    expect(filled(99).percentileMs('p95', 0)).toBeUndefined()
    expect(filled(100).percentileMs('p95', 0)).toBeDefined()
  })

  test.each([
    ['p50', 50],
    ['p95', 95],
    ['p99', 99],
  ] as const)('%s of 1 to 100 ms is %p', (percentile, ms) => {
    expect(filled(100).percentileMs(percentile, 0)).toBeCloseTo(ms, -1)
    expect(filled(100).percentileMs(percentile, 0)).toBeGreaterThanOrEqual(ms)
  })

  test('are reckoned once a second', () => {
    let reckoned = 0
    const summary = { count: 100, meanMs: 1, p50Ms: 1, p95Ms: 2, p99Ms: 3, p999Ms: 4, maxMs: 5 }
    const times = new HeadTimes({
      record: () => undefined,
      summary() {
        reckoned += 1
        return summary
      },
    })
    for (const now of [0, 500, 999.9]) times.percentileMs('p95', now)
    expect(reckoned).toBe(1)
    times.percentileMs('p95', 1000)
    expect(reckoned).toBe(2)
  })
})
