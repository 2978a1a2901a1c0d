import { describe, expect, test } from 'bun:test'
import { measure, quantile } from '../../../bench/regret/measure.ts'
import { scenarios, type Scenario } from '../../../bench/regret/scenarios.ts'
import { exponential } from '../../../core/lab/service-times.ts'
import { fifo } from '../../../core/lab/stations.ts'
import random from '../../../plugins/random.ts'
import first from '../../support/first-strategy.ts'

const serviceMs = exponential(1)

/** Two M/M/1 queues at 50 %. */
const twoQueues: Scenario = {
  name: 'two queues',
  about: '',
  proxies: 1,
  load: { perSecond: 1000 },
  backends: [1, 2].map(() => ({ discipline: fifo(), serviceMs: (_, draw) => serviceMs(draw) })),
  requests: 100_000,
}

describe('measure', () => {
  test('tells quantiles of what requests met, and the share of the first backend', () => {
    const { p50Ms, p99Ms, p999Ms, firstShare } = measure(random, twoQueues, 1)
    // Exponential with a mean of 2 ms.
    for (const [value, part] of [
      [p50Ms, 0.5],
      [p99Ms, 0.99],
      [p999Ms, 0.999],
    ] as const) {
      expect(Math.abs(value / (-2 * Math.log(1 - part)) - 1)).toBeLessThan(0.08)
    }
    expect(Math.abs(firstShare - 0.5)).toBeLessThan(0.01)
  })

  test('replays from a seed, and differs by it', () => {
    const short = { ...twoQueues, requests: 1000 }
    expect(measure(random, short, 3)).toEqual(measure(random, short, 3))
    // Also where chance is the workload's alone.
    for (const plugin of [random, first]) expect(measure(plugin, short, 3)).not.toEqual(measure(plugin, short, 4))
  })

  test('leaves out what was met while a strategy knew nothing', () => {
    const slowAtFirst: Scenario = {
      ...twoQueues,
      backends: [1, 2].map(() => ({ serviceMs: (now) => (now < 5 ? 1000 : 1) })),
      requests: 1000,
    }
    expect(measure(random, slowAtFirst, 1).p999Ms).toBeCloseTo(1)
  })

  test('counts the attempts of a retry, wherever they were', () => {
    const [failing] = scenarios.filter(({ watched }) => watched !== undefined)
    const { firstShare } = measure(random, { ...failing!, requests: 20_000 }, 1)
    // One attempt of eight fails and is made again at one of the other seven.
    expect(Math.abs(firstShare - 1 / 9)).toBeLessThan(0.01)
  })
})

describe('quantile', () => {
  test.each([
    [0, 1],
    [0.25, 1],
    [0.26, 2],
    [0.5, 2],
    [0.99, 4],
    [1, 4],
  ])('%p of four', (part, expected) => {
    expect(quantile(Float64Array.of(1, 2, 3, 4), part)).toBe(expected)
  })
})

describe('scenarios', () => {
  test('are at least twelve, of names that differ', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(12)
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
  })
})
