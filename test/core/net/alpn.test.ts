import { describe, expect, test } from 'bun:test'
import { agreedOn, alpnBytes, EITHER, HTTP_1_1, HTTP_2 } from '../../../core/net/alpn.ts'

test.each([
  [HTTP_1_1, '\x08http/1.1'],
  [HTTP_2, '\x02h2'],
  [EITHER, '\x02h2\x08http/1.1'],
])('%p on the wire', (offers, bytes) => {
  expect(alpnBytes(offers).toString('latin1')).toBe(bytes)
})

describe('what a server picks', () => {
  test.each([
    ['h2', EITHER, 'h2'],
    ['http/1.1', EITHER, 'http/1.1'],
    [false, EITHER, 'http/1.1'],
    [null, EITHER, 'http/1.1'],
    ['', EITHER, 'http/1.1'],
    [false, HTTP_1_1, 'http/1.1'],
    ['h2', HTTP_2, 'h2'],
    [false, HTTP_2, undefined],
    ['http/1.1', HTTP_2, undefined],
    ['h2', HTTP_1_1, undefined],
    ['spdy/3', EITHER, undefined],
    ['H2', EITHER, undefined],
    ['h2\0', EITHER, undefined],
    ['x'.repeat(255), EITHER, undefined],
    ['__proto__', EITHER, undefined],
  ] as const)('%p of %p is %p', (picked, offers, agreed) => {
    expect(agreedOn(picked, offers)).toBe(agreed as 'h2')
  })
})
