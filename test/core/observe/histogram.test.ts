import { describe, expect, test } from 'bun:test'
import { BackendLatency, startLatencyWindow, windowMs } from '../../../core/observe/histogram.ts'
import { seededRandom } from '../../../core/random.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const still = { generation: 0 }

describe('backend latency', () => {
  test('has no summary and no buckets before the first value', () => {
    const latency = new BackendLatency(still)
    expect(latency.summary()).toBeUndefined()
    expect(latency.buckets).toBeUndefined()
  })

  test('gives each percentile within one percent, never below', () => {
    const latency = new BackendLatency(still)
    const random = seededRandom(7)
    const values = Array.from({ length: 10_000 }, () => Math.exp(random() * 8 - 1))
    for (const value of values) latency.record(value)
    const sorted = values.sort((a, b) => a - b)
    const exact = (ratio: number) => sorted[Math.ceil(ratio * sorted.length) - 1] ?? 0
    const summary = latency.summary()
    if (!summary) throw new Error('no summary')
    for (const [got, ratio] of [
      [summary.p50Ms, 0.5],
      [summary.p95Ms, 0.95],
      [summary.p99Ms, 0.99],
      [summary.p999Ms, 0.999],
      [summary.maxMs, 1],
    ] as const) {
      // Half a microsecond is what rounding to whole microseconds may take away.
      expect(got).toBeGreaterThanOrEqual(exact(ratio) - 0.0005)
      expect(got).toBeLessThanOrEqual(exact(ratio) * 1.01 + 0.0005)
    }
    expect(summary.count).toBe(10_000)
    const mean = values.reduce((total, value) => total + value, 0) / values.length
    expect(Math.abs(summary.meanMs / mean - 1)).toBeLessThan(0.01)
  })

  test('keeps times to connect and to the head of a response by themselves', () => {
    const latency = new BackendLatency(still)
    expect([latency.connects, latency.heads]).toEqual([undefined, undefined])
    latency.recordConnect(2)
    for (const value of [30, Number.NaN, -1]) latency.recordHead(value)
    expect([latency.connects?.sumMs, latency.heads?.sumMs, latency.buckets]).toEqual([2, 30, undefined])
    expect([latency.heads?.counts[0], latency.heads?.counts[6]]).toEqual([1, 1])
  })

  test('survives values that no clock should give', () => {
    const latency = new BackendLatency(still)
    for (const value of [Number.NaN, -1, -Infinity, 0, -0, Infinity, 1e300, 5e-324]) latency.record(value)
    const summary = latency.summary()
    expect(summary?.count).toBe(7)
    expect(summary?.p50Ms).toBe(0)
    expect(summary?.maxMs).toBeGreaterThanOrEqual(600_000)
    expect(summary?.maxMs).toBeLessThan(610_000)
    expect(latency.buckets?.sumMs).toBe(1_200_000)
  })

  test('keeps backends apart', () => {
    const slow = new BackendLatency(still)
    const fast = new BackendLatency(still)
    slow.record(100)
    fast.record(1)
    expect(slow.summary()?.p50Ms).toBeCloseTo(100, 0)
    expect(fast.summary()?.p50Ms).toBeCloseTo(1, 1)
    expect(slow.summary()?.count).toBe(1)
  })

  test('forgets a value after the window that follows its own', () => {
    const clock = virtualClock()
    const { window } = startLatencyWindow(clock)
    const latency = new BackendLatency(window)
    const counts: (number | undefined)[] = []
    for (const value of [1, 2, 3]) {
      latency.record(value)
      counts.push(latency.summary()?.count)
      clock.advance(windowMs)
    }
    expect(counts).toEqual([1, 2, 2])
    expect(latency.summary()?.count).toBe(1)
    clock.advance(windowMs)
    expect(latency.summary()).toBeUndefined()
    expect(latency.buckets?.sumMs).toBe(6)
  })

  test('forgets everything after two windows without traffic', () => {
    const window = { generation: 0 }
    const latency = new BackendLatency(window)
    latency.record(1)
    window.generation = 5
    latency.record(2)
    expect(latency.summary()?.count).toBe(1)
    expect(latency.summary()?.maxMs).toBeCloseTo(2, 1)
  })
})

describe('latency window', () => {
  test('leaves no timer behind once stopped, however late', () => {
    const clock = virtualClock()
    const { window, stop } = startLatencyWindow(clock)
    clock.advance(windowMs * 3)
    stop()
    expect(window.generation).toBe(3)
    expect(clock.pending()).toBe(0)
  })
})
