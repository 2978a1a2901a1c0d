import { describe, expect, test } from 'bun:test'
import { toStrategyCells } from '../../../bench/report/strategies.ts'
import { renderTerminal } from '../../../bench/report/terminal.ts'
import type { Sample } from '../../../bench/scenario.ts'
import { summarizeSamples } from '../../../bench/summary.ts'

const sample = (scenario: string, contestant: string, values: Sample['values'], flaws: string[] = []): Sample => ({
  scenario,
  variant: 'v',
  contestant,
  values,
  flaws,
  curve: [],
})
const rows = summarizeSamples([
  sample('slow-one', 'smartedge:p2c', { p99Us: 40_000, slowShare: 0.05, failed: 0 }),
  sample('slow-one', 'smartedge:random', { p99Us: 41_000, slowShare: 0.25, failed: 0 }, ['busy']),
  sample('slow-one', 'nginx', { p99Us: 42_000, slowShare: 0.25, failed: 0 }),
  sample('weights', 'smartedge:p2c', { skew: 0.1, failed: 0 }),
])

describe('toStrategyCells', () => {
  test('has a line for each contestant, with what each scenario is about', () => {
    expect(toStrategyCells(rows)).toEqual([
      ['', 'slow-one p99 ms', 'slow-one slow %', 'weights skew %'],
      ['smartedge:p2c', '40.0', '5.0', '10.0'],
      ['smartedge:random', '41.0 !', '25.0 !', '–'],
      ['nginx', '42.0', '25.0', '–'],
    ])
  })

  test('is nothing where there is one strategy or one scenario, or none', () => {
    expect(toStrategyCells([])).toEqual([])
    expect(toStrategyCells(rows.filter((row) => row.scenario === 'slow-one'))).toEqual([])
    expect(toStrategyCells(rows.filter((row) => row.contestant !== 'smartedge:p2c'))).toEqual([])
  })

  test('stands in the terminal for the tables that it sums up', () => {
    const steady = summarizeSamples([sample('steady', 'smartedge:p2c', { failed: 0 })])
    const text = renderTerminal({ rows: [...rows, ...steady], scenarios: {} })
    expect(text.match(/^\S.*$/gm)?.slice(0, 2)).toEqual(['steady: v', 'strategies'])
    expect(text).not.toContain('slow-one: v\n')
  })
})
