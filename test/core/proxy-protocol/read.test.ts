import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { crc32c } from '../../../core/proxy-protocol/crc32c.ts'
import { ProxyFault } from '../../../core/proxy-protocol/fault.ts'
import { MAX_V2_BYTES, type ProxyHeader, type Told } from '../../../core/proxy-protocol/header.ts'
import { readHeader } from '../../../core/proxy-protocol/read.ts'
import { writeLocal, writeV1, writeV2 } from '../../../core/proxy-protocol/write.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const line = (text: string): Buffer => Buffer.from(text, 'latin1')
/** Of these addresses and what is told, in hex, with a length that fits unless it is said. */
function v2(command: string, family: string, rest = '', length = rest.replaceAll(' ', '').length / 2): Buffer {
  return hex(`${SIGNATURE}${command}${family}${length.toString(16).padStart(4, '0')}${rest}`)
}
const FOUR = 'c0000201 c6336402 1267 01bb'
const SIX = `20010db8000000000000000000000001 20010db8000000000000000000000002 1267 01bb`
const ROUTE = {
  source: { address: '192.0.2.1', port: 0x1267 },
  destination: { address: '198.51.100.2', port: 443 },
}
const ROUTE6 = {
  source: { address: '2001:db8::1', port: 0x1267 },
  destination: { address: '2001:db8::2', port: 443 },
}

const reading = (bytes: Buffer): ProxyHeader | string => {
  try {
    return readHeader(bytes)?.header ?? 'more'
  } catch (error) {
    if (!(error instanceof ProxyFault)) throw error
    return error.message
  }
}

/** As it is read whole, with bytes behind it, and from every prefix of it: more is needed until it is there. */
function expectHeader(bytes: Buffer, header: ProxyHeader): void {
  for (let length = 0; length < bytes.length; length += 1) expect(reading(bytes.subarray(0, length))).toBe('more')
  expect(readHeader(bytes)).toEqual({ header, end: bytes.length })
  expect(readHeader(Buffer.concat([bytes, line('GET / HTTP/1.1')]))).toEqual({ header, end: bytes.length })
}

