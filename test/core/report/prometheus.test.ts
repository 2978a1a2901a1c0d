import { describe, expect, test } from 'bun:test'
import { createMetricPage, formatLabels } from '../../../core/report/prometheus.ts'
import { parseMetrics } from '../../support/metrics-parser.ts'

const pageOf = (labels: Record<string, string>, value: number) => {
  const page = createMetricPage()
  page.family('a_total', 'counter', 'Help.')
  page.sample(formatLabels(labels), value)
  return page.text()
}

describe('metric page', () => {
  test('writes help, type and sample', () => {
    expect(pageOf({ pool: 'web' }, 3)).toBe('# HELP a_total Help.\n# TYPE a_total counter\na_total{pool="web"} 3\n')
    expect(pageOf({}, 3)).toEndWith('\na_total 3\n')
  })

  test('carries every label value through escaping and back', () => {
    const hostile = [
      '',
      '"',
      '\\',
      '\n',
      '\\n',
      '\\"',
      '"} 1\nevil_total 9',
      'é €',
      '\r',
      '__proto__',
      '\u2028',
      'a'.repeat(100_000),
    ]
    for (const value of hostile) {
      const [family, ...others] = parseMetrics(pageOf({ value }, 1))
      expect(others).toEqual([])
      expect(family?.samples).toEqual([{ name: 'a_total', labels: { value }, value: 1 }])
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
    const page = createMetricPage()
    page.family('a_total', 'counter', 'one\ntwo \\ three')
    page.sample('', 1)
    expect(page.text()).toStartWith('# HELP a_total one\\ntwo \\\\ three\n# TYPE')
  })

  test('adds buckets up and ends them with infinity', () => {
    const page = createMetricPage()
    page.family('d_seconds', 'histogram', 'Help.')
    page.histogram('', [0.1, 1], [1, 2, 3], 4.5)
    expect(page.text().trimEnd().split('\n').slice(2)).toEqual([
      'd_seconds_bucket{le="0.1"} 1',
      'd_seconds_bucket{le="1"} 3',
      'd_seconds_bucket{le="+Inf"} 6',
      'd_seconds_sum 4.5',
      'd_seconds_count 6',
    ])
  })
})
