import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { Base64Reader, toBase64 } from '../../../core/grpc-web/base64.ts'
import { bytesOf, textOf } from '../../support/http1-bytes.ts'

/** What is read of these pieces, one after the other. */
function read(...pieces: readonly string[]): { text: string; isBetween: boolean } {
  const reader = new Base64Reader()
  const text = pieces.map((piece) => {
    // From the middle of a buffer, as bytes come.
    const bytes = bytesOf(`=${piece}!`)
    return textOf(reader.read(bytes, 1, bytes.length - 1))
  })
  return { text: text.join(''), isBetween: reader.isBetween }
}

describe('base64', () => {
  test.each([
    ['', '', true],
    ['AAAA', '\0\0\0', true],
    ['/+9h', '\xff\xefa', true],
    ['aGk=', 'hi', true],
    ['aA==', 'h', true],
    ['aA==aGk=aGkhaA==', 'hhihi!h', true],
    ['aGk', '', false],
    ['aGkha', 'hi!', false],
    ['aA=', '', false],
  ])('%p is %p', (text, content, isBetween) => {
    expect(read(text)).toEqual({ text: content, isBetween })
    expect(read(...Array.from(text))).toEqual({ text: content, isBetween })
  })

  test.each([
    '=',
    'a===',
    'A===',
    '====',
    'aA=a',
    'aA==='.padEnd(6, '='),
    'aGk=k===',
    'aG k',
    'aGkh\n',
    'aGk_',
    'aGk-',
    'aGk\xff',
    '\0\0\0\0',
    'aB==',
    'aGl=',
    '%%%%',
  ])('%p is refused', (text) => {
    expect(() => read(text)).toThrow('must be base64')
    expect(() => read(...Array.from(text))).toThrow('must be base64')
  })

  test('in pieces that are padded or not, cut anywhere, is what was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 })),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (all, cuts) => {
          const text = all.map((bytes) => textOf(toBase64(Buffer.from(bytes), 0, bytes.length))).join('')
          const pieces: string[] = []
          for (let at = 0; at < text.length;) {
            const [length] = cuts.take(1)
            pieces.push(text.slice(at, at + length!))
            at += length!
          }
          expect(read(...pieces)).toEqual({ text: all.map((bytes) => textOf(bytes)).join(''), isBetween: true })
        },
      ),
    )
  })

  test('is written of a part', () => expect(textOf(toBase64(bytesOf('xhiy'), 1, 3))).toBe('aGk='))
})
