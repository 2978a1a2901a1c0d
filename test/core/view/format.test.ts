import { describe, expect, test } from 'bun:test'
import { bytes, clockTime, latency, percent, rate, span } from '../../../core/view/format.ts'

const odd = [Number.NaN, Infinity, -Infinity]

describe('numbers on the screen', () => {
  const cases: readonly (readonly [string, (value: number) => string, readonly (readonly [number, string])[]])[] = [
    [
      'rates',
      rate,
      [
        [0, '0'],
        [0.04, '0.0'],
        [7.25, '7.3'],
        [99.4, '99.4'],
        [99.6, '100'],
        [9999, '9999'],
        [12_345, '12.3k'],
        [999_960, '1.00M'],
        [45_600_000, '45.6M'],
      ],
    ],
    [
      'parts',
      percent,
      [
        [0, '0 %'],
        [0.0001, '<0.1 %'],
        [0.004, '0.4 %'],
        [0.0996, '10 %'],
        [0.48, '48 %'],
        [1, '100 %'],
      ],
    ],
    [
      'latencies',
      latency,
      [
        [0, '0.00ms'],
        [0.4123, '0.41ms'],
        [12.34, '12.3ms'],
        [123.4, '123ms'],
        [999.6, '1.00s'],
        [65_000, '65.0s'],
      ],
    ],
    [
      'bytes',
      bytes,
      [
        [0, '0'],
        [845, '845'],
        [1000, '0.98K'],
        [182_000, '178K'],
        [2_400_000, '2.29M'],
        [5e15, '4547T'],
      ],
    ],
    [
      'spans',
      span,
      [
        [10, '10 s'],
        [60, '1 min'],
        [900, '15 min'],
      ],
    ],
  ]
  for (const [name, format, rows] of cases) {
    test(`${name} are short and keep their width`, () => {
      for (const [value, text] of rows) expect(format(value)).toBe(text)
    })
  }

  test('that are none are a dash', () => {
    for (const format of [rate, percent, latency, bytes]) for (const value of odd) expect(format(value)).toBe('-')
    expect(latency(null)).toBe('-')
    expect(latency(undefined)).toBe('-')
  })

  test('times that are none have no digits', () => {
    expect(clockTime(Number.NaN)).toBe('--:--:--')
    expect(clockTime(9e15)).toBe('--:--:--')
    expect(clockTime(0)).toMatch(/^\d\d:\d\d:\d\d$/)
  })
})
