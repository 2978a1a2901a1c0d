import { describe, expect, test } from 'bun:test'
import { HeadBuffer } from '../../../core/http1/head-buffer.ts'
import { byteByByte, bytesOf, textOf } from '../../support/http1-bytes.ts'

const MAX_BYTES = 64 * 1024
const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\nX:\t\x80\xff\r\n\r\n'

/** What comes out, and at which piece. */
function collect(
  pieces: readonly Buffer[],
  maxBytes = MAX_BYTES,
): { readonly at: number; readonly text: string } | undefined {
  const [first = bytesOf(''), ...others] = pieces
  const buffer = new HeadBuffer(first, 0)
  for (const [index, piece] of others.entries()) {
    const whole = buffer.push(piece, maxBytes)
    if (whole !== undefined) return { at: index + 1, text: textOf(whole) }
  }
  return undefined
}

describe('HeadBuffer', () => {
  test('gives the head at the piece that ends it, however it is cut', () => {
    for (let cut = 0; cut < HEAD.length; cut += 1) {
      expect(collect([HEAD.slice(0, cut), HEAD.slice(cut)].map(bytesOf))).toEqual({ at: 1, text: HEAD })
    }
    expect(collect(byteByByte(HEAD))).toEqual({ at: HEAD.length - 1, text: HEAD })
    expect(collect(byteByByte(HEAD.slice(0, -1)))).toBeUndefined()
  })

  test('gives what follows the head in its piece unread', () => {
    const trailing = '\0\n\x16\r\n\r\n'
    expect(collect([bytesOf(HEAD.slice(0, 9)), bytesOf(HEAD.slice(9) + trailing)])?.text).toBe(HEAD + trailing)
  })

  test('begins in the middle of what arrived', () => {
    const buffer = new HeadBuffer(bytesOf(`\0\n${HEAD.slice(0, 7)}`), 2)
    expect(textOf(buffer.push(bytesOf(HEAD.slice(7)), MAX_BYTES) ?? bytesOf(''))).toBe(HEAD)
  })

  test('keeps its own copy of what it was given', () => {
    const first = bytesOf(HEAD.slice(0, 7))
    const second = bytesOf(HEAD.slice(7, 20))
    const buffer = new HeadBuffer(first, 0)
    buffer.push(second, MAX_BYTES)
    first.fill(0)
    second.fill(0)
    expect(textOf(buffer.push(bytesOf(HEAD.slice(20)), MAX_BYTES) ?? bytesOf(''))).toBe(HEAD)
  })

  test.each([
    ['NUL', '\0', /byte 0x00/],
    ['a TLS hello', '\x16\x03\x01\x00\xa5\x01', /byte 0x16/],
    ['a vertical tab', 'GET\x0b', /byte 0x0b/],
    ['a bare LF', 'GET / HTTP/1.1\n', /bare LF/],
    ['a LF for its first byte', '\n', /bare LF/],
    ['two LFs', 'GET / HTTP/1.1\r\n\n', /bare LF/],
  ])('refuses %s as soon as it comes', (_, text, rule) => {
    expect(() => new HeadBuffer(bytesOf(text), 0)).toThrow(rule)
    const buffer = new HeadBuffer(bytesOf(text.slice(0, -1).replaceAll(/[^GET /]/g, 'x')), 0)
    expect(() => buffer.push(bytesOf(text.slice(-1)), MAX_BYTES)).toThrow(
      text.endsWith('\n') ? /bare LF/ : /may not hold byte/,
    )
  })

  test('finds a CRLF that comes in two pieces', () => {
    expect(collect(['A\r', '\nB\r\n\r', '\n'].map(bytesOf))).toEqual({ at: 2, text: 'A\r\nB\r\n\r\n' })
    expect(() => collect(['A\r', 'x\n'].map(bytesOf))).toThrow('bare LF')
  })

  test.each([-1, 0, 1])('holds its maximum of bytes %d', (delta) => {
    const text = 'x'.repeat(100 + delta)
    expect(collect(byteByByte(text), 100)).toEqual(delta <= 0 ? undefined : { at: 100, text })
  })

  test('looks at no byte again and copies each a few times at most', () => {
    const pieces = byteByByte('x'.repeat(MAX_BYTES))
    const buffer = new HeadBuffer(pieces[0] as Buffer, 0)
    const inside = buffer as unknown as { readonly bytes: Buffer }
    const copies = new Map<ArrayBufferLike, number>()
    for (const [index, piece] of pieces.slice(1).entries()) {
      buffer.push(piece, MAX_BYTES)
      copies.set(inside.bytes.buffer, inside.bytes.length)
      // Were it looked at again, this byte would be refused.
      if (index >= 3) inside.bytes[index - 3] = 0
    }
    expect([...copies.values()].reduce((sum, length) => sum + length)).toBeLessThanOrEqual(4 * MAX_BYTES)
    expect(copies.size).toBeLessThanOrEqual(8)
  })

  test('holds at most twice what it was given', () => {
    const buffer = new HeadBuffer(bytesOf('x'), 0)
    const whole = buffer.push(bytesOf('y'.repeat(512 * 1024)), MAX_BYTES)
    expect(whole?.buffer.byteLength).toBeLessThanOrEqual(2 * (512 * 1024 + 1))
  })
})
