import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ALERTS, HelloReader, type HelloReading } from '../../../core/tls/client-hello.ts'
import { helloFor, helloMessage, inRecords, protocols, serverNames, vector } from '../../support/client-hello.ts'

/** What is said of `bytes` that come in pieces of `size`. */
function readIn(bytes: Buffer, size: number): { reading: HelloReading; reader: HelloReader } {
  const reader = new HelloReader()
  let reading: HelloReading = { kind: 'more' }
  for (let at = 0; at < bytes.length && reading.kind === 'more'; at += size)
    reading = reader.push(bytes.subarray(at, at + size))
  return { reading, reader }
}

const read = (bytes: Buffer): HelloReading => readIn(bytes, Math.max(1, bytes.length)).reading

const asking = { kind: 'hello', hello: { serverName: 'db.example.com', protocols: ['h2', 'http/1.1'] } } as const

describe('a ClientHello', () => {
  test.each([1, 2, 5, 7, 100, 1000])('is read in pieces of %d bytes, and kept as it came', (size) => {
    const bytes = helloFor('DB.example.com')
    const { reading, reader } = readIn(bytes, size)
    expect(reading).toEqual(asking)
    expect(reader.bytes.equals(bytes)).toBe(true)
  })

  test.each([1, 3, 4, 50])('is read in records of %d bytes', (size) => {
    const message = helloMessage({ extensions: [serverNames('db.example.com'), protocols('h2', 'http/1.1')] })
    expect(read(inRecords(message, size))).toEqual(asking)
    expect(readIn(inRecords(message, size), 1).reading).toEqual(asking)
  })

  test('keeps what came behind it', () => {
    const bytes = Buffer.concat([helloFor('a'), Buffer.from([20, 3, 3, 0, 1, 1]), Buffer.alloc(5000, 23)])
    const { reading, reader } = readIn(bytes, bytes.length)
    expect(reading.kind).toBe('hello')
    expect(reader.bytes.equals(bytes)).toBe(true)
  })

  test.each([
    ['without extensions at all', helloMessage({ version: 0x0301, extensions: undefined })],
    ['with none that names anybody', helloMessage()],
    ['with an empty list', helloMessage({ extensions: [] })],
  ])('names nobody: %s', (_, message) => {
    expect(read(inRecords(message))).toEqual({ kind: 'hello', hello: { serverName: undefined, protocols: [] } })
  })

  test('is not whole before its last byte', () => {
    const bytes = helloFor('a.example')
    for (let end = 1; end < bytes.length; end += 1) expect(read(bytes.subarray(0, end))).toEqual({ kind: 'more' })
  })

  test('may be as large as 16 KiB', () => {
    const large = (size: number) =>
      inRecords(helloMessage({ extensions: [[21, Buffer.alloc(size)], serverNames('a')] }))
    expect(read(large(16_000))).toMatchObject({ hello: { serverName: 'a' } })
    expect(read(large(17_000))).toMatchObject({ kind: 'fault', alert: ALERTS.illegalParameter })
    expect(read(large(60_000))).toMatchObject({ kind: 'fault', alert: ALERTS.illegalParameter })
  })
})

const message = (parts: Parameters<typeof helloMessage>[0]): Buffer => inRecords(helloMessage(parts))
const withName = (name: string): Buffer => message({ extensions: [serverNames(name)] })
const oddName = (content: Buffer): Buffer => message({ extensions: [[0, content]] })

