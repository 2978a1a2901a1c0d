import { describe, expect, test } from 'bun:test'
import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { formatIp, formatV4, parseIp, parseNode } from '../../../core/ip/address.ts'
import { drawIndex, seededRandom } from '../../../core/random.ts'

const groups = (value: unknown): number[] | undefined =>
  typeof value === 'string' ? Array.from({ length: value.length }, (_, at) => value.charCodeAt(at)) : undefined

describe('parseIp', () => {
  test.each([
    ['0.0.0.0', 0],
    ['1.2.3.4', 0x01020304],
    ['255.255.255.255', 2 ** 32 - 1],
    ['10.0.0.1', 0x0a000001],
    ['::ffff:1.2.3.4', 0x01020304],
    ['::FFFF:102:304', 0x01020304],
    ['0:0:0:0:0:ffff:255.255.255.255', 2 ** 32 - 1],
  ])('reads %s as IPv4', (text, value) => {
    expect(parseIp(text)).toBe(value)
  })

  test.each([
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['1::', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['2001:DB8::5', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 5]],
    ['1:2:3:4:5:6:7:8', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['1:2:3:4:5:6:7::', [1, 2, 3, 4, 5, 6, 7, 0]],
    ['64:ff9b::192.0.2.1', [0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x201]],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', Array.from({ length: 8 }, () => 0xffff)],
    ['d800:dc00:d83d::', [0xd800, 0xdc00, 0xd83d, 0, 0, 0, 0, 0]],
    ['::1.2.3.4', [0, 0, 0, 0, 0, 0, 0x102, 0x304]],
  ])('reads %s as IPv6', (text, expected) => {
    expect(groups(parseIp(text))).toEqual(expected)
  })

  test.each(
    `
      | 1.2.3 |1.2.3.|.1.2.3|1.2.3.4.|1..2.3|1.2.3.4.5|256.1.1.1|1.2.3.256|01.2.3.4|1.2.3.04|00.0.0.0|0x7f.1|0x7f.0.0.1|127.1
      |2130706433|1.2.3.4 | 1.2.3.4|+1.2.3.4|-1.2.3.4|1.2.3.4/8|1e1.2.3.4|１.2.3.4|1.2.3.4\0|a.b.c.d|localhost|999999999999.1.1.1
      |:|:::|1:2|1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9|1::2::3|::1::|:1:2:3:4:5:6:7|1:2:3:4:5:6:7:|12345::|g::|::1%eth0|[::1]|::1 | ::1
      |1:2:3:4:5:6:7:8::|::1:2:3:4:5:6:7:8|1.2.3.4::|::1.2.3|::1.2.3.256|::01.2.3.4|::1.2.3.4:5|1:2:3:4:5:6:7:1.2.3.4|::ffff:0x7f.0.0.1
      |::-1|::+1|::1.2.3.4.5|1:::2
    `
      .trim()
      .split(/\n\s*\||\|/)
      .concat('', '1'.repeat(100_000), '1.'.repeat(100_000), ':'.repeat(100_000), '1:'.repeat(50_000)),
  )('refuses %#: %p', (text) => {
    expect(parseIp(text)).toBeUndefined()
  })

  test('agrees with two other parsers on ten thousand mutated texts', () => {
    const random = seededRandom(1)
    const seeds = [
      '1.2.3.4',
      '10.200.30.255',
      '2001:db8::1',
      '::ffff:1.2.3.4',
      '1:2:3:4:5:6:7:8',
      '::',
      'fe80::a:b',
      '::1.2.3.4',
    ]
    const alphabet = '0123456789abcdefF.:'
    for (let round = 0; round < 10_000; round += 1) {
      let text = seeds[drawIndex(random, seeds.length)] ?? ''
      for (let change = drawIndex(random, 4); change > 0; change -= 1) {
        const at = drawIndex(random, text.length + 1)
        text =
          text.slice(0, at) +
          (alphabet[drawIndex(random, alphabet.length)] ?? '') +
          text.slice(at + drawIndex(random, 2))
      }
      const value = parseIp(text)
      expect([text, value !== undefined]).toEqual([text, isIPv4(text) || isIPv6(text)])
      // ipaddr.js takes `::1.2.3.4` (deprecated, RFC 4291 2.5.5.1) for a mapped address.
      if (value !== undefined && !/^::\d+\./.test(text))
        expect([text, bytesOf(value)]).toEqual([text, ipaddr.process(text).toByteArray()])
    }
  })
})

describe('formatIp', () => {
  // RFC 5952 4: lower case, no leading zeros, the longest and first run of two zeros or more left out.
  test.each([
    ['2001:DB8::AAAA:BBBB:CCCC:1', '2001:db8::aaaa:bbbb:cccc:1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['0:1:2:3:4:5:6:7', '0:1:2:3:4:5:6:7'],
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['1.2.3.4', '1.2.3.4'],
  ])('writes %s as %s', (text, expected) => {
    expect(formatIp(parseIp(text)!)).toBe(expected)
  })

  test('is read as what it was written of, and agrees with another writer', () => {
    const random = seededRandom(2)
    for (let round = 0; round < 5000; round += 1) {
      const text = Array.from({ length: 8 }, () => (random() < 0.6 ? 0 : drawIndex(random, 65_536)).toString(16)).join(
        ':',
      )
      const value = parseIp(text)!
      const written = formatIp(value)
      expect([text, parseIp(written)]).toEqual([text, value])
      expect([text, written]).toEqual([text, ipaddr.IPv6.parse(text).toRFC5952String()])
    }
  })
})

describe('parseNode', () => {
  test.each([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:1', '1.2.3.4'],
    ['1.2.3.4:65535', '1.2.3.4'],
    ['2001:DB8::7', '2001:db8::7'],
    ['[2001:DB8::7]', '2001:db8::7'],
    ['[2001:db8:0:0::7]:443', '2001:db8::7'],
    ['[::ffff:1.2.3.4]:443', '1.2.3.4'],
    ['::1:80', '::1:80'],
  ])('finds in %s the address %s', (text, address) => {
    expect(parseNode(text)).toBe(address)
  })

  test.each(
    '|unknown|_x|face|face:80|1.2.3|1.2.3:80|1.2.3.4:|1.2.3.4:a|1.2.3.4:-1|1.2.3.4:123456|:80|[]|[]:80|[1.2.3.4]|[1.2.3.4]:80'
      .split('|')
      .concat(
        '[::1',
        '::1]',
        '[::1]80',
        '[::1]:',
        '[[::1]]',
        '[::1]:80:80',
        'x[::1]',
        '[fe80::1%eth0]',
        ' 1.2.3.4',
        '"1.2.3.4"',
      )
      .concat(`[${'1'.repeat(100_000)}`, ':'.repeat(100_000), `${'1.'.repeat(50_000)}:80`),
  )('finds none in %p', (text) => {
    expect(parseNode(text)).toBeUndefined()
  })
})

describe('formatV4', () => {
  test.each(['0.0.0.0', '1.2.3.4', '127.0.0.1', '128.0.0.1', '255.255.255.255'])('writes %s as it was read', (text) => {
    expect(formatV4(parseIp(text) as number)).toBe(text)
  })
})

function bytesOf(value: number | string): number[] {
  if (typeof value === 'number') return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255)
  return (groups(value) ?? []).flatMap((group) => [group >> 8, group & 255])
}
