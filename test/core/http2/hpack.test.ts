import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { nameOf, valueOf } from '../../../core/http2/field.ts'
import { blockOf, HpackDecoder } from '../../../core/http2/hpack-decoder.ts'
import { emptySpan, HpackEncoder, type Span } from '../../../core/http2/hpack-encoder.ts'
import { CODES, decodeHuffman, decodedBound } from '../../../core/http2/huffman.ts'
import { listResponseFields, type Profile, profiles } from '../../../bench/profile.ts'
import stories from './hpack-stories.json' with { type: 'json' }

type Fields = readonly (readonly [name: string, value: string])[]

function decode(decoder: HpackDecoder, hex: string): string[] {
  const fields: string[] = []
  decoder.decode(blockOf(Buffer.from(hex.replaceAll(' ', ''), 'hex')), {
    onField: (field) =>
      void fields.push(`${nameOf(field)}: ${field.line.toString('utf8', field.nameLength + 2, field.line.length - 2)}`),
  })
  return fields
}

const shown = (fields: Fields): string[] => fields.map(([name, value]) => `${name}: ${value}`)

/** RFC 7541 C.3 to C.6: three blocks of one connection each. */
const REQUESTS: readonly Fields[] = [
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
    ['cache-control', 'no-cache'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
]
const response = (status: string, date: string, ...more: Fields): Fields => [
  [':status', status],
  ['cache-control', 'private'],
  ['date', date],
  ['location', 'https://www.example.com'],
  ...more,
]
const RESPONSES: readonly Fields[] = [
  response('302', 'Mon, 21 Oct 2013 20:13:21 GMT'),
  response('307', 'Mon, 21 Oct 2013 20:13:21 GMT'),
  response(
    '200',
    'Mon, 21 Oct 2013 20:13:22 GMT',
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ),
]

describe('RFC 7541, appendix C', () => {
  test.each([
    ['C.2.1', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'custom-key: custom-header'],
    ['C.2.2', '040c2f73616d706c652f70617468', ':path: /sample/path'],
    ['C.2.3', '100870617373776f726406736563726574', 'password: secret'],
    ['C.2.4', '82', ':method: GET'],
  ])('%s: one field', (_, hex, field) => expect(decode(new HpackDecoder(4096), hex)).toEqual([field]))

  test.each([
    [
      'C.3: requests',
      4096,
      REQUESTS,
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
    ],
    [
      'C.4: requests, Huffman',
      4096,
      REQUESTS,
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
    ],
    [
      'C.5: responses, a table of 256 bytes',
      256,
      RESPONSES,
      [
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
        '4803333037c1c0bf',
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
      ],
    ],
    [
      'C.6: responses, Huffman, a table of 256 bytes',
      256,
      RESPONSES,
      [
        '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
        '4883640effc1c0bf',
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
    ],
  ] as const)('%s', (_, tableBytes, messages, blocks) => {
    const decoder = new HpackDecoder(tableBytes)
    for (const [index, hex] of blocks.entries()) expect(decode(decoder, hex)).toEqual(shown(messages[index]!))
  })
})

describe('stories of other encoders', () => {
  for (const { from, cases } of stories.stories) {
    test(from, () => {
      const decoder = new HpackDecoder(65_536)
      for (const [, wire, fields] of cases as unknown as readonly (readonly [unknown, string, Fields])[])
        expect(decode(decoder, wire)).toEqual(shown(fields))
    })
  }
})

describe('the Huffman code', () => {
  test('is that of appendix B, as far as its corners show', () => {
    const code = (symbol: number): string => CODES[symbol]!.code.toString(16)
    expect([0, 32, 48, 97, 122, 92, 10, 255, 256].map(code)).toEqual([
      '1ff8',
      '14',
      '0',
      '3',
      '7b',
      '7fff0',
      '3ffffffc',
      '3ffffee',
      '3fffffff',
    ])
  })

  const decodeBytes = (...bytes: number[]): string | undefined => {
    const out = Buffer.alloc(decodedBound(bytes.length))
    const length = decodeHuffman(Uint8Array.from(bytes), 0, bytes.length, out)
    return length < 0 ? undefined : out.toString('latin1', 0, length)
  }

  test.each([
    ['a symbol, padded with ones', [0x07], '0'],
    ['padding with a zero', [0b0001_1110], undefined],
    ['padding of a whole byte', [0x1f, 0xff], undefined],
    ['the end of the string', [0xff, 0xff, 0xff, 0xff], undefined],
    ['nothing', [], ''],
  ] as const)('%s', (_, bytes, text) => expect(decodeBytes(...bytes)).toBe(text))

  test('takes every byte back that it was made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decodeBytes(...encode(bytes))).toBe(Buffer.from(bytes).toString('latin1'))
      }),
    )
  })
})

