import { describe, expect, test } from 'bun:test'
import type { Sample } from '../../bench/scenario.ts'
import { summarizeSamples } from '../../bench/summary.ts'

const sample = (contestant: string, values: Sample['values'], changes: Partial<Sample> = {}): Sample => ({
  scenario: 's',
  variant: 'v',
  contestant,
  values,
  flaws: [],
  curve: [],
  ...changes,
})

describe('summarizeSamples', () => {
  test('takes medians over rounds and ratios to nginx', () => {
    const rows = summarizeSamples([
      sample('smartedge', { cpuUs: 15 }),
      sample('nginx', { cpuUs: 10 }),
      sample('smartedge', { cpuUs: 12 }),
      sample('nginx', { cpuUs: 10 }),
      sample('smartedge', { cpuUs: 11 }),
      sample('nginx', { cpuUs: 40 }),
    ])
    expect(rows.map((row) => [row.contestant, row.values.cpuUs?.median, row.ratios.cpuUs])).toEqual([
      ['smartedge', 12, 1.2],
      ['nginx', 10, 1],
    ])
  })

  test('compares within the same scenario and variant only', () => {
    const rows = summarizeSamples([sample('nginx', { cpuUs: 10 }), sample('pipe', { cpuUs: 5 }, { variant: 'other' })])
    expect(rows[1]?.ratios).toEqual({})
  })

  test('gives no ratio for what does not compare', () => {
    const [row] = summarizeSamples([sample('nginx', { memoryBytes: 1e6, p50Us: 9 })])
    expect(row?.ratios).toEqual({})
  })

  test('compares no speeds of a disturbed row, nor with a disturbed yardstick', () => {
    const values = { requestsPerSecond: 100, cpuUs: 10 }
    for (const flawed of ['nginx', 'pipe']) {
      const samples = ['nginx', 'pipe'].map((name) => sample(name, values, { flaws: name === flawed ? ['busy'] : [] }))
      expect(summarizeSamples(samples)[1]?.ratios).toEqual({ cpuUs: 1 })
    }
  })

  test('pairs rounds where there are enough, so that drift of the machine is none of the ratio', () => {
    const drift = [1, 2, 4, 8, 16, 32]
    const samples = drift.flatMap((factor, round) => [
      sample('smartedge', { cpuUs: factor * (10 + round) }),
      sample('nginx', { cpuUs: factor * 10 }),
    ])
    const [own, nginx] = summarizeSamples(samples)
    expect(own?.ratios.cpuUs).toBeCloseTo(1.25)
    expect(own?.intervals.cpuUs).toEqual({ low: 1, high: 1.5 })
    expect([nginx?.ratios.cpuUs, nginx?.intervals]).toEqual([1, {}])
  })

  test('leaves disturbed rounds out of the pairs', () => {
    const samples = Array.from({ length: 7 }, (_, round) => [
      sample('smartedge', { p99Us: round === 0 ? 900 : 20 }, { flaws: round === 0 ? ['busy'] : [] }),
      sample('nginx', { p99Us: 10 }),
    ]).flat()
    const [own] = summarizeSamples(samples)
    expect([own?.ratios.p99Us, own?.intervals.p99Us]).toEqual([2, { low: 2, high: 2 }])
  })

  test('adds failures of all rounds', () => {
    const [row] = summarizeSamples([0, 0, 7].map((failed) => sample('nginx', { failed })))
    expect(row?.values.failed?.median).toBe(7)
  })

  test('tells a flaw once, with the number of rounds', () => {
    const flawed = (text: string) => sample('x', {}, { flaws: [text] })
    const [row] = summarizeSamples([flawed('busy 97 %'), flawed('busy 99.5 %')])
    expect(row?.flaws).toEqual(['busy 97 % (2 of 2 rounds)'])
    expect(row?.leftOut).toEqual([])
  })

  test('leaves disturbed rounds out as long as there are others', () => {
    const disturbed = sample('x', { cpuUs: 99, failed: 2 }, { flaws: ['busy'] })
    const [row] = summarizeSamples([disturbed, sample('x', { cpuUs: 10, failed: 1 })])
    expect(row?.values.cpuUs?.median).toBe(10)
    expect(row?.values.failed?.median).toBe(3)
    expect(row?.flaws).toEqual([])
    expect(row?.leftOut).toEqual(['busy (1 of 2 rounds)'])
  })

  test('draws the median of the curves, at the percentiles that all have', () => {
    const round = (us: number, ...percents: number[]) =>
      sample('x', {}, { curve: percents.map((percent) => ({ percent, us })) })
    const [row] = summarizeSamples([round(10, 50, 99), round(30, 50, 99), round(20, 50)])
    expect(row?.curve).toEqual([{ percent: 50, us: 20 }])
  })

  test('makes nothing of nothing', () => {
    expect(summarizeSamples([])).toEqual([])
  })
})
