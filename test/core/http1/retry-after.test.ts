import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { parseHttpDate } from '../../../core/http1/http-date.ts'
import { parseRetryAfter } from '../../../core/http1/retry-after.ts'

const now = Date.UTC(1994, 10, 6, 8, 49, 37)

describe('parseRetryAfter', () => {
  test.each([
    ['0', 0],
    ['1', 1000],
    ['0120', 120_000],
    ['1000000000000', 1e15],
    ['9'.repeat(400), Infinity],
    ['Sun, 06 Nov 1994 08:49:40 GMT', 3000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:36 GMT', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59) - now],
  ])('of %p is %p ms', (value, ms) => {
    expect(parseRetryAfter(value, now)).toBe(ms)
  })

  test.each(['', '-1', '+1', '1.5', '1e3', '0x10', '1 ', ' 1', '1, 2', '1s', 'soon', '∞', 'NaN', 'Infinity', '\u0661'])(
    'of %p is nothing',
    (value) => {
      expect(parseRetryAfter(value, now)).toBeUndefined()
    },
  )
})

describe('parseHttpDate', () => {
  test.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads %p',
    (text) => {
      expect(parseHttpDate(text)).toBe(now)
    },
  )

  test('reads what ECMAScript writes', () => {
    const dates = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) / 1000 })
    fc.assert(
      fc.property(dates, (second) => {
        expect(parseHttpDate(new Date(second * 1000).toUTCString())).toBe(second * 1000)
      }),
    )
  })

  test.each([
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
    ['Friday, 01-Jan-69 00:00:00 GMT', Date.UTC(2069, 0, 1)],
    ['Friday, 01-Jan-70 00:00:00 GMT', 0],
    ['Fri Jan 10 00:00:00 2020', Date.UTC(2020, 0, 10)],
  ])('reads %p', (text, at) => {
    expect(parseHttpDate(text)).toBe(at)
  })

  test.each([
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 31 Nov 1994 08:49:37 GMT',
    'Wed, 29 Feb 2023 00:00:00 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT ',
    '1994-11-06T08:49:37Z',
    '',
  ])('does not read %p', (text) => {
    expect(parseHttpDate(text)).toBeUndefined()
  })
})
