import { describe, expect, test } from 'bun:test'
import {
  formatBytes,
  formatCount,
  formatInflight,
  formatMs,
  formatSpan,
  formatWeight,
} from '../../../core/view/amounts.ts'

const table = (format: (input: number) => string, rows: readonly (readonly [number, string])[]) => {
  expect(rows.map(([input]) => [input, format(input)])).toEqual(rows.map(([input, text]) => [input, text]))
}

describe('numbers for people', () => {
  test('group thousands', () => {
    table(formatCount, [
      [0, '0'],
      [999, '999'],
      [1000, '1,000'],
      [1_234_567, '1,234,567'],
      [Number.NaN, '-'],
    ])
  })

  test('set what is under way against its bound, where there is one', () => {
    expect(formatInflight({ inflight: 1234 })).toBe('1,234')
    expect(formatInflight({ inflight: 3, maxInflight: null })).toBe('3')
    expect(formatInflight({ inflight: 3, maxInflight: 20 })).toBe('3/20')
  })

  test('give weights three significant digits at most', () => {
    table(formatWeight, [
      [1, '1'],
      [0.428_571_4, '0.429'],
      [0.001, '0.001'],
      [1000, '1000'],
    ])
  })

  test('give times three significant digits at most', () => {
    table(formatMs, [
      [0, '0.00 ms'],
      [0.412, '0.41 ms'],
      [9.994, '9.99 ms'],
      [9.996, '10.0 ms'],
      [99.96, '100 ms'],
      [999.4, '999 ms'],
      [999.6, '1.00 s'],
      [12_345, '12.3 s'],
      [Infinity, '-'],
    ])
  })

  test('give spans their two largest units', () => {
    table(formatSpan, [
      [0, '0s'],
      [999, '0s'],
      [1000, '1s'],
      [59_999, '59s'],
      [60_000, '1m 0s'],
      [3_725_000, '1h 2m'],
      [90_000_000, '1d 1h'],
      [-5, '0s'],
      [Number.NaN, '-'],
    ])
  })

  test('give sizes a binary unit', () => {
    table(formatBytes, [
      [0, '0 B'],
      [1023, '1023 B'],
      [1024, '1.0 KiB'],
      [50_000_000, '47.7 MiB'],
      [2 ** 60, '1048576.0 TiB'],
      [Number.NaN, '-'],
    ])
  })
})
