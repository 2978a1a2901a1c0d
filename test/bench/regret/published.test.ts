// What others have measured, met by the simulator and our strategies within 8 %: medians of three seeds.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type Measured, measure } from '../../../bench/regret/measure.ts'
import { scenarios } from '../../../bench/regret/scenarios.ts'
import { median } from '../../../bench/stats.ts'
import type { StrategyPlugin } from '../../../core/strategy/strategy.ts'
import leastConnections from '../../../plugins/least-connections.ts'
import p2c from '../../../plugins/p2c.ts'
import peakEwma from '../../../plugins/peak-ewma.ts'
import roundRobin from '../../../plugins/round-robin.ts'

// Half a second of work each, on a machine that has nothing else to do.
setDefaultTimeout(30_000)

const published: readonly (readonly [scenario: string, plugin: StrategyPlugin, figures: Partial<Measured>])[] = [
  // tower-rs/tower pull request 76 (2018): the demo with 50 requests at once.
  ['no queues (tower)', roundRobin, { p50Ms: 9, p99Ms: 906, p999Ms: 988 }],
  ['no queues (tower)', p2c, { p50Ms: 5, p99Ms: 98, p999Ms: 857 }],
  ['no queues (tower)', peakEwma, { p50Ms: 5, p99Ms: 96, p999Ms: 105 }],
  // sathwick-p/prequal, C2 on E-B (2026-04-20), at a fixed rate where ours is Poisson.
  ['two slow (C2)', roundRobin, { p99Ms: 807 }],
  ['two slow (C2)', leastConnections, { p99Ms: 803 }],
]

describe('published figures', () => {
  test.each(published.map(([name, plugin, figures]) => [name, plugin.name, figures, plugin] as const))(
    '%s, %s: %j',
    (name, _, figures, plugin) => {
      const scenario = { ...scenarios.find((one) => one.name === name)!, requests: 50_000 }
      const seeds = [1, 2, 3].map((seed) => measure(plugin, scenario, seed))
      for (const [key, figure] of Object.entries(figures)) {
        const found = median(seeds.map((measured) => measured[key as keyof Measured]))
        expect(Math.abs(found / figure - 1)).toBeLessThan(0.08)
      }
    },
  )
})
