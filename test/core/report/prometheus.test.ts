import { describe, expect, test } from 'bun:test'
import { createBuckets } from '../../../core/observe/buckets.ts'
import { createMetricPage, formatLabels, type MetricHead } from '../../../core/report/prometheus.ts'
import { parseMetrics, parseOpenMetrics } from '../../support/metrics-parser.ts'

const total: MetricHead = { name: 'a_total', type: 'counter', help: 'Help.' }

const pageOf = (
  labels: Record<string, string>,
  value: number,
  head = total,
  format: 'text' | 'openmetrics' = 'text',
) => {
  const page = createMetricPage(format)
  page.metric(head)
  page.sample(formatLabels(labels), value)
  return page.end()
}

const hostile = [
  '',
  '"',
  '\\',
  '\n',
  '\\n',
  '\\"',
  '"} 1\nevil_total 9',
  '# EOF',
  'é €',
  '\r',
  '__proto__',
  '\u2028',
  'a'.repeat(100_000),
]

describe('metric page', () => {
  test('writes help, type and sample', () => {
    expect(pageOf({ pool: 'web' }, 3)).toBe('# HELP a_total Help.\n# TYPE a_total counter\na_total{pool="web"} 3\n')
    expect(pageOf({}, 3)).toEndWith('\na_total 3\n')
  })

  test.each([
    ['text', parseMetrics, 'a_total'],
    ['openmetrics', parseOpenMetrics, 'a'],
  ] as const)('carries every label value through escaping and back: %s', (format, parse, name) => {
    for (const value of hostile) {
      const [family, ...others] = parse(pageOf({ value }, 1, total, format))
      expect(others).toEqual([])
      expect(family).toEqual({ name, type: 'counter', samples: [{ name: 'a_total', labels: { value }, value: 1 }] })
    }
  })

  test('replaces what UTF-8 cannot say', () => {
    expect(pageOf({ value: '\ud800' }, 1)).toContain('value="\ufffd"')
  })

  test('spells numbers as the format wants them', () => {
    const values = [Infinity, -Infinity, 1e21, 1e-7, 0, -0]
    const spelled = values.map((value) => pageOf({}, value).trimEnd().split(' ').at(-1))
    expect(spelled).toEqual(['+Inf', '-Inf', '1e+21', '1e-7', '0', '0'])
    expect(pageOf({}, Number.NaN)).toEndWith(' NaN\n')
  })

  test('keeps a hostile help on its own line', () => {
    const head = { ...total, help: 'one\ntwo \\ "three"' }
    expect(pageOf({}, 1, head)).toStartWith('# HELP a_total one\\ntwo \\\\ "three"\n# TYPE')
    expect(pageOf({}, 1, head, 'openmetrics')).toContain('\n# HELP a one\\ntwo \\\\ \\"three\\"\na_total')
  })

  test.each([
    ['text', '# HELP a_info Help.\n# TYPE a_info gauge\na_info 1\n'],
    ['openmetrics', '# TYPE a info\n# HELP a Help.\na_info 1\n# EOF\n'],
  ] as const)('tells what runs as %s knows it', (format, expected) => {
    expect(pageOf({}, 1, { name: 'a_info', type: 'info', help: 'Help.' }, format)).toBe(expected)
  })

  test('names the family and the unit in OpenMetrics, and where it ends', () => {
    const head: MetricHead = { name: 'a_bytes_total', type: 'counter', help: 'Help.' }
    expect(pageOf({}, 1, head, 'openmetrics')).toBe(
      '# TYPE a_bytes counter\n# UNIT a_bytes bytes\n# HELP a_bytes Help.\na_bytes_total 1\n# EOF\n',
    )
  })

  test('leaves out a metric without samples', () => {
    const page = createMetricPage('text')
    page.metric(total)
    page.metric({ ...total, name: 'b_total' })
    page.sample('', 1)
    expect(page.end()).toBe('# HELP b_total Help.\n# TYPE b_total counter\nb_total 1\n')
  })

  test('is given away in slices', () => {
    const page = createMetricPage('text')
    page.metric(total)
    page.sample('', 1)
    expect([page.isFull, page.take(), page.take()]).toEqual([false, pageOf({}, 1), ''])
    for (let index = 0; index < 10_000; index += 1) page.sample(`i="${index}"`, index)
    expect(page.isFull).toBe(true)
    page.take()
    expect(page.isFull).toBe(false)
  })

  test('adds buckets up in seconds and ends them with infinity', () => {
    const buckets = createBuckets()
    for (const ms of [0.5, 800, 1000, 70_000]) buckets.record(ms)
    const page = createMetricPage('text')
    page.metric({ name: 'd_seconds', type: 'histogram', help: 'Help.' })
    page.histogram('a="b"', buckets)
    const lines = page.end().trimEnd().split('\n').slice(2)
    expect(lines.filter((line) => /le="(?:0.0005|0.5|1.0|\+Inf)"/.test(line))).toEqual([
      'd_seconds_bucket{a="b",le="0.0005"} 1',
      'd_seconds_bucket{a="b",le="0.5"} 1',
      'd_seconds_bucket{a="b",le="1.0"} 3',
      'd_seconds_bucket{a="b",le="+Inf"} 4',
    ])
    expect(lines.slice(-2)).toEqual(['d_seconds_sum{a="b"} 71.8005', 'd_seconds_count{a="b"} 4'])
  })
})
