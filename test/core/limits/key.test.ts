import { describe, expect, test } from 'bun:test'
import { KeyHash } from '../../../core/limits/key-hash.ts'
import { KeyReader } from '../../../core/limits/key.ts'
import type { KeyPart } from '../../../core/limits/policy.ts'
import { type AskedOptions, makeRequest } from '../../support/asked.ts'

const hash = new KeyHash(Uint8Array.from([3, 1, 4, 1, 5, 9, 2, 6]))
const address: KeyPart = { kind: 'address' }
const header: KeyPart = { kind: 'header', name: 'x-key' }
const cookie: KeyPart = { kind: 'cookie', name: 'sid' }
const client: KeyPart = { kind: 'client' }
const route: KeyPart = { kind: 'route' }

function keyOf(parts: readonly KeyPart[], request: AskedOptions, of = 'route a'): string {
  const reader = new KeyReader(parts, of, hash)
  const { asked, head } = makeRequest(request)
  reader.read(asked, head)
  return `${reader.high} ${reader.low}`
}

/** Whether each of the requests has another key than all others. */
const areApart = (parts: readonly KeyPart[], requests: readonly AskedOptions[]): boolean =>
  new Set(requests.map((request) => keyOf(parts, request))).size === requests.length

const areOne = (parts: readonly KeyPart[], requests: readonly AskedOptions[]): boolean =>
  new Set(requests.map((request) => keyOf(parts, request))).size === 1

const at = (one: string): AskedOptions => ({ address: one })
const sends = (lines: string): AskedOptions => ({ lines })
const behind = (forwarded: string): AskedOptions => ({
  address: '10.0.0.1',
  trusted: ['10.0.0.1', '10.0.0.2'],
  lines: `X-Forwarded-For: ${forwarded}\r\n`,
})

describe('a key by address', () => {
  test('is another for each IPv4 address', () => {
    expect(areApart([address], [at('192.0.2.1'), at('192.0.2.2'), at('2.0.192.1'), at('0.0.0.0')])).toBe(true)
  })

  test('is the same for the IPv4 address that IPv6 maps', () => {
    expect(areOne([address], [at('192.0.2.1'), at('::ffff:192.0.2.1'), at('::ffff:c000:201')])).toBe(true)
  })

  test('is the same within a /64, and another for the next', () => {
    expect(
      areOne([address], [at('2001:db8:1:2::1'), at('2001:db8:1:2:ffff:ffff:ffff:ffff'), at('2001:db8:1:2::')]),
    ).toBe(true)
    expect(areApart([address], [at('2001:db8:1:2::1'), at('2001:db8:1:3::1'), at('2001:db9:1:2::1'), at('::1')])).toBe(
      true,
    )
  })

  test('is one for all on Unix sockets', () => {
    expect(areOne([address], [at(''), at('')])).toBe(true)
    expect(areApart([address], [at(''), at('0.0.0.0'), at('::')])).toBe(true)
  })

  test('is not chosen by a forged X-Forwarded-For', () => {
    const forged = (value: string): AskedOptions => ({ address: '192.0.2.9', lines: `X-Forwarded-For: ${value}\r\n` })
    expect(
      areOne([address], [at('192.0.2.9'), forged('1.2.3.4'), forged('192.0.2.1, 10.0.0.1'), forged('x'.repeat(5000))]),
    ).toBe(true)
  })

  test('is that of the last whom trusted proxies tell of, whatever stands left of it', () => {
    expect(
      areOne(
        [address],
        [at('192.0.2.1'), behind('192.0.2.1'), behind('6.6.6.6, 192.0.2.1'), behind('192.0.2.1:99, 10.0.0.2')],
      ),
    ).toBe(true)
    expect(areApart([address], [behind('192.0.2.1'), behind('192.0.2.2'), behind('2001:db8::1')])).toBe(true)
    expect(areOne([address], [behind('2001:db8::1'), behind('[2001:db8::2]:443'), at('2001:db8::3')])).toBe(true)
  })
})

