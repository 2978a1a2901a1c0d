import { describe, expect, test } from 'bun:test'
import { defaultBurst, formatRate, parseRate } from '../../core/rate.ts'

describe('a rate', () => {
  test.each([
    ['100/s', 100, 1000],
    ['10/m', 10, 60_000],
    ['1000/h', 1000, 3_600_000],
    ['10000/d', 10_000, 86_400_000],
    ['0/s', 0, 1000],
    ['999999999999999/s', 999_999_999_999_999, 1000],
  ])('is read from %s, and written so again', (text, count, perMs) => {
    expect(parseRate(text)).toEqual({ count, perMs })
    expect(formatRate({ count, perMs })).toBe(text)
  })

  test.each([
    '',
    '100',
    '/s',
    '-1/s',
    '1.5/s',
    '1e3/s',
    '100/S',
    '100 /s',
    '100/sec',
    '100/w',
    '1/s\n',
    '9999999999999999/s',
    '١/s',
  ])('is not read from %j', (text) => expect(parseRate(text)).toBeUndefined())

  test.each([
    ['100/s', 100],
    ['600/m', 10],
    ['90/m', 1],
    ['10/m', 1],
    ['1/d', 1],
  ])('of %s grants %d at once', (text, burst) => expect(defaultBurst(parseRate(text)!)).toBe(burst))
})
