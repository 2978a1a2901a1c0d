import { describe, expect, test } from 'bun:test'
import { policyAtOnce, policyOf, rateLines, retryAfter, standingOf } from '../../../core/limits/rate-fields.ts'
import { parseRate } from '../../../core/rate.ts'

const allow = (rate: string, burst: number) => ({ rate: parseRate(rate)!, burst })

describe('what clients are told of a limit', () => {
  test.each([
    ['100/s', 100, '"a";q=100;w=1'],
    ['100/s', 200, '"a";q=200;w=2'],
    ['100/s', 150, '"a";q=200;w=2'],
    ['100/s', 20, '"a";q=100;w=1'],
    ['10/m', 1, '"a";q=1;w=6'],
    ['10/m', 10, '"a";q=10;w=60'],
    ['7/m', 1, '"a";q=1;w=9'],
    ['1/d', 1, '"a";q=1;w=86400'],
    ['1000000000/s', 1_000_000_000, '"a";q=1000000000;w=1'],
  ])('is of %s with a burst of %d what it grants in whole seconds, no less than the burst', (rate, burst, told) => {
    expect(policyOf('a', allow(rate, burst))).toBe(told)
    const [, q, w] = /q=(\d+);w=(\d+)/.exec(told) ?? []
    expect(Number(q)).toBeGreaterThanOrEqual(burst)
    expect(Number(w)).toBeGreaterThan(0)
  })

  test.each([
    ['100/s', 5.5, '"a";r=5;t=1'],
    ['10/m', 3, '"a";r=3;t=6'],
    ['10/m', 2.9, '"a";r=2;t=1'],
    ['10/m', 0.5, '"a";r=0;t=3'],
    ['1/h', 0, '"a";r=0;t=3600'],
  ])('is of %s with %d tokens how many there are, and when there is one more', (rate, level, told) => {
    expect(standingOf('a', level, allow(rate, 10))).toBe(told)
  })

  test('is no time to wait that is shorter than it takes, and at least a second', () => {
    expect([
      retryAfter(0, allow('1000/s', 1)),
      retryAfter(0, allow('50/m', 1)),
      retryAfter(0.5, allow('50/m', 1)),
    ]).toEqual([1, 2, 1])
  })

  test('stands in two fields of one line each', () => {
    expect(rateLines(policyAtOnce('few', 20), '"few";r=3')).toBe(
      'RateLimit-Policy: "few";q=20;qu="concurrent-requests"\r\nRateLimit: "few";r=3\r\n',
    )
  })
})