describe('a key by field or cookie', () => {
  test('is another for each value, of which white space around it is no part', () => {
    expect(
      areApart(
        [header],
        ['a', 'b', 'A', 'a b', '1.2.3.4'].map((value) => sends(`X-Key: ${value}\r\n`)),
      ),
    ).toBe(true)
    expect(areOne([header], [sends('X-Key: a\r\n'), sends('x-key:a\r\n'), sends('X-KEY:  a\t \r\nX-Key: b\r\n')])).toBe(
      true,
    )
    expect(
      areApart(
        [cookie],
        ['a', 'b', 'A'].map((value) => sends(`Cookie: sid=${value}\r\n`)),
      ),
    ).toBe(true)
    expect(
      areOne(
        [cookie],
        [sends('Cookie: sid=a\r\n'), sends('Cookie: x=y; sid=a; z=1\r\n'), sends('Cookie: sid=; sid=a\r\n')],
      ),
    ).toBe(true)
  })

  test('is the address where there is none, or an empty one', () => {
    for (const lines of [
      '',
      'X-Key:\r\n',
      'X-Key: \t \r\n',
      'Cookie: sid=\r\n',
      'Cookie: other=a\r\n',
      'X-Keys: a\r\n',
    ])
      for (const part of [header, cookie])
        expect([lines, keyOf([part], sends(lines))]).toEqual([lines, keyOf([address], sends(''))])
  })

  test('is never that of an address, client or other field that reads the same', () => {
    const value = '192.0.2.1'
    const all = [
      keyOf([address], at(value)),
      keyOf([header], sends(`X-Key: ${value}\r\n`)),
      keyOf([cookie], sends(`Cookie: sid=${value}\r\n`)),
      keyOf([client], { subject: value }),
      keyOf([route], {}, value),
    ]
    expect(new Set(all).size).toBe(5)
    const raw = Buffer.from([192, 0, 2, 1]).toString('latin1')
    expect(keyOf([client], { subject: raw })).not.toBe(keyOf([address], at(value)))
  })

  test('of 10 KB is as short as any, and told from one that ends otherwise', () => {
    const long = 'k'.repeat(10_240)
    expect(
      areApart([header], [sends(`X-Key: ${long}a\r\n`), sends(`X-Key: ${long}b\r\n`), sends(`X-Key: ${long}\r\n`)]),
    ).toBe(true)
  })
})

describe('a key by client or route', () => {
  test('is the subject’s, whatever its address, and the address where there is none', () => {
    expect(areOne([client], [{ subject: 'client 7' }, { subject: 'client 7', address: '192.0.2.7' }])).toBe(true)
    expect(areApart([client], [{ subject: 'client 7' }, { subject: 'client 8' }, { subject: 'user 7' }, {}])).toBe(true)
    expect(keyOf([client], {})).toBe(keyOf([address], {}))
  })

  test('is the route’s for everybody', () => {
    expect(areOne([route], [at('192.0.2.1'), at('192.0.2.2')])).toBe(true)
    expect(keyOf([route], {}, 'route b')).not.toBe(keyOf([route], {}))
  })
})

describe('a key by several', () => {
  test('is another wherever one of them is', () => {
    const of = (one: string, value: string): AskedOptions => ({ address: one, lines: `X-Key: ${value}\r\n` })
    expect(areApart([address, header], [of('192.0.2.1', 'a'), of('192.0.2.1', 'b'), of('192.0.2.2', 'a')])).toBe(true)
    expect(areOne([address, header], [of('192.0.2.1', 'a'), of('::ffff:192.0.2.1', 'a')])).toBe(true)
    expect(keyOf([address, header], of('192.0.2.1', 'a'))).not.toBe(keyOf([header, address], of('192.0.2.1', 'a')))
  })

  test('has no way to shift bytes from one to the next', () => {
    const of = (a: string, b: string): AskedOptions => sends(`X-Key: ${a}\r\nX-Other: ${b}\r\n`)
    const parts: KeyPart[] = [header, { kind: 'header', name: 'x-other' }]
    expect(areApart(parts, [of('ab', 'c'), of('a', 'bc'), of('abc', '')])).toBe(true)
  })
})

test('keys are others in another process', () => {
  const request = makeRequest()
  const keys = [1, 2].map((seed) => {
    const reader = new KeyReader([address], '', new KeyHash(new Uint8Array(8).fill(seed)))
    reader.read(request.asked, request.head)
    return reader.high
  })
  expect(keys[0]).not.toBe(keys[1])
})

test('keys are those of another seed as soon as there is one', () => {
  const common = new KeyHash(new Uint8Array(8))
  const before = new KeyReader([route, header, address], 'a', common)
  const { asked, head } = makeRequest(sends('X-Key: 1\r\n'))
  common.reseed(Uint8Array.from([9, 2, 6, 5, 3, 5, 8, 9]))
  before.read(asked, head)
  const key = [before.high, before.low]
  const after = new KeyReader([route, header, address], 'a', new KeyHash(Uint8Array.from([9, 2, 6, 5, 3, 5, 8, 9])))
  after.read(asked, head)
  expect(key).toEqual([after.high, after.low])
})
