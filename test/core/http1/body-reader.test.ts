import { describe, expect, test } from 'bun:test'
import { createBodyReader } from '../../../core/http1/body-reader.ts'
import { readBody } from '../../support/http1-bodies.ts'
import { byteByByte, bytesOf, limits, piecesOf } from '../../support/http1-bytes.ts'

const BODY = 'hello\r\n\0\xff'
const TRAILING = 'GET / HTTP/1.1\r\n\r\n'

describe('body of a length', () => {
  const input = { kind: 'length', contentLength: BODY.length } as const
  const whole = { out: BODY, isDone: true, rest: '', trailers: [], refusal: undefined }

  test('ends at its length however it is cut', () => {
    for (let cut = 0; cut <= BODY.length; cut += 1) {
      expect(readBody(piecesOf(BODY, cut), input)).toEqual(whole)
      expect(readBody(piecesOf(BODY + TRAILING, cut), input)).toEqual({ ...whole, rest: TRAILING })
    }
    expect(readBody(byteByByte(BODY + TRAILING), input)).toEqual({ ...whole, rest: TRAILING })
  })

  test('is unfinished at every prefix', () => {
    for (let length = 0; length < BODY.length; length += 1) {
      const out = BODY.slice(0, length)
      expect(readBody([bytesOf(out)], input)).toEqual({ ...whole, out, isDone: false })
    }
  })

  test('counts to the largest length exactly', () => {
    const reader = createBodyReader('length', Number.MAX_SAFE_INTEGER, limits, false)
    expect(reader?.read(bytesOf(BODY), 0, BODY.length, { onBody: () => {} })).toBe(BODY.length)
    expect(reader?.isDone).toBe(false)
  })

  test('takes no more once it has ended', () => {
    const reader = createBodyReader('length', 1, limits, false)
    const sink = { onBody: () => {} }
    expect(reader?.read(bytesOf('abc'), 1, 3, sink)).toBe(2)
    expect(reader?.read(bytesOf('abc'), 2, 3, sink)).toBe(2)
  })
})

describe('body until the connection closes', () => {
  test('takes everything and never ends by itself', () => {
    for (const pieces of [[bytesOf(BODY)], byteByByte(BODY), [bytesOf(''), bytesOf(BODY)]]) {
      const reading = readBody(pieces, { kind: 'until-close' })
      expect(reading).toEqual({ out: BODY, isDone: false, rest: '', trailers: [], refusal: undefined })
    }
  })
})

describe('createBodyReader', () => {
  test('makes no reader where there is no body', () => {
    expect(createBodyReader('none', 0, limits, true)).toBeUndefined()
  })

  test('gives a sink no empty spans', () => {
    for (const kind of ['length', 'until-close', 'chunked'] as const) {
      for (const keepChunks of [true, false]) {
        const lengths: number[] = []
        const sink = { onBody: (_: Buffer, start: number, end: number) => void lengths.push(end - start) }
        const reader = createBodyReader(kind, 10, limits, keepChunks)
        for (const text of ['', '3', '', '\r', '\n', 'abc', '\r', '', '\n1;x\r\n', 'x\r\n0\r\n', '']) {
          reader?.read(bytesOf(text), 0, text.length, sink)
        }
        expect(Math.min(...lengths)).toBeGreaterThan(0)
      }
    }
  })
})
