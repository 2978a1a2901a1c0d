import { describe, expect, test } from 'bun:test'
import { usualBreaker, usualEjection } from '../../support/policies.ts'
import { configOf, withPool } from './read-config.ts'

describe('a pool', () => {
  test('has a breaker, ejection and slow start with their defaults when the keys are there', () => {
    expect(configOf(withPool({ breaker: {}, ejection: {}, slowStart: {} })).pools[0]).toMatchObject({
      breaker: usualBreaker,
      ejection: usualEjection,
      slowStart: { windowMs: 30_000, curve: 1, floor: 0.1, graceMs: 10_000 },
      maxEjected: 0.5,
      panicThreshold: 0,
    })
  })

  test('reads what of them is said, switches parts off, and lets longer times follow', () => {
    const said = {
      breaker: {
        failures: ['timeout', 503, '429-431'],
        errorRatio: false,
        failuresInRow: false,
        slowCalls: { latency: '2s' },
        openTime: '5m',
      },
      ejection: { interval: '10m', successRate: false, failureRatio: { ratio: 0.5 }, failuresInRow: false },
      maxEjected: 0.25,
    }
    const [pool] = configOf(withPool(said)).pools
    expect(pool).toMatchObject({ maxEjected: 0.25 })
    expect(pool?.breaker).toMatchObject({
      failures: {
        causes: ['timeout'],
        statuses: [
          { from: 503, to: 503 },
          { from: 429, to: 431 },
        ],
      },
      errorRatio: undefined,
      failuresInRow: undefined,
      slowCalls: { latencyMs: 2000, ratio: 0.8 },
      openTimeMs: 300_000,
      maxOpenTimeMs: 300_000,
    })
    expect(pool?.ejection).toMatchObject({
      baseTimeMs: 600_000,
      maxTimeMs: 600_000,
      successRate: undefined,
      failureRatio: { ratio: 0.5, minBackends: 5, minRequests: 50 },
      failuresInRow: undefined,
    })
  })

  test('may have members in tiers, of which the first is the default', () => {
    const backends = ['http://a', { url: 'http://b', tier: 1 }]
    expect(configOf(withPool({ backends })).pools[0]?.members.map(({ tier }) => tier)).toEqual([0, 1])
  })
})
