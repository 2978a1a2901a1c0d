import { describe, expect, test } from 'bun:test'
import { clientAddress } from '../../../core/forward/client-address.ts'
import { createIdentify } from '../../../core/forward/identify.ts'
import { parseRequest } from '../../support/http1-heads.ts'
import { peerAt } from '../../support/peer-at.ts'

const PROXIES = new Set(['10.0.0.1', '10.0.0.2', '::1'])
const identifyPeer = createIdentify((address) => PROXIES.has(address))
const identify = (address: string) => identifyPeer(peerAt(address))

const addressOf = (peer: string, ...lists: string[]): string =>
  clientAddress(
    identify(peer),
    parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lists.map((list) => `X-Forwarded-For: ${list}\r\n`).join('')}\r\n`),
  )

describe('clientAddress', () => {
  test.each([
    ['the peer when it is not trusted', '1.1.1.1', ['2.2.2.2'], '1.1.1.1'],
    ['the peer when it says nothing', '10.0.0.1', [], '10.0.0.1'],
    ['the peer when it says nothing in words', '10.0.0.1', [''], '10.0.0.1'],
    ['the one that a trusted peer tells of', '10.0.0.1', ['2.2.2.2'], '2.2.2.2'],
    ['the last one, since those before may be made up', '10.0.0.1', ['9.9.9.9, 2.2.2.2'], '2.2.2.2'],
    ['the last one that is no proxy', '10.0.0.1', ['9.9.9.9 , 2.2.2.2,10.0.0.2'], '2.2.2.2'],
    ['the first when all are proxies', '10.0.0.1', ['10.0.0.2, 10.0.0.1'], '10.0.0.2'],
    ['the last of several lists', '10.0.0.1', ['9.9.9.9', '2.2.2.2', '10.0.0.2'], '2.2.2.2'],
    ['an IPv6 address in its one form', '::1', ['2001:DB8:0::1'], '2001:db8::1'],
    ['an IPv4 address however it is mapped', '10.0.0.1', ['::ffff:2.2.2.2'], '2.2.2.2'],
    ['an address without its port', '10.0.0.1', ['2.2.2.2:4711'], '2.2.2.2'],
    ['an address without brackets and port', '10.0.0.1', ['[2001:db8::7]:443'], '2001:db8::7'],
    ['an address in brackets', '10.0.0.1', ['[2001:db8::7]'], '2001:db8::7'],
    ['the one behind a proxy that wrote its port', '10.0.0.1', ['2.2.2.2:4711, 10.0.0.2:99'], '2.2.2.2'],
    [
      'the one behind a proxy in another spelling',
      '10.0.0.1',
      ['2.2.2.2, 0:0:0:0:0:0:0:1, ::ffff:10.0.0.2'],
      '2.2.2.2',
    ],
    ['the same whatever is empty', '10.0.0.1', ['9.9.9.9, ,2.2.2.2,, \t,10.0.0.2,', '', ' , '], '2.2.2.2'],
    ['the one in a line of its own, behind and before spaces', '10.0.0.1', [' \t2.2.2.2 \t'], '2.2.2.2'],
    ['whom it believed before an entry that is no address', '10.0.0.1', ['2.2.2.2, <script>, 10.0.0.2'], '10.0.0.2'],
    ['the peer when the last entry is no address', '10.0.0.1', ['2.2.2.2, unknown'], '10.0.0.1'],
    ['the peer when there are commas only', '10.0.0.1', [',,,', ','], '10.0.0.1'],
    ['the peer when the entry is huge', '10.0.0.1', ['1'.repeat(60_000)], '10.0.0.1'],
    ['nobody for a Unix socket', '', ['2.2.2.2'], ''],
  ])('is %s', (_, peer, lists, address) => {
    expect(addressOf(peer, ...lists)).toBe(address)
  })

  test.each(
    'face|....|999.1.1.1|1.2.3|1.2.3.4.5|01.2.3.4|1.2.3.4:|1.2.3.4:x|1.2.3.4:123456|:|[1.2.3.4]|[::1|::1]:80|fe80::1%eth0'
      .split('|')
      .concat('"2.2.2.2"', '_hidden', 'a.example', '2.2.2.2 2.2.2.2'),
  )('takes %s for no address', (entry) => {
    expect(addressOf('10.0.0.1', `2.2.2.2, ${entry}, 10.0.0.2`)).toBe('10.0.0.2')
  })

  test('looks at nothing left of the client', () => {
    const asked: string[] = []
    const all = createIdentify((address) => {
      asked.push(address)
      return address === '10.0.0.1'
    })
    const head = parseRequest(`GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${'9.9.9.9,'.repeat(5000)}2.2.2.2\r\n\r\n`)
    const identity = all(peerAt('10.0.0.1'))
    asked.length = 0
    expect(clientAddress(identity, head)).toBe('2.2.2.2')
    expect(asked).toEqual(['2.2.2.2'])
  })

  test('looks behind 64 proxies and no more', () => {
    const behind = (count: number) => addressOf('10.0.0.1', `2.2.2.2${', 10.0.0.2'.repeat(count)}`)
    expect([behind(63), behind(64), behind(6000)]).toEqual(['2.2.2.2', '10.0.0.2', '10.0.0.2'])
  })
})

describe('createIdentify', () => {
  test('gives connections of one address the same identity', () => {
    expect(identify('1.1.1.1')).toBe(identify('1.1.1.1'))
    expect(identify('1.1.1.1').isTrusted).toBe(false)
    expect(identify('10.0.0.1').isTrusted).toBe(true)
  })

  test('leaves it to the rule whether a Unix peer is trusted', () => {
    expect([true, false].map((trusts) => createIdentify(() => trusts)(peerAt('')).isTrusted)).toEqual([true, false])
  })

  test('forgets, so that nobody can make it remember millions', () => {
    const first = identify('1.1.1.1')
    for (let index = 0; index < 3000; index += 1) identify(`2.2.${index >> 8}.${index & 255}`)
    expect(identify('1.1.1.1')).not.toBe(first)
    expect(identify('1.1.1.1').address).toBe('1.1.1.1')
  })
})
