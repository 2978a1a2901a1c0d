import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { loadConfig } from '../../../core/config/load.ts'
import { formatProblem } from '../../../core/config/problems.ts'
import { configSchema } from '../../../core/config/schema.ts'
import { parse } from './read-config.ts'

const runs = { seed: 20_261_121, numRuns: 400 }

/** Names that mean something to the reader, so that random trees get past the first level. */
const words = collectKeys(configSchema)
const key = fc.oneof(fc.constantFrom(...words, 'web', '__proto__', 'constructor'), fc.string({ maxLength: 8 }))
const leaf = fc.oneof(
  fc.constantFrom(
    '5s',
    '64KiB',
    'http://a',
    'http://a:80',
    'unix:/a',
    '10.0.0.0/8',
    '0.0.0.0:80',
    '${A}',
    '${A:-b}',
    '${',
    'p2c',
    './x',
    'web',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium' },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
  ),
}))

const outcomes = ['config', 'problems']

describe('parseConfig', () => {
  test('never throws and says something sayable, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(key, tree, { maxKeys: 8 }), (source) => {
        const parsed = parse(JSON.stringify(source), { env: { A: 'a' } })
        expect(outcomes).toContain(parsed.kind)
        if (parsed.kind !== 'problems') return
        expect(parsed.problems.length).toBeGreaterThan(0)
        // One line each, without control characters: names and values come from the file.
        for (const problem of parsed.problems)
          expect(formatProblem(problem)).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E]/u)
      }),
      runs,
    )
  })

  test('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(outcomes).toContain(parse(text).kind)
      }),
      runs,
    )
  })

  test('never throws on a valid config cut short or with a piece replaced', () => {
    const valid = JSON.stringify({
      listeners: { web: { address: '0.0.0.0:8080' } },
      admin: { address: '[::]:9900', token: '${A}' },
      geo: { table: [{ cidr: '10.0.0.0/8', place: { latitude: 1, longitude: 2 } }] },
      routes: [{ match: { host: '*.a', path: '/v1/*', method: ['GET'], header: { a: 'b' } }, pool: 'web' }],
      pools: {
        web: {
          backends: [{ url: 'http://a', weight: 2 }],
          health: { expect: ['200-299', 404] },
          strategy: { use: 'p2c' },
        },
      },
    })
    expect(parse(valid, { env: { A: 'a' } }).kind).toBe('config')
    fc.assert(
      fc.property(
        fc.nat(valid.length),
        fc.nat(20),
        fc.string({ unit: 'binary', maxLength: 4 }),
        (at, length, piece) => {
          const text = valid.slice(0, at) + piece + valid.slice(at + length)
          expect(outcomes).toContain(parse(text, { env: { A: 'a' } }).kind)
          expect(outcomes).toContain(parse(valid.slice(0, at)).kind)
        },
      ),
      runs,
    )
  })
})

describe('loadConfig', () => {
  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const loaded = loadConfig({ path: 'edge.json', cwd: '/app', env: {}, readFile: () => bytes })
        expect(outcomes).toContain(loaded.kind)
      }),
      runs,
    )
  })
})

function collectKeys(schema: object): string[] {
  return Object.entries(schema).flatMap(([name, child]: [string, unknown]) => {
    if (typeof child !== 'object' || child === null) return []
    return [...(name === 'properties' ? Object.keys(child) : []), ...collectKeys(child)]
  })
}
