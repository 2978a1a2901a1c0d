import { describe, expect, test } from 'bun:test'
import { formatAddress, type SocketAddress } from '../../../core/address.ts'
import {
  isConflicting,
  isLoopback,
  backendId,
  parseBackendUrl,
  parseCidr,
  parseListenAddress,
} from '../../../core/config/network.ts'
import type { Parsed } from '../../../core/config/read/scalars.ts'

const shown = (parsed: Parsed<SocketAddress>): string =>
  parsed.kind === 'value' ? formatAddress(parsed.value) : 'refused'

const address = (text: string): SocketAddress => {
  const parsed = parseListenAddress(text)
  if (parsed.kind === 'fault') throw new Error(`${text} must be an address`)
  return parsed.value
}

const hostile = [
  '',
  ' ',
  ':',
  '[',
  '[]',
  '[]:80',
  '\0',
  'a\nb:80',
  'x'.repeat(100_000),
  '${A}',
  'ä.example:80',
  'a b:80',
  'a:80:81',
  '../etc',
]

describe('parseBackendUrl', () => {
  test.each([
    ['http://localhost:8081', 'localhost:8081'],
    ['HTTP://LocalHost:8081/', 'localhost:8081'],
    ['http://localhost', 'localhost:80'],
    ['http://10.0.0.1:65535', '10.0.0.1:65535'],
    ['http://[::1]:8080', '[::1]:8080'],
    ['http://[0:0:0:0:0:0:0:1]', '[::1]:80'],
    ['http://[2001:DB8::A]:1', '[2001:db8::a]:1'],
    ['http://my_service.internal:80', 'my_service.internal:80'],
    ['unix:/run/App.sock', 'unix:/run/App.sock'],
    ['https://localhost:8443', 'https://localhost:8443'],
    ['HTTPS://LocalHost/', 'https://localhost:443'],
    ['https://[2001:DB8::A]', 'https://[2001:db8::a]:443'],
  ])('reads %p as %p', (url, id) => {
    const parsed = parseBackendUrl(url)
    expect(parsed.kind === 'value' ? backendId(parsed.value) : 'refused').toBe(id)
  })

  test.each([
    ...hostile,
    'http://',
    'http://:80',
    'http://a:0',
    'http://a:65536',
    'http://a:+80',
    'http://a:8e1',
    'http://a:80 ',
    'http://a/path',
    'http://a?x',
    'http://a#x',
    'http://-a',
    'http://a..b',
    'http://256.0.0.1',
    'http://127.1',
    'http://0x7f.0.0.1',
    'http://010.0.0.1',
    'http://2130706433',
    'http://::1:80',
    'http://[::1',
    'http://[::1]x:80',
    'http://[fe80::1%eth0]:80',
    'ftp://a',
    'https://',
    'https://a/path',
    'https://a:b@c',
    'https+unix:/run/app.sock',
    'unix:',
    'unix:relative.sock',
    `unix:/${'x'.repeat(103)}`,
  ])('refuses %p', (url) => {
    expect(parseBackendUrl(url).kind).toBe('fault')
  })

  test('suggests the scheme that was left out', () => {
    expect(parseBackendUrl('localhost:8081')).toMatchObject({ hint: 'did you mean "http://localhost:8081"?' })
  })
})

describe('parseListenAddress', () => {
  test.each([
    ['0.0.0.0:8080', '0.0.0.0:8080'],
    ['LOCALHOST:0', 'localhost:0'],
    ['[::]:80', '[::]:80'],
    ['unix:/run/edge.sock', 'unix:/run/edge.sock'],
  ])('reads %p as %p', (text, id) => {
    expect(shown(parseListenAddress(text))).toBe(id)
  })

  test.each([
    ...hostile,
    'localhost',
    ':8080',
    '8080',
    '*:8080',
    ':::8080',
    '0.0.0.0:',
    '0.0.0.0:99999',
    'http://0.0.0.0:80',
  ])('refuses %p', (text) => {
    expect(shown(parseListenAddress(text))).toBe('refused')
  })

  test.each([':8080', '8080'])('suggests all interfaces for %p', (text) => {
    expect(parseListenAddress(text)).toMatchObject({ hint: 'did you mean "0.0.0.0:8080"?' })
  })
})

describe('parseCidr', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::/0', '::/0'],
    ['::1/128', '::1/128'],
  ])('reads %p as %p', (text, canonical) => {
    expect(parseCidr(text)).toEqual({ kind: 'value', value: canonical })
  })

  test.each([
    ...hostile,
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10/8',
    '::/129',
    '[::]/0',
    'a/8',
    '0x7f.1/8',
    'fe80::1%eth0',
  ])('refuses %p', (text) => {
    expect(parseCidr(text).kind).toBe('fault')
  })

  test('suggests the network of an address inside it', () => {
    expect(parseCidr('10.1.2.3/8')).toMatchObject({ hint: 'did you mean "10.0.0.0/8"?' })
    expect(parseCidr('2001:db8::1/32')).toMatchObject({ hint: 'did you mean "2001:db8::/32"?' })
  })
})

describe('isLoopback', () => {
  test.each([
    ['127.0.0.1:1', true],
    ['127.9.9.9:1', true],
    ['[::1]:1', true],
    ['localhost:1', true],
    ['unix:/a', true],
    ['0.0.0.0:1', false],
    ['[::]:1', false],
    ['127.0.0.1.example:1', false],
    ['10.0.0.1:1', false],
  ])('of %p is %p', (text, is) => {
    expect(isLoopback(address(text))).toBe(is)
  })
})

describe('isConflicting', () => {
  test.each([
    ['127.0.0.1:80', '127.0.0.1:80', true],
    ['0.0.0.0:80', '127.0.0.1:80', true],
    ['[::]:80', '127.0.0.1:80', true],
    ['[::]:80', '[::1]:80', true],
    ['0.0.0.0:80', '[::1]:80', false],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    ['127.0.0.1:80', '127.0.0.1:81', false],
    ['127.0.0.1:0', '127.0.0.1:0', false],
    ['unix:/a', 'unix:/a', true],
    ['unix:/a', 'unix:/b', false],
    ['unix:/a', '127.0.0.1:80', false],
  ])('of %p and %p is %p, either way round', (a, b, is) => {
    expect(isConflicting(address(a), address(b))).toBe(is)
    expect(isConflicting(address(b), address(a))).toBe(is)
  })
})