/** RFC 7541 5.2, bit by bit. */
function encode(bytes: Uint8Array): number[] {
  let bits = ''
  for (const byte of bytes) bits += CODES[byte]!.code.toString(2).padStart(CODES[byte]!.length, '0')
  bits += '1'.repeat((8 - (bits.length % 8)) % 8)
  return bits.match(/.{8}/g)?.map((text) => Number.parseInt(text, 2)) ?? []
}

describe('a decoder refuses', () => {
  test.each([
    ['index 0', '80'],
    ['an index beyond both tables', 'bf'],
    ['a name by an index beyond both tables', '7f0000'],
    ['a number without end', 'ffffffffffffffffffff'],
    ['a number that is cut short', 'ff'],
    ['a string that is cut short', '400361'],
    ['a name without a value', '400161'],
    ['an empty name', '400001 61'],
    ['a string longer than any block', '40 7fffffff7f'],
    ['a bad Huffman code', '4081ff 0161'],
    ['a table of more than it was allowed', '3fe21f'],
    ['three changes of size', '20 3fe11f 20 82'],
    ['a change of size behind a field', '82 20'],
  ])('%s', (_, hex) => expect(() => decode(new HpackDecoder(4096), hex)).toThrow(/./))

  test('nothing of what is random but by its own fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode(new HpackDecoder(4096), Buffer.from(bytes).toString('hex'))
        } catch (error) {
          expect(error).toHaveProperty('name', 'ConnectionFault')
        }
      }),
      { numRuns: 2000 },
    )
  })
})

/** A block of these fields, as an encoder of ours writes it. */
function encodeBlock(encoder: HpackEncoder, fields: Fields, originOf?: (line: string) => object): string {
  const out = Buffer.alloc(100_000)
  let end = encoder.begin(out, 0)
  for (const [name, value] of fields)
    end = encoder.write(out, end, { ...spanOf(name, value), origin: originOf?.(`${name}: ${value}`) })
  return out.toString('hex', 0, end)
}

function spanOf(name: string, value: string): Span {
  const bytes = Buffer.from(`${name}: ${value}\r\n`, 'latin1')
  return {
    ...emptySpan(),
    names: bytes,
    bytes,
    nameEnd: name.length,
    valueStart: name.length + 2,
    valueEnd: bytes.length - 2,
  }
}

