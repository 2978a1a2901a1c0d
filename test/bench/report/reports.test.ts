import { describe, expect, test } from 'bun:test'
import { groupFlaws } from '../../../bench/report/columns.ts'
import { renderCurve } from '../../../bench/report/curve.ts'
import { renderHtml } from '../../../bench/report/html.ts'
import { renderMarkdown } from '../../../bench/report/markdown.ts'
import { renderTerminal } from '../../../bench/report/terminal.ts'
import type { Results } from '../../../bench/results.ts'
import type { Sample } from '../../../bench/scenario.ts'
import { summarizeSamples } from '../../../bench/summary.ts'

const sample = (contestant: string, cpuUs: number, changes: Partial<Sample> = {}): Sample => ({
  scenario: 'steady',
  variant: 'full speed',
  contestant,
  values: { cpuUs, requestsPerSecond: 1e6 / cpuUs, failed: 0 },
  flaws: [],
  curve: [],
  ...changes,
})

const curve = [50, 99, 100].map((percent, index) => ({ percent, us: 100 * 10 ** index }))
const samples = [
  sample('smartedge', 13),
  sample('smartedge', 14),
  sample('nginx', 12, { flaws: ['other processes took 9 % of its core’s time'] }),
  sample('nginx', 12, { flaws: ['other processes took 9 % of its core’s time'] }),
  sample('smartedge', 14, { flaws: ['busy'] }),
  sample('smartedge', 20, { variant: 'fixed rate', values: { p99Us: 12_345, p50Us: 150 }, curve }),
]

const results: Results = {
  command: 'smartedge bench steady',
  date: '2026-11-21T10:00:00.000Z',
  machine: { cpu: 'CPU', cores: 2, memoryBytes: 8 * 1024 ** 3, system: 'Linux 6', pinning: 'nothing pinned' },
  versions: { nginx: '1.22', smartedge: '0.1.0' },
  settings: { rounds: 2, secondsPerRound: 3, connections: 64 },
  scenarios: { steady: 'Small answers.' },
  rows: summarizeSamples(samples),
  samples,
  complaints: [],
  interrupted: false,
}
const empty: Results = { ...results, rows: [], samples: [], scenarios: {}, versions: {} }

describe('the table', () => {
  test('lines up contestants, medians, spreads and ratios, and explains its marks', () => {
    expect(renderTerminal(results)).toBe(`steady: full speed
                  req/s  CPU µs/req  ×nginx  failed
  smartedge  74,176 ±4%    13.5 ±4%   1.13×       0
  nginx !        83,333        12.0   1.00×       0

steady: fixed rate
             p50 ms  p99 ms
  smartedge    0.15    12.3

! not to be trusted:
  other processes took 9 % of its core’s time (2 of 2 rounds)
    steady: full speed (nginx)

Rows without some of their rounds: 1; --html and --json tell why.

`)
  })

  test('tells a cause once, however many rows it spoils', () => {
    const busy = (percent: number) => ({ flaws: [`other processes took ${percent} % of its core’s time`] })
    const rows = summarizeSamples([
      sample('nginx', 12, busy(4)),
      sample('caddy', 12, busy(9)),
      sample('nginx', 12, { ...busy(7.5), variant: 'fixed rate' }),
      sample('nginx', 12, { ...busy(5), scenario: 'idle' }),
      sample('pipe', 12, { flaws: ['the load was late'] }),
    ])
    expect(groupFlaws(rows)).toEqual([
      {
        cause: 'other processes took 4–9 % of its core’s time (1 of 1 rounds)',
        places: ['steady: full speed (nginx, caddy), fixed rate (nginx)', 'idle: full speed (nginx)'],
      },
      { cause: 'the load was late (1 of 1 rounds)', places: ['steady: full speed (pipe)'] },
    ])
  })

  test('is empty when nothing was measured', () => {
    expect(renderTerminal(empty)).toBe('')
  })
})

