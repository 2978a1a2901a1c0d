import { describe, expect, test } from 'bun:test'
import {
  codingFor,
  type ResponseRewrite,
  responseHeadRoom,
  writeResponseHead,
} from '../../../core/forward/rewrite-response.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { parseResponse } from '../../support/http1-heads.ts'

/** For tests that are not about the date. */
const undated = () => Buffer.alloc(0)

function rewritten(text: string, how: Partial<ResponseRewrite> = {}, added = ''): string {
  const head = parseResponse(text)
  head.added = added
  const out = Buffer.alloc(5 + responseHeadRoom(head), '!')
  const rewrite = { coding: 'length', persists: true, isOldClient: false, dateLine: undated, ...how } as const
  const end = writeResponseHead(out, 5, head, rewrite)
  expect(end).toBeLessThanOrEqual(out.length)
  return out.toString('latin1', 5, end)
}

describe('writeResponseHead', () => {
  test('changes nothing that need not be changed', () => {
    const head = 'HTTP/1.1 299 \xff odd\r\nset-cookie: a\r\nX:\r\nSet-Cookie:  b \r\nContent-Length: 3\r\n\r\n'
    expect(rewritten(head)).toBe(head)
  })

  test.each([
    ['HTTP/1.1 200 OK\r\nA: 1\r\n', ''],
    ['HTTP/1.1 101 Switching Protocols\r\n', 'Connection: Upgrade\r\nUpgrade: x\r\n'],
  ])('writes added lines behind those of %p', (head, hop) => {
    const added = `Set-Cookie: ${'a'.repeat(5000)}=1\r\n`
    expect(rewritten(`${head}${hop}\r\n`, {}, added)).toBe(`${head}${added}${hop}\r\n`)
  })

  test('speaks HTTP/1.1 for an old backend', () => {
    expect(rewritten('HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n',
    )
  })

  test('drops hop-by-hop fields and what Connection names, but never the length', () => {
    const lines =
      'Connection: X, content-length\r\nx: 1\r\nKeep-Alive: x\r\nProxy-Connection: x\r\nTE: x\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\n'
    expect(rewritten(`HTTP/1.1 200 OK\r\nA: 1\r\n${lines}B: 2\r\n\r\n`, { coding: 'chunks' })).toBe(
      'HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    expect(rewritten('HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 3\r\n\r\n')).toContain(
      'Length: 3',
    )
  })

  const dateLine = () => bytesOf('Date: now\r\n')

  test('dates what came without a date, and nothing else', () => {
    const framed = { dateLine, coding: 'chunking', persists: false } as const
    for (const status of [200, 204, 304, 404, 599]) {
      expect(rewritten(`HTTP/1.1 ${status} X\r\nA: 1\r\n\r\n`, { dateLine })).toBe(
        `HTTP/1.1 ${status} X\r\nA: 1\r\nDate: now\r\n\r\n`,
      )
    }
    expect(rewritten('HTTP/1.1 200 OK\r\n\r\n', framed)).toBe(
      'HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
    )
    for (const line of ['Date: Sat, 21 Nov 2026 12:00:00 GMT', 'DATE:', 'date: x\r\nDate: y']) {
      expect(rewritten(`HTTP/1.1 200 OK\r\n${line}\r\n\r\n`, { dateLine })).toBe(`HTTP/1.1 200 OK\r\n${line}\r\n\r\n`)
    }
    expect(rewritten('HTTP/1.1 103 Hints\r\n\r\n', { dateLine })).toBe('HTTP/1.1 103 Hints\r\n\r\n')
    expect(rewritten('HTTP/1.1 101 X\r\nUpgrade: a\r\n\r\n', { dateLine })).not.toContain('Date')
  })

  test('keeps a date that Connection names', () => {
    const head = 'HTTP/1.1 200 OK\r\nDate: x\r\n\r\n'
    expect(rewritten(head.replace('Date', 'Connection: date\r\nDate'), { dateLine })).toBe(head)
  })

  test('says a repeated length once', () => {
    expect(rewritten('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n',
    )
  })

  test.each([
    [{ coding: 'length', persists: true, isOldClient: false }, ''],
    [{ coding: 'length', persists: false, isOldClient: false }, 'Connection: close\r\n'],
    [{ coding: 'length', persists: true, isOldClient: true }, 'Connection: keep-alive\r\n'],
    [{ coding: 'length', persists: false, isOldClient: true }, 'Connection: close\r\n'],
    [{ coding: 'chunks', persists: true, isOldClient: false }, 'Transfer-Encoding: chunked\r\n'],
    [
      { coding: 'chunking', persists: false, isOldClient: false },
      'Transfer-Encoding: chunked\r\nConnection: close\r\n',
    ],
    [{ coding: 'close', persists: false, isOldClient: true }, 'Connection: close\r\n'],
  ] as const)('for %p adds %p', (how, added) => {
    expect(rewritten('HTTP/1.1 200 OK\r\nA: 1\r\n\r\n', how)).toBe(`HTTP/1.1 200 OK\r\nA: 1\r\n${added}\r\n`)
  })

  test('tells of chunks that a GET would get, but not with a 204 nor to an old client', () => {
    const chunked = 'Transfer-Encoding: chunked\r\n\r\n'
    const none = { coding: 'none' } as const
    expect(rewritten(`HTTP/1.1 200 OK\r\n${chunked}`, none)).toBe(`HTTP/1.1 200 OK\r\n${chunked}`)
    expect(rewritten(`HTTP/1.1 304 X\r\n${chunked}`, none)).toBe(`HTTP/1.1 304 X\r\n${chunked}`)
    expect(rewritten(`HTTP/1.1 204 X\r\n${chunked}`, none)).toBe('HTTP/1.1 204 X\r\n\r\n')
    expect(rewritten(`HTTP/1.1 200 OK\r\n${chunked}`, { ...none, isOldClient: true })).not.toContain('chunked')
  })

  test('says nothing of a length or of the connection in an interim response', () => {
    const head = 'HTTP/1.1 103 Hints\r\nLink: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\n'
    expect(rewritten(head, { persists: false })).toBe('HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n')
    expect(rewritten('HTTP/1.1 204 X\r\nContent-Length: 3\r\n\r\n')).toBe('HTTP/1.1 204 X\r\n\r\n')
  })

  test('keeps the protocol of a 101 and of a 426', () => {
    const lines = 'Connection: Upgrade\r\nUpgrade: a, b\r\n'
    expect(rewritten(`HTTP/1.1 101 X\r\n${lines}\r\n`)).toBe(`HTTP/1.1 101 X\r\n${lines}\r\n`)
    expect(rewritten(`HTTP/1.1 426 X\r\nContent-Length: 0\r\n${lines}\r\n`, { persists: false })).toBe(
      `HTTP/1.1 426 X\r\nContent-Length: 0\r\n${lines}Connection: close\r\n\r\n`,
    )
  })

  test('stays within its room for a huge protocol', () => {
    rewritten(`HTTP/1.1 101 X\r\nUpgrade: ${'a'.repeat(60_000)}\r\n\r\n`)
    rewritten('HTTP/1.1 200\r\n\r\n', { persists: false, coding: 'chunking' })
  })
})

describe('codingFor', () => {
  test.each([
    ['none', 'none', 'none'],
    ['length', 'length', 'length'],
    ['chunked', 'chunks', 'close'],
    ['until-close', 'chunking', 'close'],
  ] as const)('a body of kind %p gives %p, and %p for HTTP/1.0', (kind, coding, old) => {
    expect([codingFor(kind, false), codingFor(kind, true)]).toEqual([coding, old])
  })
})