describe('version 1', () => {
  test.each([
    ['PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n', ROUTE],
    ['PROXY TCP6 2001:DB8::1 2001:db8:0::2 4711 443\r\n', ROUTE6],
    ['PROXY UNKNOWN\r\n', undefined],
    ['PROXY UNKNOWN ffff::1 whatever it says 1 2\r\n', undefined],
    [
      'PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n',
      { source: { address: '255.255.255.255', port: 65_535 }, destination: { address: '0.0.0.0', port: 0 } },
    ],
  ])('%j is read, byte by byte too', (text, route) => {
    expectHeader(line(text), { version: 1, route, told: {} })
  })

  test.each([
    ['GET / HTTP/1.1\r\n', 'there is none'],
    ['PROXI', 'there is none'],
    ['proxy TCP4', 'there is none'],
    ['\x16\x03\x01', 'there is none'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\n', 'its line ends without CR'],
    ['PROXY TCP4  192.0.2.1 198.51.100.2 4711 443\r\n', 'its line is none of TCP4, TCP6 or UNKNOWN'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 4711 443 \r\n', 'its line is none of TCP4, TCP6 or UNKNOWN'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 4711\r\n', 'its line is none of TCP4, TCP6 or UNKNOWN'],
    ['PROXY TCP5 192.0.2.1 198.51.100.2 4711 443\r\n', 'its line is none of TCP4, TCP6 or UNKNOWN'],
    ['PROXY UDP4 192.0.2.1 198.51.100.2 4711 443\r\n', 'its line is none of TCP4, TCP6 or UNKNOWN'],
    ['PROXY UNKNOWN\x00\r\n', 'its line is none of TCP4, TCP6 or UNKNOWN'],
    ['PROXY UNKNOWNX\r\n', 'its line is none of TCP4, TCP6 or UNKNOWN'],
    ['PROXY \r\n', 'its line is none of TCP4, TCP6 or UNKNOWN'],
    ['PROXY TCP4 192.0.2.256 198.51.100.2 4711 443\r\n', 'an address is none of TCP4'],
    ['PROXY TCP4 192.0.2.01 198.51.100.2 4711 443\r\n', 'an address is none of TCP4'],
    ['PROXY TCP4 ::1 198.51.100.2 4711 443\r\n', 'an address is none of TCP4'],
    ['PROXY TCP6 192.0.2.1 ::1 4711 443\r\n', 'an address is none of TCP6'],
    ['PROXY TCP6 ::1::2 ::1 4711 443\r\n', 'an address is none of TCP6'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n', 'a port is no number from 0 to 65535 in its shortest form'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 0443 443\r\n', 'a port is no number from 0 to 65535 in its shortest form'],
    [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, 'its line is longer than 107 bytes'],
    [`PROXY ${'x'.repeat(200)}`, 'its line is longer than 107 bytes'],
  ])('%j is none', (text, fault) => expect(reading(line(text))).toBe(fault))

  test('may have 107 bytes, and no more', () => {
    expectHeader(line(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`), { version: 1, route: undefined, told: {} })
  })
})

describe('version 2', () => {
  const ALPN = '01 0002 6832'
  const AUTHORITY = '02 0009 412e4578616d706c65'
  const UNIQUE = '05 0003 0001ff'
  const SSL = '20 0005 01 00000000'
  const NOTHING = '04 0002 ffff'
  const UNKNOWN = 'e0 0001 00'
  const told: Told = {
    alpn: 'h2',
    authority: 'a.example',
    uniqueId: Buffer.from([0, 1, 255]),
    isSecure: true,
  }

  test.each<readonly [string, Buffer, ProxyHeader]>([
    ['TCP4', v2('21', '11', FOUR), { version: 2, route: ROUTE, told: {} }],
    ['TCP6', v2('21', '21', SIX), { version: 2, route: ROUTE6, told: {} }],
    [
      'TCP6 of mapped addresses',
      v2('21', '21', '00000000000000000000ffffc0000201 00000000000000000000ffffc6336402 1267 01bb'),
      { version: 2, route: ROUTE, told: {} },
    ],
    ['LOCAL', v2('20', '00'), { version: 2, route: undefined, told: {} }],
    ['LOCAL with addresses', v2('20', '11', FOUR), { version: 2, route: undefined, told: {} }],
    ['LOCAL with anything', v2('20', 'ff', '01 ffff'), { version: 2, route: undefined, told: {} }],
    ['UNSPEC', v2('21', '00'), { version: 2, route: undefined, told: {} }],
    ['UNSPEC that tells something', v2('21', '00', ALPN), { version: 2, route: undefined, told: { alpn: 'h2' } }],
    ['a Unix socket', v2('21', '31', '61'.repeat(216)), { version: 2, route: undefined, told: {} }],
    [
      'all that may be told',
      v2('21', '11', FOUR + ALPN + NOTHING + AUTHORITY + UNKNOWN + UNIQUE + NOTHING + SSL + UNKNOWN),
      { version: 2, route: ROUTE, told },
    ],
    ['TLS that was not spoken', v2('21', '11', `${FOUR}20 0005 02 00000000`), { version: 2, route: ROUTE, told: {} }],
  ])('%s is read, byte by byte too', (_what, bytes, header) => expectHeader(bytes, header))

  test('with a checksum is read, and with a wrong one not', () => {
    const bytes = writeV2(ROUTE, { told, hasChecksum: true })
    expectHeader(bytes, { version: 2, route: ROUTE, told })
    // Every bit before the checksum.
    for (let bit = 8 * 16; bit < 8 * (bytes.length - 7); bit += 1) {
      const other = Buffer.from(bytes)
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(reading(other)).toBeString()
    }
    // One bit of an address.
    bytes[16] = 193
    expect(reading(bytes)).toBe('its checksum is wrong')
    expect(reading(v2('21', '11', `${FOUR}03 0002 0000`))).toBe('its checksum is wrong')
  })

  test.each<readonly [string, Buffer, string]>([
    ['another signature', hex('0d0a0d0a000d0a515549540b'), 'it begins with no signature'],
    ['an empty line', line('\r\n\r\nGET'), 'it begins with no signature'],
    ['version 1 in its place', v2('11', '11', FOUR), 'its version is not 2'],
    ['version 3', v2('31', '11', FOUR), 'its version is not 2'],
    ['another command', v2('22', '11', FOUR), 'its command is neither LOCAL nor PROXY'],
    ['UDP', v2('21', '12', FOUR), 'its addresses are neither of TCP nor of a Unix socket'],
    ['another family', v2('21', '41', FOUR), 'its addresses are neither of TCP nor of a Unix socket'],
    ['too short a length', v2('21', '11', FOUR, 11), 'its length has no room for its addresses'],
    ['no length', v2('21', '21', SIX, 0), 'its length has no room for its addresses'],
    ['the length of the other family', v2('21', '21', FOUR), 'its length has no room for its addresses'],
    ['more than we take', v2('21', '11', '', MAX_V2_BYTES), 'it is longer than 4096 bytes'],
    ['all that there may be', v2('21', '11', '', 0xffff), 'it is longer than 4096 bytes'],
    ['a part of a part', v2('21', '11', `${FOUR}01 00`), 'it ends in the middle of what it tells'],
    ['a part that is too long', v2('21', '11', `${FOUR}01 0003 6832`), 'what it tells is longer than itself'],
    ['a part without an end', v2('21', '11', `${FOUR}04 ffff 00`), 'what it tells is longer than itself'],
    ['a name twice', v2('21', '11', FOUR + AUTHORITY + AUTHORITY), 'it tells one thing twice'],
    ['no name', v2('21', '11', `${FOUR}02 0000`), 'its authority is no host name'],
    ['a name that is none', v2('21', '11', `${FOUR}02 0003 610d0a`), 'its authority is no host name'],
    ['no protocol', v2('21', '11', `${FOUR}01 0000`), 'its ALPN is none'],
    ['no unique id', v2('21', '11', `${FOUR}05 0000`), 'its unique id is not of 1 to 128 bytes'],
    ['a long unique id', v2('21', '11', `${FOUR}05 0081${'00'.repeat(129)}`), 'its unique id is not of 1 to 128 bytes'],
    ['TLS that is cut', v2('21', '11', `${FOUR}20 0004 01000000`), 'what it tells of TLS is cut'],
  ])('with %s is none', (_what, bytes, fault) => expect(reading(bytes)).toBe(fault))

  test('that claims to be longer than its bytes waits for them', () => {
    expect(reading(v2('21', '11', FOUR, 4000))).toBe('more')
  })
})

const address4 = fc.ipV4()
const address6 = fc.ipV6()
const port = fc.integer({ min: 0, max: 65_535 })
const node = (address: fc.Arbitrary<string>) => fc.record({ address, port })
const routes = fc.oneof(
  fc.record({ source: node(address4), destination: node(address4) }),
  fc.record({ source: node(address6), destination: node(address6) }),
)

describe('any', () => {
  test('header that is written is read as it was', () => {
    const told = fc.record(
      {
        alpn: fc.constantFrom('h2', 'http/1.1'),
        authority: fc.constantFrom('a.example', 'x'.repeat(255)),
        uniqueId: fc.uint8Array({ minLength: 1, maxLength: 128 }).map((bytes) => Buffer.from(bytes)),
        isSecure: fc.constant(true as const),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(routes, told, fc.boolean(), (route, what, hasChecksum) => {
        const [one, two] = [writeV1(route), writeV2(route, { told: what, hasChecksum })]
        const [first, second] = [readHeader(one), readHeader(two)]
        expect([first?.end, second?.end]).toEqual([one.length, two.length])
        expect(second?.header.told).toEqual(what)
        // An address in its one form, by both.
        expect(first?.header.route).toEqual(second?.header.route)
        expect(writeV2(second?.header.route, { told: what, hasChecksum }).equals(two)).toBe(
          !two.subarray(16, 48).includes(Buffer.from('00000000000000000000ffff', 'hex')),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('bytes are a header, a fault or a beginning, and nothing else comes of them', () => {
    const begun = fc.constantFrom(
      Buffer.alloc(0),
      hex(`${SIGNATURE}2111`),
      hex(`${SIGNATURE}2121`),
      line('PROXY TCP4 '),
    )
    const bytes = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(begun, bytes, (begin, rest) => {
        const all = Buffer.concat([begin, rest])
        const whole = reading(all)
        if (typeof whole === 'string' && whole !== 'more') return
        // What is read does not depend on what follows.
        if (typeof whole === 'object') expect(reading(all.subarray(0, readHeader(all)?.end))).toEqual(whole)
      }),
      { numRuns: 3000 },
    )
  })

  test('beginning of a header is never taken for a fault', () => {
    fc.assert(
      fc.property(routes, fc.boolean(), fc.nat(), (route, isText, at) => {
        const bytes = isText ? writeV1(route) : writeV2(route, { told: { alpn: 'h2' }, hasChecksum: true })
        expect(reading(bytes.subarray(0, at % bytes.length))).toBe('more')
      }),
      { numRuns: 500 },
    )
  })
})

describe('what we write', () => {
  test('is what the standard shows', () => {
    expect(writeV1(ROUTE).toString()).toBe('PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n')
    expect(writeV1(undefined).toString()).toBe('PROXY UNKNOWN\r\n')
    expect(writeV2(ROUTE)).toEqual(v2('21', '11', FOUR))
    expect(writeV2(ROUTE6)).toEqual(v2('21', '21', SIX))
    expect(writeV2(undefined)).toEqual(v2('21', '00'))
    expect(writeLocal()).toEqual(v2('20', '00'))
  })

  test('has both addresses in one family', () => {
    const mixed = { source: ROUTE.source, destination: ROUTE6.destination }
    expect(writeV1(mixed).toString()).toBe('PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 4711 443\r\n')
    expect(writeV2(mixed).subarray(16, 32)).toEqual(hex('00000000000000000000ffffc0000201'))
  })

  test('of a check has a checksum where one is wished for', () => {
    expect(reading(writeLocal(true))).toEqual({ version: 2, route: undefined, told: {} })
    const bytes = writeLocal(true)
    expect(bytes.readUInt32BE(bytes.length - 4)).toBe(crc32c(bytes, bytes.length - 4))
  })
})

test('CRC-32C is that of RFC 3720, B.4', () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a91_36aa)
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8_ab43)
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe306_9283)
})