describe('the document', () => {
  const text = renderMarkdown(results)

  test('says how it came about', () => {
    for (const fact of ['smartedge bench steady', '2026-11-21', 'Linux 6', 'nginx 1.22', '64 connections'])
      expect(text).toContain(fact)
  })

  test('counts one round as one', () => {
    const settings = { rounds: 1, secondsPerRound: 0.4, connections: 1 }
    expect(renderMarkdown({ ...results, settings })).toContain(
      '- Load: 1 connection, one round of 0.4 s for each contestant\n',
    )
    expect(text).toContain('- Load: 64 connections, 2 alternating rounds of 3 s for each contestant; medians\n')
  })

  test('has each scenario’s heading once and a table for each variant', () => {
    expect(text.match(/^## steady$/gm)).toHaveLength(1)
    expect(text).toContain(
      '### fixed rate\n\n|           | p50 ms | p99 ms |\n| --------- | -----: | -----: |\n| smartedge |   0.15 |   12.3 |',
    )
  })

  test('is lined up as the formatter does, narrow columns too', () => {
    const narrow = { ...results, rows: summarizeSamples([sample('a', 1, { values: { memoryBytes: 4e7 } })]) }
    expect(renderMarkdown(narrow)).toContain('|     |  MB |\n| --- | --: |\n| a   |  40 |\n')
  })

  test('tells how to read it, and which rows and rounds are not to be trusted', () => {
    expect(text).toContain('\n## How to read it\n')
    expect(text).toContain('## Not to be trusted\n\n- steady, full speed, nginx: other processes took 9 %')
    expect(text).toContain('## Rounds left out\n\n- steady, full speed, smartedge: busy (1 of 3 rounds)\n')
    expect(renderMarkdown(empty)).not.toContain('## Rounds left out')
  })

  test('tells complaints and an early end', () => {
    const bad = renderMarkdown({ ...results, complaints: ['caddy ended |\nearly'], interrupted: true })
    expect(bad).toContain(String.raw`- caddy ended \| early`)
    expect(bad).toContain('Interrupted')
    expect(text).not.toContain('Interrupted')
  })

  test('stands without any rows', () => {
    expect(renderMarkdown(empty)).toStartWith('# Benchmarks')
  })
})

describe('the page', () => {
  test('fetches nothing and holds every row', () => {
    const page = renderHtml(results)
    expect(page).not.toMatch(/<script|<link|src=|@import|url\(/)
    expect(page.match(/<tbody>/g)).toHaveLength(2)
    expect(page.match(/<polyline/g)).toHaveLength(1)
    expect(page).toContain('1.13×')
  })

  test('escapes what comes from outside', () => {
    const nasty = '<img onerror=x>"&'
    const page = renderHtml({
      ...results,
      command: nasty,
      complaints: [nasty],
      versions: { [nasty]: nasty },
      rows: summarizeSamples([sample(nasty, 1, { curve, scenario: nasty, variant: nasty, flaws: [nasty] })]),
    })
    expect(page).not.toContain('<img')
  })

  test('stands without any rows', () => {
    expect(renderHtml(empty)).toEndWith('</html>\n')
  })
})

describe('a curve', () => {
  test('stays within its picture, whatever the latencies', () => {
    for (const us of [0, 1, 999, 60_000_000]) {
      const points = [0, 50, 99.99, 100].map((percent) => ({ percent, us }))
      const svg = renderCurve([{ label: 'x', color: 'red', points }])
      const [, text = ''] = /points="([^"]+)"/.exec(svg) ?? []
      for (const place of text.split(' ')) {
        const [x = -1, y = -1] = place.split(',').map(Number)
        expect(x).toBeWithin(0, 761)
        expect(y).toBeWithin(0, 341)
      }
    }
  })

  test('is nothing without points', () => {
    expect(renderCurve([])).toBe('')
    expect(renderCurve([{ label: 'x', color: 'red', points: [] }])).toBe('')
  })
})