describe('what is no ClientHello', () => {
  test.each([
    ['garbage', Buffer.from('\x00\x01\x02hello'), ALERTS.unexpectedMessage],
    ['another record', Buffer.from([23, 3, 3, 0, 1, 0]), ALERTS.unexpectedMessage],
    ['SSLv2', Buffer.from([0x80, 0x2e, 1, 3, 1]), ALERTS.unexpectedMessage],
    ['a record of SSLv2', Buffer.from([22, 2, 0, 0, 5]), ALERTS.protocolVersion],
    ['SSLv3', message({ version: 0x0300 }), ALERTS.protocolVersion],
    ['a version of no TLS', message({ version: 0x0203 }), ALERTS.protocolVersion],
    ['DTLS', message({ version: 0xfefd }), ALERTS.protocolVersion],
    ['another message', inRecords(Buffer.from([2, 0, 0, 1, 0])), ALERTS.unexpectedMessage],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0]), ALERTS.unexpectedMessage],
    ['a record that is too large', Buffer.from([22, 3, 1, 0x40, 1]), ALERTS.recordOverflow],
    ['one of 16 MB', Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]), ALERTS.illegalParameter],
    ['another record in its middle', Buffer.from([22, 3, 1, 0, 1, 1, 20, 3, 3, 0, 1, 1]), ALERTS.unexpectedMessage],
    ['one with more in its record', inRecords(Buffer.concat([helloMessage(), Buffer.of(1)])), ALERTS.unexpectedMessage],
    ['one with a session of 33 bytes', message({ sessionId: Buffer.alloc(33) }), ALERTS.decodeError],
    ['one without ciphers', message({ ciphers: Buffer.alloc(0) }), ALERTS.decodeError],
    ['one with half a cipher', message({ ciphers: Buffer.alloc(3) }), ALERTS.decodeError],
    ['one without compression', message({ compression: Buffer.alloc(0) }), ALERTS.decodeError],
    ['one with something behind it', message({ rest: Buffer.of(0) }), ALERTS.decodeError],
    [
      'one with an extension twice',
      message({ extensions: [serverNames('a'), serverNames('a')] }),
      ALERTS.illegalParameter,
    ],
    ['one that asks for two', message({ extensions: [serverNames('a', 'b')] }), ALERTS.decodeError],
    ['one that asks for none', message({ extensions: [serverNames()] }), ALERTS.decodeError],
    ['a name that is none', withName(''), ALERTS.illegalParameter],
    ['a name with a zero', withName('a\0.example'), ALERTS.illegalParameter],
    ['a name with a line end', withName('a\r\nb'), ALERTS.illegalParameter],
    ['a name that ends in a dot', withName('a.example.'), ALERTS.illegalParameter],
    ['a name that is too long', withName(`${'a.'.repeat(127)}a`), ALERTS.illegalParameter],
    ['an IPv6 address', withName('[::1]'), ALERTS.illegalParameter],
    ['a name of another kind', oddName(vector(2, Buffer.of(1), vector(2, Buffer.from('a')))), ALERTS.decodeError],
    ['a list of names that lies', oddName(Buffer.from([0, 9, 0, 0, 1, 97])), ALERTS.decodeError],
    ['a list of names with a rest', oddName(Buffer.from([0, 4, 0, 0, 1, 97, 0])), ALERTS.decodeError],
    ['no protocols', message({ extensions: [protocols()] }), ALERTS.decodeError],
    ['a protocol without a name', message({ extensions: [protocols('h2', '')] }), ALERTS.decodeError],
  ])('is a fault: %s', (_, bytes, alert) => {
    for (const size of [1, 3, bytes.length]) expect(readIn(bytes, size).reading).toMatchObject({ kind: 'fault', alert })
  })

  test.each([1, 3, 100])('may be plain HTTP, in pieces of %d', (size) => {
    expect(readIn(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), size).reading).toEqual({ kind: 'plain' })
  })

  test.each(['AB / HTTP/1.1', 'ABCDEFGHIJKLMNOPQRSTU / HTTP/1.1', 'get / HTTP/1.1'])(
    'is no HTTP either: %s',
    (text) => {
      expect(read(Buffer.from(text))).toMatchObject({ kind: 'fault' })
    },
  )

  test('does not go on for ever', () => {
    const reader = new HelloReader()
    const drip = inRecords(helloMessage({ extensions: [[21, Buffer.alloc(16_000)]] }), 1)
    let count = 0
    while (reader.push(drip.subarray(count, count + 1)).kind === 'more') count += 1
    expect(count).toBeLessThan(70 * 1024)
    expect(reader.bytes.length).toBe(count + 1)
  })
})

describe('any bytes', () => {
  const base = helloFor('db.example.com')
  const changed = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 4 }).map((changes) => {
    const bytes = Buffer.from(base)
    for (const [at, byte] of changes) bytes[at] = byte
    return bytes
  })

  test('are judged the same, however they come, and never thrown at', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          changed,
          fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        ),
        fc.integer({ min: 1, max: 40 }),
        (bytes, size) => {
          const [whole, pieces] = [read(bytes), readIn(bytes, size).reading]
          expect(pieces).toEqual(whole)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
