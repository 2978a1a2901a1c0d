import { describe, expect, test } from 'bun:test'
import { createBlockSet, createBlockTable, parseBlock } from '../../../core/ip/blocks.ts'
import { drawIndex, seededRandom } from '../../../core/random.ts'

describe('parseBlock', () => {
  test.each([
    ['10.0.0.0/8', { version: 4, prefix: 8, network: 0x0a000000 }],
    ['192.0.2.7', { version: 4, prefix: 32, network: 0xc0000207 }],
    ['0.0.0.0/0', { version: 4, prefix: 0, network: 0 }],
    ['255.255.255.255/32', { version: 4, prefix: 32, network: 2 ** 32 - 1 }],
    ['128.0.0.0/1', { version: 4, prefix: 1, network: 2 ** 31 }],
    ['::/0', { version: 6, prefix: 0, network: '' }],
    ['2001:db8::/32', { version: 6, prefix: 32, network: '\u2001\u0db8' }],
    ['2001:db8:8000::/33', { version: 6, prefix: 33, network: '\u2001\u0db8\u8000' }],
    ['::1', { version: 6, prefix: 128, network: '\0\0\0\0\0\0\0\u0001' }],
    ['::ffff:10.0.0.0/104', { version: 4, prefix: 8, network: 0x0a000000 }],
    ['::ffff:0:0/96', { version: 4, prefix: 0, network: 0 }],
  ] as const)('reads %s', (text, block) => {
    expect(parseBlock(text)).toEqual(block)
  })

  test.each(['', '/', '/8', '10.0.0.0/', '10.0.0.0/8/8', '10/8', '10.0.0.0/8 ', 'all', '0x0a.0.0.0/8', '::g/8'])(
    'refuses %p as no block',
    (text) => {
      expect(() => parseBlock(text)).toThrow(
        /^"[^"]*" must (be an IP address or a CIDR block|have a prefix of 0\.\.32 bits)$/,
      )
    },
  )

  test.each(['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/+8', '10.0.0.0/1e1', '10.0.0.0/8.0', '10.0.0.0/a'])(
    'refuses the prefix of %s',
    (text) => {
      expect(() => parseBlock(text)).toThrow(`"${text}" must have a prefix of 0..32 bits`)
    },
  )

  test('refuses a mapped block that is wider than the mapped range', () => {
    expect(() => parseBlock('::ffff:0:0/95')).toThrow('"::ffff:0:0/95" must have a prefix of 96..128 bits')
    expect(() => parseBlock('2001:db8::/129')).toThrow('must have a prefix of 0..128 bits')
  })

  test.each(['10.0.0.1/8', '192.0.2.128/24', '1.0.0.0/0', '2001:db8::1/64', '2001:db8:4000::/33', '::1/0'])(
    'refuses %s, which begins beside its network address',
    (text) => {
      expect(() => parseBlock(text)).toThrow(`"${text}" must begin with its own network address`)
    },
  )

  test('quotes no more than the beginning of a huge text', () => {
    expect(() => parseBlock('x'.repeat(1_000_000))).toThrow(`"${'x'.repeat(60)}" must be an IP address or a CIDR block`)
  })
})

describe('createBlockSet', () => {
  test('holds what lies in a block, up to both its ends', () => {
    const set = createBlockSet(['10.1.0.0/16', '192.0.2.7', '2001:db8::/33'])
    for (const address of [
      '10.1.0.0',
      '10.1.255.255',
      '192.0.2.7',
      '2001:db8::',
      '2001:db8:7fff:ffff:ffff:ffff:ffff:ffff',
    ]) {
      expect([address, set.has(address)]).toEqual([address, true])
    }
    for (const address of [
      '10.0.255.255',
      '10.2.0.0',
      '192.0.2.6',
      '192.0.2.8',
      '2001:db8:8000::',
      '2001:db7:ffff::',
      '::10.1.0.0',
    ]) {
      expect([address, set.has(address)]).toEqual([address, false])
    }
  })

  test('takes an IPv4-mapped address for the IPv4 address', () => {
    expect(createBlockSet(['10.0.0.0/8']).has('::ffff:10.1.2.3')).toBe(true)
    expect(createBlockSet(['::ffff:10.0.0.0/104']).has('10.1.2.3')).toBe(true)
    expect(createBlockSet(['::/0']).has('10.1.2.3')).toBe(false)
    expect(createBlockSet(['0.0.0.0/0']).has('::1')).toBe(false)
  })

  test.each(['', 'unix', '10.0.0.1 ', '10.0.0', '0x0a.0.0.1', '::1%lo', '1'.repeat(10_000)])(
    'holds not %p',
    (address) => {
      expect(createBlockSet(['0.0.0.0/0', '::/0']).has(address)).toBe(false)
    },
  )

  test('holds nothing when empty', () => {
    expect(createBlockSet([]).has('127.0.0.1')).toBe(false)
  })

  test('throws for the block that is none', () => {
    expect(() => createBlockSet(['10.0.0.0/8', 'nonsense'])).toThrow('"nonsense" must be')
  })
})

