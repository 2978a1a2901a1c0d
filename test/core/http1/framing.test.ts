/** Which messages have a body, how long it is, and which framing is refused (RFC 9112 6). */
import { describe, expect, test } from 'bun:test'
import { frameRequest, frameResponse } from '../../../core/http1/framing.ts'
import { parseRequest, parseResponse } from '../../support/http1-heads.ts'
import {
  expectRequest,
  expectRequestRefused,
  expectResponse,
  expectResponseRefused,
} from '../../support/http1-cases.ts'

const request = (lines: string, version = '1.1'): string => `POST / HTTP/${version}\r\nHost: a\r\n${lines}\r\n`
const response = (lines: string, version = '1.1', status = 200): string =>
  `HTTP/${version} ${status} Reason\r\n${lines}\r\n`

/** Framing must be judged alike on both sides, in both versions. */
function expectBoth(lines: string, view: object, versions = ['1.0', '1.1']): void {
  for (const version of versions) {
    expectRequest(request(lines, version), view)
    expectResponse(response(lines, version), view)
  }
}

function expectBothRefused(lines: string, rule: RegExp): void {
  for (const version of ['1.0', '1.1']) {
    expectRequestRefused(request(lines, version), rule)
    expectResponseRefused(response(lines, version), rule)
  }
}

describe('Content-Length', () => {
  test.each([
    ['0', 0],
    ['5', 5],
    ['0005', 5],
    [' \t5\t ', 5],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['0'.repeat(500), 0],
  ])('%p is %d', (value, contentLength) => {
    expectBoth(`Content-Length:${value}\r\n`, { contentLength, isChunked: false })
    expectBoth(`cONTENT-lENGTH:${value}\r\n`, { contentLength, isChunked: false })
  })

  const wrong = '+5 -5 -0 5. 5.0 5e1 0x5 0x 5x x5 5_0 1_000 5,5 5, ,5 "5" 5; NaN Infinity null \xb5 5\xa0'.split(' ')
  test.each([...wrong, '', ' ', '\t', '5 5', '5\t5', '- 5', '5, 5', '5, 6'])('%p is refused', (value) => {
    expectBothRefused(`Content-Length: ${value}\r\n`, /Content-Length must be decimal digits/)
  })

  const large = [
    '9007199254740992',
    '9007199254740993',
    '18446744073709551616',
    '18446744073709551621',
    '9'.repeat(400),
  ]
  test.each(large)('%s is refused as too large', (value) => {
    expectBothRefused(`Content-Length: ${value}\r\n`, /Content-Length must be at most/)
  })

  test('may be repeated with one length', () => {
    expectBoth('Content-Length: 5\r\ncontent-length: 5\r\nCONTENT-LENGTH: 05\r\n', { contentLength: 5 })
  })

  test.each([
    ['Content-Length: 5\r\nContent-Length: 6\r\n'],
    ['Content-Length: 5\r\nX: y\r\ncontent-length: 0\r\n'],
    ['Content-Length: 0\r\nContent-Length: 5\r\n'],
    ['Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 4\r\n'],
  ])('%p is refused', (lines) => {
    expectBothRefused(lines, /Content-Length fields must agree/)
  })

  test('is checked in its repeats too', () => {
    expectBothRefused('Content-Length: 5\r\nContent-Length: \r\n', /decimal digits/)
    expectBothRefused('Content-Length: 5\r\nContent-Length: +5\r\n', /decimal digits/)
  })
})

