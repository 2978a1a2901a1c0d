import { describe, expect, test } from 'bun:test'
import { readFraming, ResponseReader } from '../../../bench/load/response-reader.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const feedSplit = (text: string, size: number) => {
  const reader = new ResponseReader()
  const all = bytes(text)
  let progress = 'more'
  for (let at = 0; at < all.length && progress === 'more'; at += size) {
    progress = reader.feed(Buffer.from(all.subarray(at, at + size)))
    if (progress === 'done' && at + size < all.length) return { reader, progress: 'early' }
  }
  return { reader, progress }
}

const whole = {
  length: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'empty body': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'no content': 'HTTP/1.1 204 No Content\r\n\r\n',
  'not modified': 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n',
  chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n',
  trailers: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\nZ: w\r\n\r\n',
  'early hints first': 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'no reason phrase': 'HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx',
}

describe('ResponseReader', () => {
  describe.each(Object.entries(whole))('finds the end of a response with %s', (_, text) => {
    test.each([1, 2, 3, 7, 1000])('in pieces of %p bytes', (size) => {
      expect(feedSplit(text, size).progress).toBe('done')
    })

    test('not a byte too early', () => {
      expect(feedSplit(text.slice(0, -1), 1).progress).toBe('more')
    })
  })

  test('reads one response after the other, of equal and of new heads', () => {
    const reader = new ResponseReader()
    for (const text of [whole.length, whole.length, whole.chunked, whole.length])
      expect(reader.feed(bytes(text))).toBe('done')
  })

  test('refuses bytes beyond the end', () => {
    expect(new ResponseReader().feed(bytes(`${whole.length}x`))).toBe('broken')
    expect(new ResponseReader().feed(bytes(`${whole.chunked}x`))).toBe('broken')
  })

  test('ends a body without a length with the connection, and no other', () => {
    const reader = new ResponseReader()
    expect(reader.feed(bytes('HTTP/1.1 200 OK\r\n\r\nsome'))).toBe('more')
    expect(reader.feed(bytes(' more'))).toBe('more')
    expect(reader.end()).toBe('done')
    const cut = new ResponseReader()
    cut.feed(bytes('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'))
    expect(cut.end()).toBe('broken')
    expect(new ResponseReader().end()).toBe('broken')
  })

  test.each([
    'garbage\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n',
  ])('refuses %p', (text) => {
    expect(new ResponseReader().feed(bytes(text))).toBe('broken')
  })

  test('gives up on a head without end', () => {
    const reader = new ResponseReader()
    let progress = reader.feed(bytes('HTTP/1.1 200 OK\r\n'))
    for (let block = 0; block < 300 && progress === 'more'; block++) progress = reader.feed(bytes('a'.repeat(1024)))
    expect(progress).toBe('broken')
  })

  test('takes an empty piece as nothing', () => {
    expect(new ResponseReader().feed(Buffer.alloc(0))).toBe('more')
  })
})

describe('readFraming', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1', true],
    ['HTTP/1.1 200 OK\r\nconnection: keep-alive, Close\r\nContent-Length: 1', true],
    ['HTTP/1.0 200 OK\r\nContent-Length: 1', true],
    ['HTTP/1.1 200 OK\r\nX-Connection: close\r\nContent-Length: 1', false],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1', false],
  ])('of %p says whether the connection closes', (head, closes) => {
    expect(readFraming(head)).toEqual({ status: 200, bodyBytes: 1, closes })
  })
})
