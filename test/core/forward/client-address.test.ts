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
    ['an IPv6 address', '::1', ['2001:DB8::1'], '2001:DB8::1'],
    ['whom it believed before an entry that is no address', '10.0.0.1', ['2.2.2.2, <script>, 10.0.0.2'], '10.0.0.2'],
    ['the peer when the last entry is no address', '10.0.0.1', ['2.2.2.2, unknown'], '10.0.0.1'],
    ['the peer when the list ends in a comma', '10.0.0.1', ['2.2.2.2,'], '10.0.0.1'],
    ['the peer when the entry is huge', '10.0.0.1', ['1'.repeat(46)], '10.0.0.1'],
    ['nobody for a Unix socket', '', ['2.2.2.2'], ''],
  ])('is %s', (_, peer, lists, address) => {
    expect(addressOf(peer, ...lists)).toBe(address)
  })
})

describe('createIdentify', () => {
  test('gives connections of one address the same identity', () => {
    expect(identify('1.1.1.1')).toBe(identify('1.1.1.1'))
    expect(identify('1.1.1.1').isTrusted).toBe(false)
    expect(identify('10.0.0.1').isTrusted).toBe(true)
  })

  test('never trusts a Unix socket', () => {
    expect(createIdentify(() => true)(peerAt('')).isTrusted).toBe(false)
  })

  test('forgets, so that nobody can make it remember millions', () => {
    const first = identify('1.1.1.1')
    for (let index = 0; index < 3000; index += 1) identify(`2.2.${index >> 8}.${index & 255}`)
    expect(identify('1.1.1.1')).not.toBe(first)
    expect(identify('1.1.1.1').address).toBe('1.1.1.1')
  })
})
