import { describe, expect, test } from 'bun:test'
import { patienceMs } from '../../../core/exchange/patience.ts'
import { parseRequest } from '../../support/http1-heads.ts'

describe('how long a client waits', () => {
  test.each([
    ['', undefined],
    ['Prefer: wait=10\r\n', 10_000],
    ['prefer: respond-async, Wait = "3" ; foo=bar\r\n', 3000],
    ['Prefer: foo; wait=2\r\n', 2000],
    ['Prefer: wait=0\r\n', 0],
    ['Prefer: handling=lenient\r\nPrefer: wait=7, wait=9\r\n', 7000],
    ['Prefer: wait=\r\n', undefined],
    ['Prefer: wait=-1\r\n', undefined],
    ['Prefer: wait=1.5\r\n', undefined],
    ['Prefer: await=1\r\n', undefined],
    [`Prefer: wait=${'9'.repeat(400)}\r\n`, undefined],
  ])('is read from %j', (lines, ms) => {
    expect(patienceMs(parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`))).toBe(ms as number)
  })
})
