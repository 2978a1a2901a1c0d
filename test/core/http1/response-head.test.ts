import { describe, expect, test } from 'bun:test'
import { ResponseHead } from '../../../core/http1/response-head.ts'
import { bytesOf, limits } from '../../support/http1-bytes.ts'
import { parseResponse, readResponse } from '../../support/http1-heads.ts'
import { viewResponse } from '../../support/http1.ts'
import { expectResponse, expectResponseRefused } from '../../support/http1-cases.ts'

const withLine = (line: string): string => `${line}\r\nServer: x\r\n\r\n`

describe('status line', () => {
  test.each([
    ['HTTP/1.1 200 OK', 200, 1],
    ['HTTP/1.0 404 Not Found', 404, 0],
    ['HTTP/1.2 200 OK', 200, 1],
    ['HTTP/1.1 100 Continue', 100, 1],
    ['HTTP/1.1 101 Switching Protocols', 101, 1],
    ['HTTP/1.1 103 Early Hints', 103, 1],
    ['HTTP/1.1 599 ', 599, 1],
    ['HTTP/1.1 200 ', 200, 1],
    ['HTTP/1.1 200', 200, 1],
    ['HTTP/1.1 200  two  spaces ', 200, 1],
    ['HTTP/1.1 200 \t\xfc\xff(;"', 200, 1],
    [`HTTP/1.1 200 ${'r'.repeat(3000)}`, 200, 1],
  ])('%p has its status', (line, status, minorVersion) => {
    expectResponse(withLine(line), { status, minorVersion, fields: [['Server', 'x']] })
  })

  const versions = [
    'HTTP/2.0',
    'HTTP/0.9',
    'http/1.1',
    'HTTP/1.',
    'HTTP/1.x',
    'HTTP/11',
    'HTTP/1.10',
    'HTTP/1',
    'ICY',
    '',
    ' HTTP/1.1',
    'HTTPS/1.1',
  ]
  test.each([...versions, '\r\nHTTP/1.1', 'HTTP/1.1\t', 'HTTP/ 1.1'])('with the version %p is refused', (version) => {
    expectResponseRefused(withLine(`${version} 200 OK`), /begin with HTTP\/1\.1 or HTTP\/1\.0|three digits/)
  })

  test.each(['20', '2', '', '2e0', '+20', '-20', '20 ', ' 200', '0x2', '2.0', '\xb200'])(
    'with the status %p is refused',
    (status) => {
      expectResponseRefused(withLine(`HTTP/1.1 ${status} OK`), /three digits/)
    },
  )

  test.each(['000', '099', '600', '999'])('with the status %s out of range is refused', (status) => {
    expectResponseRefused(withLine(`HTTP/1.1 ${status} OK`), /status must be 100\.\.599/)
  })

  test.each([
    ['four digits', 'HTTP/1.1 2000 OK', /end in CRLF/],
    ['no space before its reason', 'HTTP/1.1 200OK', /end in CRLF/],
    ['a tab before its reason', 'HTTP/1.1 200\tOK', /end in CRLF/],
    ['NUL in its reason', 'HTTP/1.1 200 O\0K', /end in CRLF/],
    ['DEL in its reason', 'HTTP/1.1 200 O\x7fK', /end in CRLF/],
    ['a bare CR in its reason', 'HTTP/1.1 200 O\rK', /followed by LF/],
    ['a CR before CRLF', 'HTTP/1.1 200 OK\r', /followed by LF/],
    ['a bare LF in its reason', 'HTTP/1.1 200 O\nK', /end in CRLF/],
  ])('with %s is refused', (_, line, rule) => {
    expectResponseRefused(withLine(line), rule)
  })

  test('that is no HTTP is refused at its first byte', () => {
    for (const text of ['<', '\x15', '2', '\r', '\n', 'h']) {
      expect(readResponse([bytesOf(text)])).toMatchObject({ kind: 'refused' })
    }
  })

  test.each(['HTTP/1.1', 'HTTP/1.', 'HTTP/1.1 ', 'HTTP/1.1 2', 'HTTP/1.1 20'])(
    'is refused when its head ends short after %p',
    (line) => {
      expectResponseRefused(`${line}\r\n\r\n`, /begin with HTTP\/1\.1 or HTTP\/1\.0|three digits/)
      expect(readResponse([bytesOf(`${line}\r`)])).toMatchObject({ kind: 'refused' })
    },
  )

  test('ends in CRLF', () => {
    expectResponseRefused('HTTP/1.1 200 OK\nX: y\r\n\r\n', /end in CRLF/)
    expectResponseRefused('HTTP/1.1 200\nX: y\r\n\r\n', /end in CRLF/)
  })
})

describe('allowsKeepAlive', () => {
  test.each([
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'Connection: Close\r\n', false],
    ['HTTP/1.1', 'Connection: x\r\nConnection: close\r\n', false],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'Connection: keep-alive\r\n', true],
    ['HTTP/1.0', 'Connection: keep-alive\r\nConnection: close\r\n', false],
  ])('of %s with %p is %p', (version, line, expected) => {
    expect(parseResponse(`${version} 200 OK\r\n${line}\r\n`).allowsKeepAlive).toBe(expected)
  })
})

describe('limits of a response head', () => {
  const within = { maxHeadBytes: 128, maxTargetBytes: 8, maxFields: 3 }

  test.each([-1, 0, 1])('hold its bytes at their maximum %d', (delta) => {
    const head = `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(104 + delta)}\r\n\r\n`
    expect(head.length).toBe(128 + delta)
    if (delta <= 0) expectResponse(head, { status: 200 }, within)
    else expectResponseRefused(head, /at most 128 bytes/, 431, within)
  })

  test.each([-1, 0, 1])('hold its fields at their maximum %d', (delta) => {
    const head = `HTTP/1.1 200 OK\r\n${'F: v\r\n'.repeat(3 + delta)}\r\n`
    if (delta <= 0) expectResponse(head, { status: 200 }, within)
    else expectResponseRefused(head, /at most 3 fields/, 431, within)
  })

  test('refuse a head that has not ended yet', () => {
    const start = 'HTTP/1.1 200 '
    expect(readResponse([bytesOf(start + 'r'.repeat(127 - start.length))], within)).toEqual({ kind: 'incomplete' })
    expect(readResponse([bytesOf(start + 'r'.repeat(128 - start.length))], within)).toMatchObject({ status: 431 })
  })
})

describe('ResponseHead', () => {
  test('reads interim responses one after the other', () => {
    const texts = [
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
      withLine('HTTP/1.1 200 OK'),
    ]
    const bytes = bytesOf(texts.join(''))
    const head = new ResponseHead(limits.maxFields)
    let position = 0
    for (const text of texts) {
      position = head.parse(bytes, position, bytes.length, limits)
      expect(viewResponse(head)).toEqual(viewResponse(parseResponse(text)))
    }
    expect(position).toBe(bytes.length)
  })
})
