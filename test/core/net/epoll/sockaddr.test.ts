import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Endpoint } from '../../../../core/net/connect.ts'
import { ADDRESS_BYTES, familyAt, hostAt, portAt, writeAddress } from '../../../../core/net/epoll/sockaddr.ts'

const AT = 8
/** Of which both kinds of IP address use what they need. */
const IP_BYTES = 28
/** What is written of `endpoint`, and the memory it lies in, where everything else stays as it was. */
function written(endpoint: Endpoint) {
  const bytes = Buffer.alloc(AT + ADDRESS_BYTES + 8, 0xee)
  const size = writeAddress(bytes, AT, endpoint)
  const room = size === undefined ? 0 : Math.max(size, IP_BYTES)
  const around = Buffer.concat([bytes.subarray(0, AT), bytes.subarray(AT + room)])
  return { bytes, size, isTidy: around.every((byte) => byte === 0xee) }
}

const ip = (address: string, port: number): Endpoint => ({ kind: 'ip', address, port })
const ports = fc.integer({ min: 0, max: 65_535 })

describe('a socket address', () => {
  test.each([
    [ip('127.0.0.1', 8080), '02001f907f0000010000000000000000'],
    [ip('::1', 443), '0a0001bb000000000000000000000000000000000000000100000000'],
    [ip('2001:db8::ff', 1), '0a0000010000000020010db80000000000000000000000ff00000000'],
    [{ kind: 'unix', path: '/a/é' } as const, '01002f612fc3a900'],
  ])('lies as C has it: %j', (endpoint, hex) => {
    const { bytes, size = 0, isTidy } = written(endpoint)
    expect([bytes.toString('hex', AT, AT + size), isTidy]).toEqual([hex, true])
  })

  test('of IPv4 comes back as it went', () => {
    fc.assert(
      fc.property(fc.ipV4(), ports, (address, port) => {
        const { bytes, size, isTidy } = written(ip(address, port))
        expect([size, familyAt(bytes, AT), hostAt(bytes, AT), portAt(bytes, AT), isTidy]).toEqual([
          16,
          2,
          address,
          port,
          true,
        ])
      }),
    )
  })

  test('of IPv6 comes back as it went, a mapped IPv4 one as IPv4', () => {
    const words = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(words, ports, (groups, port) => {
        const address = groups.map((group) => group.toString(16)).join(':')
        const { bytes, size, isTidy } = written(ip(address, port))
        expect([familyAt(bytes, AT), portAt(bytes, AT), size, isTidy]).toEqual([10, port, 28, true])
        expect(written(ip(hostAt(bytes, AT), port)).bytes).toEqual(bytes)
      }),
    )
    const { bytes } = written(ip('::1', 80))
    bytes.set([0xff, 0xff, 10, 0, 0, 1], AT + 8 + 10)
    expect(hostAt(bytes, AT)).toBe('10.0.0.1')
  })

  test('of a Unix socket ends with a zero, and has no host', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 107 }), (path) => {
        fc.pre(!path.includes('\0') && Buffer.byteLength(path) <= 107)
        const { bytes, size = 0, isTidy } = written({ kind: 'unix', path })
        expect(bytes.toString('utf8', AT + 2, AT + size - 1)).toBe(path.toWellFormed())
        expect([bytes[AT + size - 1], hostAt(bytes, AT), isTidy]).toEqual([0, '', true])
      }),
    )
  })

  test.each([
    ip('localhost', 80),
    ip('', 80),
    ip('1.2.3', 80),
    ip('1.2.3.256', 80),
    ip('fe80::1%lo', 80),
    ip('127.0.0.1', -1),
    ip('127.0.0.1', 65_536),
    ip('127.0.0.1', 1.5),
    ip('127.0.0.1', NaN),
    { kind: 'unix', path: '' } as const,
    { kind: 'unix', path: '\0abstract' } as const,
    { kind: 'unix', path: '/a\0b' } as const,
    { kind: 'unix', path: 'x'.repeat(108) } as const,
    { kind: 'unix', path: 'é'.repeat(54) } as const,
  ])('is none: %j', (endpoint) => {
    const { size, isTidy } = written(endpoint)
    expect([size, isTidy]).toEqual([undefined, true])
  })
})
