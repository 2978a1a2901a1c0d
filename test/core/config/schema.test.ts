import Ajv2020 from 'ajv/dist/2020.js'
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { parse as parseJsonc } from 'jsonc-parser'
import { configSchema, membersSchema, renderSchema } from '../../../core/config/schema.ts'
import { configOf, problemsOf, withPool, withTop } from './read-config.ts'

const forEditors = ['allowComments', 'allowTrailingCommas']
const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
  keywords: forEditors,
})
const accepts = ajv.compile(configSchema)
const acceptsMembers = ajv.compile(membersSchema)
const projectFile = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')

describe('the schema', () => {
  test.each([
    withPool({}),
    withPool({ health: { path: '/health', expect: [200, '300-399'], interval: '${I:-5s}' } }),
    withPool({
      breaker: {},
      ejection: { successRate: false, failures: ['timeout', 503] },
      slowStart: { window: '5s' },
    }),
    withPool({ breaker: { errorRatio: false, failuresInRow: 3 }, maxEjected: 0, panicThreshold: 1 }),
    withPool({ backends: [{ url: 'http://a', tier: 1 }] }),
    withPool({ strategy: { use: 'p2c', options: [1] }, affinity: 'header:x-user' }),
    withPool({ affinity: ['cookie:a', 'client'], sticky: { cookie: { maxAge: '1h', sameSite: 'strict' } } }),
    withPool({ sticky: { learn: { header: 'x-s' }, ttl: '1m', size: '1MiB' } }),
    withPool({ strategy: '${S:-p2c}' }),
    withTop({ admin: false, listeners: { web: { address: '[::]:80' } } }),
    withTop({
      routes: [{ pool: 'web', match: { host: '*.example.com', path: '/v1/*', method: ['GET'], header: { a: '1' } } }],
    }),
    withTop({ geo: { table: [{ cidr: '10.0.0.0/8', place: { latitude: 1, longitude: 2 } }] } }),
    withTop({ clients: {} }),
    withTop({ clients: { store: './a b.sqlite' } }),
    withTop({ clients: { store: 'postgres://ann:s3cret@db:5433/clients?sslmode=require' } }),
  ])('accepts what is read: %j', (source) => {
    expect(problemsOf(source)).toEqual([])
    expect(accepts(source)).toBeTrue()
  })

  test.each([
    {},
    { pools: {} },
    withTop({ listners: {} }),
    withTop({ admin: true }),
    withTop({ clients: { store: '' } }),
    withTop({ clients: { store: 'mysql://ann@db/clients' } }),
    withTop({ clients: { store: 'postgres://db' } }),
    withTop({ clients: 'clients.sqlite' }),
    withTop({ timeouts: { head: 5 } }),
    withTop({ timeouts: { head: '5' } }),
    withTop({ routes: [{}] }),
    withTop({ listeners: { 'a/b': {} } }),
    withPool({ breaker: { errorRatio: true } }),
    withPool({ breaker: { errorRatio: 0 } }),
    withPool({ ejection: { successRate: { factor: 0 } } }),
    withPool({ slowStart: { windw: '1s' } }),
    withPool({ maxEjected: 2 }),
    withPool({ retry: { attempts: 11 } }),
    withPool({ retry: { attempts: 1.5 } }),
    withPool({ strategy: 'p3c' }),
    withPool({ health: { check: 'udp' } }),
    { pools: { web: {} } },
    { pools: { web: { backends: ['ftp://a'] } } },
    { pools: { web: { backends: [{ weight: 1 }] } } },
  ])('refuses what is refused: %j', (source) => {
    expect(problemsOf(source)).not.toEqual([])
    expect(accepts(source)).toBeFalse()
  })

  test('lets editors pass comments and trailing commas', () => {
    for (const schema of [configSchema, membersSchema])
      expect(schema).toMatchObject({ allowComments: true, allowTrailingCommas: true })
  })

  test('offers every name that may be chosen', () => {
    expect(configSchema.properties?.['pools']).toMatchObject({
      additionalProperties: {
        properties: { health: { properties: { check: { examples: ['http', 'tcp', 'grpc'] } } } },
      },
    })
  })

  test('describes every key', () => {
    const bare = [...namedKeys('', configSchema), ...namedKeys('', membersSchema)].filter(([, schema]) => {
      return !('description' in schema) || !('title' in schema)
    })
    expect(bare.map(([key]) => key)).toEqual([])
  })

  test('accepts its own examples and defaults', () => {
    for (const [key, schema] of namedKeys('', configSchema)) {
      const values = [...(Array.isArray(schema['examples']) ? schema['examples'] : []), schema['default']]
      const accepts = ajv.compile(schema)
      for (const value of values)
        if (value !== undefined) expect([key, value, accepts(value)]).toEqual([key, value, true])
    }
  })

  test('is rendered as JSON that ends its last line', () => {
    expect(JSON.parse(renderSchema(configSchema))).toEqual(JSON.parse(JSON.stringify(configSchema)))
    expect(renderSchema(configSchema)).toEndWith('}\n')
  })

  test('stands in the project as it is defined', () => {
    expect(JSON.parse(projectFile('smartedge.schema.json'))).toEqual(JSON.parse(renderSchema(configSchema)))
    expect(JSON.parse(projectFile('backends.schema.json'))).toEqual(JSON.parse(renderSchema(membersSchema)))
  })
})

describe('the demo', () => {
  test('is valid to the reader and to editors', () => {
    const text = projectFile('smartedge.config.json')
    const members = projectFile('backends.json')
    const config = configOf(text, { members: { '/app/backends.json': members } })
    expect(config.listeners.map((listener) => listener.address)).toEqual([
      { kind: 'tcp', host: '127.0.0.1', port: 8080 },
    ])
    expect(config.pools.flatMap((pool) => pool.members).length).toBeGreaterThanOrEqual(3)
    expect(accepts(parseJsonc(text))).toBeTrue()
    expect(acceptsMembers(JSON.parse(members))).toBeTrue()
  })
})

type Schema = Record<string, unknown>

/** Every key below a schema, alternatives included. */
function namedKeys(key: string, schema: object): [key: string, schema: Schema][] {
  const found: [string, Schema][] = []
  for (const [name, child] of Object.entries((schema as Schema)['properties'] ?? {})) {
    found.push([`${key}.${name}`, child as Schema], ...namedKeys(`${key}.${name}`, child as Schema))
  }
  const {
    anyOf = [],
    items,
    additionalProperties,
  } = schema as { anyOf?: object[]; items?: object; additionalProperties?: object }
  for (const child of [...anyOf, items, additionalProperties]) if (child) found.push(...namedKeys(`${key}[]`, child))
  return found
}