describe('an encoder', () => {
  const field: Fields = [['X-Kept', 'the same each time']]

  test('puts a line into the table when it comes the second time, and is a byte from then on', () => {
    const encoder = new HpackEncoder()
    const lengths = [1, 2, 3, 4].map(() => encodeBlock(encoder, field).length / 2)
    expect(lengths).toEqual([27, 27, 1, 1])
  })

  test('finds a line in another case, or with more white space, all the same', () => {
    const encoder = new HpackEncoder()
    for (let time = 0; time < 3; time += 1) encodeBlock(encoder, field)
    const [, value] = field[0] as Fields[number]
    expect(encodeBlock(encoder, [['x-kept', value]])).toBe('be')
    const span = spanOf('X-Kept', ` ${value}`)
    span.valueStart += 1
    const out = Buffer.alloc(100)
    expect(out.toString('hex', 0, encoder.write(out, encoder.begin(out, 0), span))).toBe('be')
  })

  test('needs not look at a line that comes of what it came of the last time', () => {
    const encoder = new HpackEncoder()
    const origin = {}
    for (let time = 0; time < 4; time += 1) encodeBlock(encoder, field, () => origin)
    const unread = { ...spanOf('?', '?'), origin }
    const out = Buffer.alloc(100)
    expect(out.toString('hex', 0, encoder.write(out, encoder.begin(out, 0), unread))).toBe('be')
    // Its entry makes room for others, of which the last has its place.
    for (let time = 0; time < 128; time += 1)
      for (let again = 0; again < 2; again += 1) encodeBlock(encoder, [[`x-${time}`, 'y']])
    expect(encodeBlock(encoder, field, () => origin).length / 2).toBe(27)
  })

  test('takes what follows a line for nothing but a guess', () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder(4096)]
    const lines = ['a', 'b', 'c'].map((name) => [name, 'x'] as const)
    for (let time = 0; time < 3; time += 1) decode(decoder, encodeBlock(encoder, lines))
    for (const order of [lines.toReversed(), lines.slice(1), [...lines, ...lines], [['a', 'y'] as const]])
      expect(decode(decoder, encodeBlock(encoder, order))).toEqual(shown(order))
  })

  // Two of them met in one slot, and turned each other out each time.
  test.each(Object.keys(profiles))('makes each line of the responses of %s a byte, but for cookies', (name) => {
    const fields = listResponseFields(profiles[name] as Profile).filter(([name]) => name !== 'Set-Cookie')
    const encoder = new HpackEncoder()
    for (let time = 0; time < 2; time += 1) encodeBlock(encoder, fields)
    expect(encodeBlock(encoder, fields).length / 2).toBe(fields.length)
  })

  test.each(['authorization', 'Cookie', 'set-cookie', 'proxy-authorization'])('never puts %s there', (name) => {
    const encoder = new HpackEncoder()
    for (let time = 0; time < 3; time += 1) expect(encodeBlock(encoder, [[name, 'secret']])).toMatch(/^1/)
  })

  test('writes names in lower case', () => {
    expect(decode(new HpackDecoder(4096), encodeBlock(new HpackEncoder(), [['Content-TYPE', 'Text']]))).toEqual([
      'content-type: Text',
    ])
  })

  test('says so when the table has become smaller, to the least and to the last', () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder(4096)]
    for (let time = 0; time < 3; time += 1) decode(decoder, encodeBlock(encoder, field))
    encoder.limitTable(0)
    encoder.limitTable(1024)
    const block = encodeBlock(encoder, field)
    expect(block).toStartWith('203fe107')
    expect(decode(decoder, block)).toEqual(['x-kept: the same each time'])
  })

  test('uses nothing of a table that the peer does not keep', () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder(0)]
    encoder.limitTable(0)
    for (let time = 0; time < 4; time += 1)
      expect(decode(decoder, encodeBlock(encoder, field))).toEqual(['x-kept: the same each time'])
  })

  test('is understood by the decoder, whatever comes in whatever order', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
    const value = fc.stringMatching(/^[!-~]{0,60}$/)
    const fields = fc.array(fc.tuple(name, value), { maxLength: 20 })
    const step = fc.oneof(fields, fc.nat(5000))
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 6 }),
        (steps, often) => {
          const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder(4096)]
          const origins = new Map<string, object>()
          const originOf = (line: string): object => {
            const known = origins.get(line) ?? {}
            origins.set(line, known)
            return known
          }
          for (const one of steps) {
            if (typeof one === 'number') encoder.limitTable(one)
            const all = typeof one === 'number' ? often : [...often, ...one]
            expect(decode(decoder, encodeBlock(encoder, all, originOf))).toEqual(shown(all))
            expect(decode(decoder, encodeBlock(encoder, all))).toEqual(shown(all))
          }
        },
      ),
    )
  })
})

test('a field that is as large as the table empties it, which is no fault', () => {
  const decoder = new HpackDecoder(100)
  decode(decoder, '4001610162')
  expect(decode(decoder, 'be')).toEqual(['a: b'])
  decode(decoder, `400161 7f0a ${'62'.repeat(137)}`)
  expect(() => decode(decoder, 'be')).toThrow('no field has index 62')
})

test('what a field holds is told one character a byte', () => {
  const decoder = new HpackDecoder(4096)
  const values: string[] = []
  decoder.decode(blockOf(Buffer.from('00017801e9', 'hex')), { onField: (field) => void values.push(valueOf(field)) })
  expect(values).toEqual(['\xe9'])
})
