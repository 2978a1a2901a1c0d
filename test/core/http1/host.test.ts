/** Host and the authority of an absolute-form target: who is asked for (RFC 9112 3.2). */
import { describe, expect, test } from 'bun:test'
import { parseRequest } from '../../support/http1-heads.ts'
import { expectRequest, expectRequestRefused } from '../../support/http1-cases.ts'

const withHost = (value: string): string => `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`
const withTarget = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: other.example\r\n\r\n`

const authorities = [
  ['a.example', 'a.example'],
  ['A.Example', 'a.example'],
  ['a.example:80', 'a.example'],
  ['a.example:', 'a.example'],
  ['a_b.example', 'a_b.example'],
  ['a.example.', 'a.example'],
  ['a.example.:80', 'a.example'],
  ['xn--bcher-kva.example:65535', 'xn--bcher-kva.example'],
  ['%61.example', '%61.example'],
  ['10.0.0.1:8080', '10.0.0.1'],
  ['[::1]', '[::1]'],
  ['[::FFFF:10.0.0.1]:8080', '[::ffff:10.0.0.1]'],
  ['[::1]:65535', '[::1]'],
  ['a%20b:00080', 'a%20b'],
  [`${'a.'.repeat(127)}a:65535`, `${'a.'.repeat(127)}a`],
] as const

/** Behind a plain host, and behind one that holds other bytes. */
const highPorts = ['a.example:65536', 'a.example:99999', '[::1]:65536', 'a%61:70000']
const longHosts = ['a'.repeat(262), `${'a'.repeat(256)}:65535`, `[${'0:'.repeat(131)}1]`, 'a'.repeat(4096)]

const noAuthorities = `
  a/b a?b a#b a\\b user@a user:pw@a a,b a"b <a> a|b a\xe4b
  :80 a:b a:80:80 a::80 a:+80 a:-1 a:80a a:123456 a% a%zz a%4 %
  ::1 [ ] [] [::1 ::1] [::1]a [::1]:a a[::1] a[b] a] [a.example] [::1]] [fe80::1%25eth0]
`
  .trim()
  .split(/\s+/)

describe('Host', () => {
  test.each(authorities)('%s names the host %s', (value, host) => {
    expectRequest(withHost(value), { fields: [['Host', value]] })
    expect(parseRequest(withHost(value)).host).toBe(host)
    expect(parseRequest(withHost(` \t ${value}\t `)).host).toBe(host)
  })

  test.each([...noAuthorities, 'a, b', 'a b', 'a\tb'])('%p is refused', (value) => {
    expectRequestRefused(withHost(value), /Host must be a host with an optional port/)
  })

  test.each(highPorts)('%s is refused for its port', (value) => {
    expectRequestRefused(withHost(value), /port of Host must be at most 65535/)
  })

  test.each(longHosts)('%p is refused for its length', (value) => {
    expectRequestRefused(withHost(value), /Host may have at most 261 bytes/)
  })

  test('may be empty', () => {
    expectRequest(withHost(''), { fields: [['Host', '']] })
    expectRequest('GET / HTTP/1.1\r\nhost:\r\n\r\n', { fields: [['host', '']] })
    expect(parseRequest(withHost(' ')).host).toBeUndefined()
  })

  test('is needed in HTTP/1.1 only', () => {
    expectRequestRefused('GET / HTTP/1.1\r\n\r\n', /must have a Host/)
    expectRequestRefused('GET / HTTP/1.1\r\nHos: a\r\n\r\n', /must have a Host/)
    expectRequestRefused('GET http://a.example/ HTTP/1.1\r\n\r\n', /must have a Host/)
    expectRequest('GET / HTTP/1.0\r\n\r\n', { minorVersion: 0, fields: [] })
    expect(parseRequest('GET / HTTP/1.0\r\n\r\n').host).toBeUndefined()
  })

  test('may stand once only', () => {
    for (const version of ['1.0', '1.1']) {
      expectRequestRefused(`GET / HTTP/${version}\r\nHost: a\r\nX: y\r\nHOST: a\r\n\r\n`, /one Host/)
    }
  })

  test('is checked in HTTP/1.0 too', () => {
    expectRequestRefused('GET / HTTP/1.0\r\nHost: a@b\r\n\r\n', /Host must be/)
  })
})

describe('absolute-form', () => {
  test.each(authorities)('with the authority %s names the host %s', (authority, host) => {
    for (const target of [`http://${authority}`, `HTTPS://${authority}/p`, `Http://${authority}?q`]) {
      expectRequest(withTarget(target), { target })
      expect(parseRequest(withTarget(target)).host).toBe(host)
    }
  })

  const refused = noAuthorities.filter((authority) => !/[/?#]/.test(authority))
  test.each(refused)('with the authority %p is refused', (authority) => {
    expectRequestRefused(withTarget(`http://${authority}/`), /authority of a target/)
  })

  test.each(highPorts)('with the authority %s is refused for its port', (authority) => {
    expectRequestRefused(withTarget(`http://${authority}/`), /port of the authority of a target must be at most 65535/)
  })

  test.each(longHosts)('with the authority %p is refused for its length', (authority) => {
    expectRequestRefused(withTarget(`http://${authority}/`), /authority of a target may have at most 261 bytes/)
  })

  test.each(['http://', 'https://', 'http:///', 'http:///p', 'http://?q', 'https:///'])(
    'is refused as %s',
    (target) => {
      expectRequestRefused(withTarget(target), /authority of a target|absolute http URL/)
    },
  )

  test('does not excuse a bad Host', () => {
    expectRequestRefused('GET http://a.example/ HTTP/1.1\r\nHost: a/b\r\n\r\n', /Host must be/)
  })
})
