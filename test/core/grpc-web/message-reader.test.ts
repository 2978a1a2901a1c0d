import { describe, expect, test } from 'bun:test'
import { MAX_MESSAGE_FLAGS, MessageReader } from '../../../core/grpc-web/message-reader.ts'
import { byteByByte, bytesOf } from '../../support/http1-bytes.ts'

function isBetween(text: string, maxFlags = MAX_MESSAGE_FLAGS): boolean {
  const [whole, cut] = [new MessageReader(maxFlags), new MessageReader(maxFlags)]
  const bytes = bytesOf(`\xff${text}\xff`)
  whole.follow(bytes, 1, bytes.length - 1)
  for (const piece of byteByByte(text)) cut.follow(piece, 0, 1)
  expect(cut.isBetween).toBe(whole.isBetween)
  return whole.isBetween
}

describe('the messages of a body', () => {
  test.each([
    ['none', '', true],
    ['an empty one', '\0\0\0\0\0', true],
    ['one', '\0\0\0\0\x02hi', true],
    ['several, one compressed', '\0\0\0\0\x02hi\x01\0\0\0\x01x\0\0\0\0\0', true],
    ['one of 258 bytes', `\0\0\0\x01\x02${'x'.repeat(258)}`, true],
    ['a part of a prefix', '\0', false],
    ['all of a prefix but a byte', '\0\0\0\0', false],
    ['a prefix of what does not come', '\0\0\0\0\x01', false],
    ['the longest there is', `\0\xff\xff\xff\xff${'x'.repeat(100)}`, false],
    ['less than the prefix says', '\0\0\0\0\x03hi', false],
    ['more than the prefix says', '\0\0\0\0\x01hi'.replace('hi', 'h\0'), false],
  ])('end between two: %s', (_, text, is) => expect(isBetween(text)).toBe(is))

  test.each(['\x02\0\0\0\0', '\x80\0\0\0\0', '\0\0\0\0\x01hi', 'abc', '\xff'])(
    'may not have the flags of %p',
    (text) => {
      expect(() => isBetween(text)).toThrow('the flags of a message must be 0 to 1, got ')
    },
  )

  test('have any flags where their reader takes them', () => expect(isBetween('\x80\0\0\0\x01x', 255)).toBe(true))
})
