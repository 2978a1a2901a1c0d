import { describe, expect, test } from 'bun:test'
import * as grammar from '../../../core/http1/grammar.ts'
import * as names from '../../../core/http1/field-names.ts'
import { bytesOf } from '../../support/http1-bytes.ts'

const everyByte = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
const membersOf = (table: Uint8Array): string => everyByte.filter((_, byte) => table[byte] === 1).join('')
const matching = (pattern: RegExp): string => everyByte.filter((character) => pattern.test(character)).join('')

describe('byte tables', () => {
  test.each([
    ['TOKEN', grammar.TOKEN, /[!#$%&'*+\-.^_`|~0-9A-Za-z]/],
    ['FIELD_VALUE', grammar.FIELD_VALUE, /[\t\x20-\x7e\x80-\xff]/],
    ['TARGET', grammar.TARGET, /[\x21\x22\x24-\x7e\x80-\xff]/],
    ['PLAIN_HOST', grammar.PLAIN_HOST, /[-._~0-9A-Za-z]/],
  ])('%s holds the bytes of its rule and no other', (_, table, pattern) => {
    expect(table).toHaveLength(256)
    expect(membersOf(table)).toBe(matching(pattern))
  })

  test('HEX_VALUE knows the digits and no other byte', () => {
    for (const [byte, character] of everyByte.entries()) {
      const value = /[0-9a-fA-F]/.test(character) ? Number.parseInt(character, 16) : 255
      expect(grammar.HEX_VALUE[byte]).toBe(value)
    }
  })
})

describe('equalsIgnoringCase', () => {
  const equals = (text: string, lower: string) =>
    grammar.equalsIgnoringCase(bytesOf(`(${text})`), 1, 1 + text.length, bytesOf(lower))

  test('folds A to Z only', () => {
    for (const one of everyByte) {
      for (const other of ['a', 'z', '-', '[', '{', '@', '`', '\x0d', '\xe4']) {
        expect(equals(one, other)).toBe(one === other || (/[A-Z]/.test(one) && one.toLowerCase() === other))
      }
    }
  })

  test('compares whole words', () => {
    expect(equals('Host', 'host')).toBe(true)
    expect(equals('Hos', 'host')).toBe(false)
    expect(equals('Hosts', 'host')).toBe(false)
    expect(equals('', '')).toBe(true)
  })
})

describe('fieldKind', () => {
  const kindOf = (name: string) => names.fieldKind(bytesOf(`\n${name}:`), 1, 1 + name.length)
  const known = {
    host: names.HOST,
    connection: names.CONNECTION,
    'content-length': names.CONTENT_LENGTH,
    'transfer-encoding': names.TRANSFER_ENCODING,
    'keep-alive': names.KEEP_ALIVE,
    'proxy-connection': names.PROXY_CONNECTION,
    te: names.TE,
    upgrade: names.UPGRADE,
    expect: names.EXPECT,
    'x-forwarded-for': names.FORWARDED_FOR,
    'x-forwarded-proto': names.FORWARDED_PROTO,
    'x-forwarded-host': names.FORWARDED_HOST,
    'x-request-id': names.REQUEST_ID,
    via: names.VIA,
    proxy: names.PROXY,
    'x-smartedge-explain': names.EXPLAIN,
    traceparent: names.TRACE,
    tracestate: names.TRACE,
    b3: names.TRACE,
    'x-b3-traceid': names.TRACE,
    'x-b3-spanid': names.TRACE,
    'x-b3-parentspanid': names.TRACE,
    'x-b3-sampled': names.TRACE,
    'x-b3-flags': names.TRACE,
    'max-forwards': names.MAX_FORWARDS,
    date: names.DATE,
    forwarded: names.FORWARDING,
    'x-real-ip': names.FORWARDING,
    'cf-connecting-ipv6': names.FORWARDING,
    'x-appengine-user-ip': names.FORWARDING,
    'x-cluster-client-ip': names.FORWARDING,
  }
  const isForwarded = (name: string): boolean => name.startsWith('x-forwarded')

  test.each(Object.entries(known))('knows %s in any case', (name, kind) => {
    for (const spelt of [name, name.toUpperCase(), name[0]?.toUpperCase() + name.slice(1)])
      expect(kindOf(spelt)).toBe(kind)
  })

  test.each(Object.keys(known))('knows nothing that is only like %s', (name) => {
    const likes = [`${name}x`, `x${name}`, name.slice(1), name.slice(0, -1)].filter((like) => like !== '')
    for (const like of likes) expect(kindOf(like)).toBe(isForwarded(like) ? names.FORWARDING : names.OTHER)
    for (let index = 0; index < name.length; index += 1) {
      const changed = String.fromCharCode(name.charCodeAt(index) ^ 0x40)
      const like = name.slice(0, index) + changed + name.slice(index + 1)
      expect(kindOf(like)).toBe(isForwarded(like) ? names.FORWARDING : names.OTHER)
    }
  })

  test.each(['X-Forwarded', 'x-forwarded-', 'X-FORWARDED-PORT', 'x-forwarded-foo', `X-Forwarded-${'a'.repeat(100)}`])(
    'knows %s by how it begins',
    (name) => expect(kindOf(name)).toBe(names.FORWARDING),
  )

  test.each(['x-forwarde', 'x-forward-for', 'y-forwarded-for', 'xx-forwarded-for', 'x-fo', 'x-f', 'x-'])(
    'does not take %s for one of these',
    (name) => expect(kindOf(name)).toBe(names.OTHER),
  )

  test.each([
    ['content_length', names.DISGUISED],
    ['Transfer_Encoding', names.DISGUISED],
    ['X_FORWARDED_FOR', names.DISGUISED],
    ['x-forwarded_for', names.DISGUISED],
    ['X_Forwarded-Proto', names.DISGUISED],
    ['x_forwarded_host', names.DISGUISED],
    ['x_forwarded_hosts', names.DISGUISED],
    ['X-Forwarded-My_Own', names.DISGUISED],
    ['X_Real_IP', names.DISGUISED],
    ['client_ip', names.DISGUISED],
    ['X_SmartEdge_Explain', names.DISGUISED],
    ['x_forward_for', names.OTHER],
    ['user_agent', names.OTHER],
    ['x_request_id', names.OTHER],
    ['keep_alive', names.OTHER],
    ['x__forwarded_fo', names.OTHER],
  ])('sees through underscores where that matters: %s', (name, kind) => {
    expect(kindOf(name)).toBe(kind)
  })

  test('has distinct kinds within the count', () => {
    const kinds = [...new Set(Object.values(known)), names.DISGUISED]
    expect(new Set(kinds).size).toBe(kinds.length)
    expect(Math.max(...kinds)).toBe(names.KIND_COUNT - 1)
  })

  test('passes names of any length', () => {
    for (const length of [1, 18, 1000]) expect(kindOf('z'.repeat(length))).toBe(names.OTHER)
  })
})
