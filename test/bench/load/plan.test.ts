import { describe, expect, test } from 'bun:test'
import { combineReports } from '../../../bench/load/crew.ts'
import { createLatencies, mergeLatencies } from '../../../bench/load/latencies.ts'
import { dividePlan, findSaturation, type LoadPlan, type LoadReport } from '../../../bench/load/plan.ts'

const plan: LoadPlan = {
  host: '127.0.0.1',
  port: 1,
  profile: 'headers-2',
  connections: 10,
  durationMs: 1000,
  pace: { kind: 'open', ratePerSecond: 900 },
  reconnect: false,
  path: '/',
  targets: 1,
  idle: 7,
}

const report = (latenciesUs: readonly number[], changes: Partial<LoadReport> = {}): LoadReport => {
  const latencies = createLatencies()
  for (const us of latenciesUs) latencies.record(us)
  const errors = { connect: 0, cut: 0, status: 0, malformed: 0, unanswered: 0 }
  const base = { requests: latenciesUs.length, errors, elapsedMs: 1000, lagP99Us: 10, busyRatio: 0.2, resumed: 0 }
  return { ...base, latencies: latencies.encode(), ...changes }
}

describe('dividePlan', () => {
  test.each([1, 2, 3, 4, 50])('loses no connection, no idle one and no rate among %p processes', (count) => {
    const parts = dividePlan(plan, count)
    const sum = (value: (part: LoadPlan) => number) => parts.reduce((total, part) => total + value(part), 0)
    expect(sum((part) => part.connections)).toBe(10)
    expect(sum((part) => part.idle)).toBe(7)
    expect(sum((part) => (part.pace.kind === 'open' ? part.pace.ratePerSecond : 0))).toBeCloseTo(900, 6)
    for (const part of parts) expect(part.connections).toBeGreaterThan(0)
  })
})

describe('findSaturation', () => {
  test('finds nothing in a generator at ease', () => {
    expect(findSaturation(plan, report([1]))).toEqual([])
  })

  test('names late sends and a busy generator', () => {
    const reasons = findSaturation(plan, report([1], { lagP99Us: 4200, busyRatio: 0.99 }))
    expect(reasons.join('; ')).toBe('sends up to 4.2 ms late (p99); generator busy 99 %')
  })

  test('expects a generator at full speed to be busy', () => {
    expect(findSaturation({ ...plan, pace: { kind: 'closed' } }, report([1], { busyRatio: 1 }))).toEqual([])
  })
})

describe('combineReports', () => {
  test('adds counts, rates and latencies, and keeps the worst flaw', () => {
    const errors = { connect: 1, cut: 2, status: 3, malformed: 4, unanswered: 5 }
    const result = combineReports(plan, [
      report([100, 100, 100], { elapsedMs: 500 }),
      report([5000], { errors, busyRatio: 0.97 }),
    ])
    expect(result.requests).toBe(4)
    expect(result.failed).toBe(15)
    expect(result.errors.malformed).toBe(4)
    expect(result.requestsPerSecond).toBeCloseTo(7, 6)
    expect(result.elapsedMs).toBe(1000)
    expect(result.latencies.percentileUs(50)).toBe(100)
    expect(result.latencies.percentileUs(100)).toBeCloseTo(5000, -1)
    expect(result.saturation).toEqual(['generator busy 97 %'])
  })

  test('has a rate of nothing for a run in which nothing was answered', () => {
    expect(combineReports(plan, [report([], { elapsedMs: 0 })]).requestsPerSecond).toBe(0)
  })
})

describe('latencies', () => {
  test('stay within three digits and the range', () => {
    const latencies = createLatencies()
    for (const us of [-5, 0, 0.4, 123_456, 1e12, Number.POSITIVE_INFINITY]) latencies.record(us)
    const merged = mergeLatencies([latencies.encode()])
    expect(merged.percentileUs(0)).toBe(1)
    expect(Math.abs(merged.percentileUs(60) - 123_456)).toBeLessThan(124)
    expect(merged.percentileUs(100)).toBeGreaterThanOrEqual(60_000_000)
  })

  test('of nobody are zero', () => {
    expect(mergeLatencies([]).percentileUs(99)).toBe(0)
  })

  test('refuse text that holds none', () => {
    expect(() => mergeLatencies(['nonsense'])).toThrow()
  })
})
