/** Heads that are made of fields: whose lines are known as they are written, and must be what the parser would find. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ProtocolError } from '../../../core/errors.ts'
import { INCOMPLETE, type FieldSection } from '../../../core/http1/field-section.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'
import { ResponseHead } from '../../../core/http1/response-head.ts'
import { makeField } from '../../../core/http2/field.ts'
import { RequestFields } from '../../../core/http2/request-fields.ts'
import { ResponseFields } from '../../../core/http2/response-fields.ts'

type Fields = readonly (readonly [name: string, value: string])[]

const limits = { maxHeadBytes: 2000, maxTargetBytes: 200, maxFields: 12 }
const CAPACITY = 16
const requests = new RequestFields()
const responses = new ResponseFields()

/** All that a section tells, by offsets from where its head begins. */
function told({ fields, start }: { readonly fields: FieldSection; readonly start: number }): object {
  const { count, contentLength, isChunked, connection, hostCount, first } = fields
  const offsets = [fields.starts, fields.colons, fields.ends].map((all) =>
    Array.from(all.subarray(0, count), (offset) => offset - start),
  )
  const kinds = Array.from(fields.kinds.subarray(0, count))
  const bounds = [fields.start - start, fields.end - start]
  return { count, offsets, kinds, bounds, contentLength, isChunked, connection, hostCount, first: Array.from(first) }
}

/** What `read` makes of a head, or the status of what is wrong with it. */
function outcomeOf(head: Parameters<typeof told>[0], read: () => unknown): object | number {
  try {
    expect(read()).not.toBe(INCOMPLETE)
    return told(head)
  } catch (error) {
    if (error instanceof ProtocolError) return error.status
    throw error
  }
}

/** What becomes of a request, as its lines are known and as the parser finds them; undefined: it becomes no head. */
function readTwice(fields: Fields, hasBody: boolean): readonly (object | number)[] | undefined {
  const [known, parsed] = [new RequestHead(CAPACITY), new RequestHead(CAPACITY)]
  requests.begin(limits, known.fields)
  for (const [name, value] of fields) requests.onField(makeField(name, value))
  const built = requests.finish(hasBody, () => 'a key')
  if (built.kind !== 'head') return undefined
  const { bytes, start, end } = requests.settle()
  requests.keep()
  return [
    outcomeOf(known, () => known.settle(bytes, start, end, limits)),
    outcomeOf(parsed, () => parsed.parse(bytes, start, end, limits)),
  ]
}

const usual: Fields = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/a?b=c'],
  [':authority', 'a.test:80'],
]

const names = [
  'accept',
  'cookie',
  'content-length',
  'te',
  'x-forwarded-for',
  'x_forwarded_for',
  'host',
  'expect',
  'date',
  'x',
]
const line = fc.tuple(
  fc.oneof(fc.constantFrom(...names), fc.stringMatching(/^[a-z][a-z_-]{0,30}$/)),
  fc.oneof(
    fc.constantFrom('', '0', '5', 'trailers', 'a.test:80', 'x'.repeat(300)),
    fc.stringMatching(/^([!-~]([ -~]{0,40}[!-~])?)?$/),
  ),
)
/** Fewer than there may be: of two faults the parser tells the first, and of added lines their number is told first. */
const lines = fc.array(line, { maxLength: 7 })
const pseudo = fc.record({
  method: fc.constantFrom('GET', 'POST', 'OPTIONS', 'M'.repeat(60), 'a b', 'CONNECT'),
  path: fc.constantFrom('/', '*', '/x?y', '/ ', `/${'p'.repeat(250)}`),
  authority: fc.option(fc.constantFrom('a.test', '', '[::1]:8080', 'a b', 'a,b')),
  protocol: fc.option(fc.constantFrom('websocket', 'h2c'), { freq: 10 }),
})

describe('the lines of a head that are known', () => {
  test('are those that the parser finds, in requests of whatever fields', () => {
    let heads = 0
    const run = (fields: Fields, hasBody: boolean): void => {
      const both = readTwice(fields, hasBody)
      if (both === undefined) return
      heads += 1
      expect(both[0]).toEqual(both[1] as object)
    }
    fc.assert(
      fc.property(pseudo, lines, fc.boolean(), ({ method, path, authority, protocol }, own, hasBody) => {
        run([...usual, ...own], hasBody)
        const some: Fields = [
          [':method', method],
          [':scheme', 'http'],
          [':path', path],
          ...(authority === null ? [] : [[':authority', authority] as const]),
          ...(protocol === null ? [] : [[':protocol', protocol] as const]),
        ]
        run([...some, ...own], hasBody)
      }),
      { numRuns: 1000 },
    )
    expect(heads).toBeGreaterThan(500)
  })

  test('are those that the parser finds, in responses', () => {
    let heads = 0
    fc.assert(
      fc.property(lines, (own) => {
        const [known, parsed] = [new ResponseHead(CAPACITY), new ResponseHead(CAPACITY)]
        responses.begin(limits, known.fields)
        for (const [name, value] of [[':status', '200'] as const, ...own]) responses.onField(makeField(name, value))
        const built = responses.finish()
        if (built.kind !== 'head') return
        heads += 1
        const { bytes, start, end } = built
        expect(outcomeOf(known, () => known.settle(bytes, start, end))).toEqual(
          outcomeOf(parsed, () => parsed.parse(bytes, start, end, limits)),
        )
      }),
    )
    expect(heads).toBeGreaterThan(50)
  })

  test('move along when the head moves on to other memory', () => {
    const long: Fields = [...usual, ['x-long', 'v'.repeat(1500)], ['x-last', 'w']]
    // More than one slab of them.
    for (let count = 0; count < 50; count += 1) {
      const both = readTwice(long, false)
      expect(both?.[0]).toEqual(both?.[1] as object)
    }
  })

  test('may be as many as there is room for, and are refused beyond', () => {
    const many = (count: number): Fields => [
      ...usual,
      ...Array.from({ length: count }, (_, index) => [`x-${index}`, 'y'] as const),
    ]
    expect(readTwice(many(11), false)?.map((each) => typeof each)).toEqual(['object', 'object'])
    // With Host it is one too many.
    expect(readTwice(many(12), false)).toEqual([431, 431])
  })
})