describe('Transfer-Encoding', () => {
  test.each(['chunked', 'Chunked', 'CHUNKED', ' \tchunked\t '])('%p means chunked', (value) => {
    expectBoth(`Transfer-Encoding:${value}\r\n`, { isChunked: true, contentLength: -1 }, ['1.1'])
    expectBoth(`TRANSFER-ENCODING:${value}\r\n`, { isChunked: true, contentLength: -1 }, ['1.1'])
  })

  const listed = [
    'gzip',
    'identity',
    'gzip, chunked',
    'chunked, gzip',
    'chunked, chunked',
    'chunked,',
    ',chunked',
    ', chunked',
  ]
  const altered = [
    '',
    'xchunked',
    'chunkedx',
    'chunke',
    'chunked;q=1',
    'chunked ;',
    '"chunked"',
    "'chunked'",
    'chunked chunked',
    'chun ked',
  ]
  const odd = [
    'c\thunked',
    'chunked, identity',
    'identity, chunked',
    '\xffchunked',
    'chunked\xff',
    '\xa0chunked',
    'chunked\x85',
    'chun\xc5ed',
  ]
  test.each([...listed, ...altered, ...odd])('%p is refused', (value) => {
    expectBothRefused(`Transfer-Encoding: ${value}\r\n`, /Transfer-Encoding must be exactly "chunked"/)
  })

  test.each(['\x0bchunked', 'chunked\x0b', '\0chunked', 'chunked\0', 'chunked\x0c', '\x1fchunked', 'chunked\x7f'])(
    'with a control as %p is refused',
    (value) => {
      expectBothRefused(`Transfer-Encoding: ${value}\r\n`, /value may not hold byte/)
    },
  )

  test.each([
    ['with a CR behind it', 'Transfer-Encoding: chunked\r\r\n', /followed by LF/],
    ['with a CR before it', 'Transfer-Encoding: \rchunked\r\n', /followed by LF/],
    ['folded', 'Transfer-Encoding:\r\n chunked\r\n', /exactly "chunked"|line folding/],
    ['folded behind its value', 'X: y\r\n Transfer-Encoding: chunked\r\n', /line folding/],
    ['with a space before its colon', 'Transfer-Encoding : chunked\r\n', /between a field name and its colon/],
    ['with a LF before it', 'X: y\nTransfer-Encoding: chunked\r\n', /bare LF/],
  ])('is refused %s', (_, lines, rule) => {
    expectBothRefused(lines, rule)
  })

  test('is another field with another name', () => {
    for (const name of ['Transfer_Encoding', 'Transfer-Encodin', 'X-Transfer-Encoding', 'Transfer.Encoding']) {
      expectBoth(`${name}: gzip\r\n`, { isChunked: false, contentLength: -1 })
    }
  })

  test('may stand once only', () => {
    const once = 'Transfer-Encoding: chunked\r\n'
    expectBothRefused(`${once}${once}`, /Transfer-Encoding may stand once/)
    expectBothRefused(`${once}Transfer-Encoding: identity\r\n`, /Transfer-Encoding may stand once/)
    expectBothRefused(`Transfer-Encoding: identity\r\n${once}`, /exactly "chunked"/)
    expectBothRefused(`Transfer-Encoding:\r\n${once}`, /exactly "chunked"/)
  })

  test('is refused in HTTP/1.0', () => {
    expectRequestRefused(request('Transfer-Encoding: chunked\r\n', '1.0'), /HTTP\/1\.0 has no Transfer-Encoding/)
    expectResponseRefused(response('Transfer-Encoding: chunked\r\n', '1.0'), /HTTP\/1\.0 has no Transfer-Encoding/)
  })

  test('is refused beside Content-Length in either order', () => {
    for (const length of ['0', '5']) {
      const lines = [`Content-Length: ${length}\r\n`, 'Transfer-Encoding: chunked\r\n']
      expectBothRefused(lines.join(''), /both Content-Length and Transfer-Encoding/)
      expectBothRefused(lines.toReversed().join(''), /both Content-Length and Transfer-Encoding/)
    }
  })
})

describe('frameRequest', () => {
  test.each([
    ['', 'none'],
    ['Content-Length: 0\r\n', 'none'],
    ['Content-Length: 1\r\n', 'length'],
    ['Transfer-Encoding: chunked\r\n', 'chunked'],
  ])('of %p is %s, whatever the method', (lines, kind) => {
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'X']) {
      const head = parseRequest(`${method} / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)
      expect(frameRequest(head.fields)).toBe(kind as 'none')
    }
  })
})

describe('frameResponse', () => {
  const kindOf = (lines: string, status: number, isHead = false) => {
    const head = parseResponse(response(lines, '1.1', status))
    return frameResponse(head.fields, head.status, isHead)
  }
  const every = ['', 'Content-Length: 0\r\n', 'Content-Length: 7\r\n', 'Transfer-Encoding: chunked\r\n']

  test.each([200, 201, 205, 206, 301, 404, 500, 599])('with status %d follows the fields', (status) => {
    expect(every.map((lines) => kindOf(lines, status))).toEqual(['until-close', 'none', 'length', 'chunked'])
  })

  test.each([100, 101, 103, 199, 204, 304])('with status %d is without a body', (status) => {
    expect(every.map((lines) => kindOf(lines, status))).toEqual(['none', 'none', 'none', 'none'])
  })

  test('to HEAD is without a body', () => {
    for (const status of [200, 204, 404]) {
      expect(every.map((lines) => kindOf(lines, status, true))).toEqual(['none', 'none', 'none', 'none'])
    }
  })
})
