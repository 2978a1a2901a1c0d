import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { offersProtocol } from '../../../core/tls/client-hello.ts'

const bytes = (...numbers: readonly number[]): Buffer => Buffer.from(numbers)
const sized = (size: 1 | 2 | 3, ...content: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(content)
  const length = Buffer.alloc(size)
  length.writeUIntBE(body.length, 0, size)
  return Buffer.concat([length, body])
}

const extension = (type: number, ...content: readonly Buffer[]): Buffer =>
  Buffer.concat([bytes(type >> 8, type & 0xff), sized(2, ...content)])
const alpn = (...names: readonly string[]): Buffer =>
  extension(16, sized(2, ...names.map((name) => sized(1, Buffer.from(name)))))
const serverName = extension(0, sized(2, bytes(0), sized(2, Buffer.from('a.test'))))

/** RFC 8446 4.1.2. */
const hello = (...extensions: readonly Buffer[]): Buffer =>
  Buffer.concat([
    bytes(1),
    sized(
      3,
      bytes(3, 3),
      Buffer.alloc(32),
      sized(1, Buffer.alloc(32)),
      sized(2, bytes(0x13, 1)),
      sized(1, bytes(0)),
      sized(2, ...extensions),
    ),
  ])
const record = (content: Buffer): Buffer => Buffer.concat([bytes(22, 3, 1), sized(2, content)])

const challenge = hello(serverName, alpn('acme-tls/1'))

describe('a ClientHello', () => {
  test('tells which protocols it offers', () => {
    expect(offersProtocol(record(challenge), 'acme-tls/1')).toBe(true)
    expect(offersProtocol(record(hello(alpn('h2', 'acme-tls/1'), serverName)), 'acme-tls/1')).toBe(true)
    expect(offersProtocol(record(hello(serverName, alpn('h2', 'http/1.1'))), 'acme-tls/1')).toBe(false)
    expect(offersProtocol(record(hello(serverName)), 'acme-tls/1')).toBe(false)
    expect(offersProtocol(record(hello()), 'acme-tls/1')).toBe(false)
  })

  test('may lie in several records', () => {
    const pieces = [challenge.subarray(0, 1), challenge.subarray(1, 60), challenge.subarray(60)]
    expect(offersProtocol(Buffer.concat(pieces.map(record)), 'acme-tls/1')).toBe(true)
  })

  test('that is cut anywhere offers nothing', () => {
    const whole = record(challenge)
    for (let length = 0; length < whole.length; length += 1)
      expect(offersProtocol(whole.subarray(0, length), 'acme-tls/1')).toBe(false)
  })

  test('of other shapes offers nothing', () => {
    for (const other of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      bytes(0x80, 46, 1, 0, 2),
      record(bytes(2, 0, 0, 0)),
      bytes(22, 3, 1, 0, 0),
    ])
      expect(offersProtocol(other, 'acme-tls/1')).toBe(false)
  })

  test('of any bytes is read without harm', () => {
    const damaged = fc.tuple(fc.nat({ max: challenge.length - 1 }), fc.nat({ max: 255 }))
    fc.assert(
      fc.property(fc.array(damaged, { maxLength: 4 }), (damages) => {
        const message = Buffer.from(challenge)
        for (const [at, value] of damages) message[at] = value
        expect(typeof offersProtocol(record(message), 'acme-tls/1')).toBe('boolean')
      }),
    )
  })
})