describe('createBlockTable', () => {
  const entry = (block: string) => ({ block, value: block })

  test('finds the longest of nested blocks', () => {
    const table = createBlockTable(
      ['10.0.0.0/8', '0.0.0.0/0', '10.1.2.0/24', '10.1.0.0/16', '::/0', '2001:db8::/32'].map(entry),
    )
    expect(table.find('10.1.2.3')).toBe('10.1.2.0/24')
    expect(table.find('10.1.3.3')).toBe('10.1.0.0/16')
    expect(table.find('10.2.3.3')).toBe('10.0.0.0/8')
    expect(table.find('11.2.3.3')).toBe('0.0.0.0/0')
    expect(table.find('2001:db8::1')).toBe('2001:db8::/32')
    expect(table.find('2002::')).toBe('::/0')
  })

  test('lets the first of two equal blocks count', () => {
    const table = createBlockTable([
      { block: '10.0.0.0/8', value: 'first' },
      { block: '::ffff:10.0.0.0/104', value: 'second' },
    ])
    expect(table.find('10.0.0.1')).toBe('first')
  })

  test('agrees with a linear search on random blocks', () => {
    const random = seededRandom(2)
    const blocks = Array.from({ length: 500 }, () => {
      const prefix = drawIndex(random, 33)
      const address = prefix === 0 ? 0 : (Math.floor(random() * 2 ** 32) & (-1 << (32 - prefix))) >>> 0
      return { prefix, address, block: `${dotted(address)}/${prefix}` }
    })
    const table = createBlockTable(blocks.map(({ block }) => entry(block)))
    for (let round = 0; round < 2000; round += 1) {
      const address = Math.floor(random() * 2 ** 32)
      const holding = blocks.filter(
        (one) => Math.floor(address / 2 ** (32 - one.prefix)) === one.address / 2 ** (32 - one.prefix),
      )
      const longest = holding.toSorted((one, other) => other.prefix - one.prefix)[0]
      expect(table.find(dotted(address))).toBe(longest?.block as string)
    }
  })

  test('agrees with a linear search on random blocks of IPv6, of few bits so that many lie in each other', () => {
    const random = seededRandom(3)
    const bitsOf = (): string => Array.from({ length: 128 }, () => (random() < 0.97 ? 1 : 0)).join('')
    const textOf = (bits: string): string =>
      bits
        .match(/.{16}/g)!
        .map((unit) => parseInt(unit, 2).toString(16))
        .join(':')
    const blocks = Array.from({ length: 300 }, () => {
      const prefix = drawIndex(random, 129)
      const bits = bitsOf().slice(0, prefix)
      return { prefix, bits, block: `${textOf(bits.padEnd(128, '0'))}/${prefix}` }
    })
    const table = createBlockTable(blocks.map(({ block }) => entry(block)))
    for (let round = 0; round < 2000; round += 1) {
      const bits = bitsOf()
      const holding = blocks.filter((one) => bits.startsWith(one.bits))
      const longest = holding.toSorted((one, other) => other.prefix - one.prefix)[0]
      expect(table.find(textOf(bits))).toBe(longest?.block as string)
    }
  })

  test('knows the last addresses there are', () => {
    const table = createBlockTable(['255.255.255.255', 'ffff::/16', 'ffff:ffff::/32'].map(entry))
    expect([table.find('255.255.255.255'), table.find('255.255.255.254')]).toEqual(['255.255.255.255', undefined])
    const last = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
    expect([table.find(last), table.find('ffff::'), table.find('fffe::')]).toEqual([
      'ffff:ffff::/32',
      'ffff::/16',
      undefined,
    ])
  })
})

const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
