import { describe, expect, test } from 'bun:test'
import type { Measured } from '../../../bench/regret/measure.ts'
import type { Scenario } from '../../../bench/regret/scenarios.ts'
import { renderRegrets } from '../../../bench/regret/table.ts'

const scenario = (name: string, watched?: string): Scenario => ({
  name,
  about: `what ${name} is`,
  proxies: 1,
  load: { clients: 1 },
  backends: [],
  requests: 1,
  ...(watched !== undefined && { watched }),
})

/** One seed each. */
const seeds = (p50Ms: number, ...p99s: number[]): Measured[] =>
  p99s.map((p99Ms, at) => ({ p50Ms, p99Ms, p999Ms: 0, firstShare: at / 10 }))

describe('renderRegrets', () => {
  test('shows medians, each beside the best of its row, and the worst of each strategy', () => {
    const scenarios = [scenario('calm'), scenario('storm', 'share of the sick one')]
    const table = renderRegrets(scenarios, [
      { name: 'one', results: [seeds(1.26, 9, 10, 11), seeds(100, 500, 900, 901)] },
      { name: 'two', results: [seeds(2, 12, 15, 90), seeds(5, 60, 60, 60)] },
    ])
    expect(table.split('\n')).toEqual([
      '| p50 / p99 ms · regret | `one` | `two` |',
      '| --- | --- | --- |',
      '| calm: what calm is | **1.3 / 10 · 1.00** | 2.0 / 15 · 1.50 |',
      '| storm: what storm is | 100 / 900 · 15 | **5.0 / 60 · 1.00** |',
      '| … share of the sick one | 10.0 % | 10.0 % |',
      '| **worst regret** | 15 | 1.50 |',
    ])
  })
})
