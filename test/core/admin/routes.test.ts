import { describe, expect, test } from 'bun:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Config } from '../../../core/config/config.ts'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import { statusSchema } from '../../../core/admin/status-schema.ts'
import { buildSnapshot } from '../../../core/report/snapshot.ts'
import { VERSION } from '../../../core/version.ts'
import { clientsApi } from '../../support/clients-api.ts'
import { adminRequest, type AdminRequestOptions } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { downStanding, fakeBackend, fakeEdge, fakeProcess } from '../../support/edge-view.ts'
import { fail } from '../../support/fail.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const ask = (path: string, init: AdminRequestOptions = {}, options: Parameters<typeof fakeAdminSource>[0] = {}) =>
  createAdminHandler({ access: () => ({ kind: 'open' }), source: fakeAdminSource(options) })(
    adminRequest(path, { headers: { host: 'localhost:9900' }, ...init }),
  )

const statuses = async (paths: readonly string[]): Promise<number[]> =>
  (await Promise.all(paths.map((path) => ask(path)))).map(({ status }) => status)

describe('admin routes', () => {
  test('answer health even while nothing else works', async () => {
    const broken = () => {
      throw new Error('boom')
    }
    const response = await ask('/health', {}, { status: broken, ready: broken })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'ok' })
  })

  test('of a pool and of all of them tell whom they take requests for', async () => {
    const [web, { id }] = ['/api/pools/web', fakeBackend()]
    const members = [{ id, address: { kind: 'tcp', host: '10.0.0.1', port: 80 }, weight: 1, isDraining: false }]
    const config = { pools: [{ name: 'web', members, strategy: { use: 'p2c' } }] } as unknown as Config
    // Percentiles of thousands of backends would hold up traffic, and are not asked for.
    const source = { config: () => config, status: () => fail('the whole status was asked for') }
    const tell = async (path: string) => (await ask(path, {}, source)).json()
    expect(await tell('/api/pools')).toMatchObject({ pools: [{ pool: 'web', backends: 1, usable: 1 }] })
    expect(await tell(web)).toMatchObject({ backends: [{ id, health: 'healthy', inflight: 0 }] })
    expect(await tell(`${web}/backends/${id}`)).toMatchObject({ id, health: 'healthy' })
    expect(await tell('/')).toMatchObject({ version: VERSION })
    expect(await tell('/openapi.json')).toMatchObject({ info: { version: VERSION } })
  })

  test('say ready, or why not', async () => {
    expect((await ask('/ready')).status).toBe(200)
    const response = await ask('/ready', {}, { ready: () => ({ kind: 'not-ready', reason: 'draining' }) })
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ status: 503, detail: 'draining' })
  })

  test('give the status as the source has it', async () => {
    const snapshot = await (await ask('/api/status')).json()
    expect(snapshot).toMatchObject({ version: '1.2.3', pools: [{ backends: [{ id: '10.0.0.1:80' }] }] })
  })

  test('give metrics in the type that Prometheus asks for', async () => {
    const response = await ask('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toBe('metric 1\nmetric 2\n')
  })

  test('give the configuration without its secrets', async () => {
    const text = await (await ask('/api/config')).text()
    expect(text).not.toContain('hunter2')
    expect(JSON.parse(text)).toMatchObject({ admin: { token: '***' }, shutdownTimeoutMs: 30_000 })
  })

  test('ignore the query and refuse what only resembles a path', async () => {
    expect((await ask('/health?x=/nope')).status).toBe(200)
    const paths = ['/Health', '/health/', '/api/', '//health', '/__proto__', '/constructor', `/${'a'.repeat(9000)}`]
    expect(await statuses(paths)).toEqual(paths.map(() => 404))
  })

  test('say at the bare address what there is to ask for', async () => {
    const { name, version, ...links } = (await (await ask('/')).json()) as Record<string, string>
    expect([name, version]).toEqual(['SmartEdge admin API', VERSION])
    expect(links).toMatchObject({ status: '/api/status', explain: '/api/explain', bans: '/api/bans' })
    // Who has no clients, or wants no explanations, is told what to do to have some.
    const expected = Object.values(links).map((path) => (/clients|plans|explain/.test(path) ? 409 : 200))
    expect(await statuses(Object.values(links))).toEqual(expected)
  })

  test.each([
    ['/api/pool', 'did you mean /api/pools?'],
    ['/api/status/', 'did you mean /api/status?'],
    ['/healthz', 'did you mean /health?'],
    ['/status', 'did you mean /api/status?'],
    ['/pools', 'did you mean /api/pools?'],
    ['/api/pools/web/backend', 'did you mean /api/pools/web/backends?'],
    ['/api/pools/web/backends/a:80/chekc', 'did you mean /api/pools/web/backends/a:80/check?'],
    ['/api/pools/web/backends/a:80/drain', 'PATCH /api/pools/web/backends/a:80 with {"drain": true} does that.'],
    ['/api/pools/web/backends/a:80/remove', 'DELETE /api/pools/web/backends/a:80 does that.'],
  ])('say of %s: %s', async (path, hint) => {
    const response = await ask(path, { method: 'POST' })
    const { detail } = (await response.json()) as { detail: string }
    expect([response.status, detail]).toEqual([404, expect.stringContaining(`There is no ${path} here; ${hint}`)])
  })

  test('suggest nothing for what is like nothing, however long', async () => {
    for (const path of [
      '/wp-login.php',
      `/${'a/'.repeat(4000)}`,
      `/api/pools/${'x'.repeat(9000)}/backend`,
      '//',
      '/%',
    ]) {
      const { detail } = (await (await ask(path)).json()) as { detail: string }
      expect(detail.length).toBeLessThan(400)
      if (!path.includes('pools')) expect(detail).not.toContain('did you mean')
    }
  })

  test('take no inherited name for a verb', async () => {
    const paths = ['constructor', '__proto__', 'toString'].map((name) => `/api/pools/web/backends/a/${name}`)
    expect(await statuses(paths)).toEqual([404, 404, 404])
  })

  test('describe a refusal as problem details', async () => {
    const response = await ask('/nope')
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is no /nope here; GET / and /openapi.json list what is.',
    })
  })

  test('name the allowed methods when another is used', async () => {
    for (const method of ['POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'PURGE']) {
      const response = await ask('/api/status', { method })
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD'])
    }
  })

  test('answer HEAD as GET without the body', async () => {
    const response = await ask('/metrics', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toStartWith('text/plain')
    expect(response.headers.get('content-length')).toBe((await ask('/metrics')).headers.get('content-length'))
    expect(await response.text()).toBe('')
  })

  test('turn a fault of the source into a 500 that says what', async () => {
    const response = await ask('/api/status', {}, { status: () => JSON.parse('{') as never })
    expect(response.status).toBe(500)
    expect(await response.json()).toMatchObject({ title: 'Internal Server Error' })
  })

  test('forbid caches and foreign pages on every answer', async () => {
    for (const path of ['/health', '/nope', '/metrics']) {
      const { headers } = await ask(path)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})

describe('OpenAPI document', () => {
  test('lists every route that answers', async () => {
    const document = (await (await ask('/openapi.json')).json()) as { openapi: string; paths: Record<string, object> }
    expect(document.openapi).toBe('3.1.0')
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: path.replaceAll(/[{}]/g, '') })),
    )
    expect(operations).toContainEqual({ method: 'PATCH', path: '/api/pools/pool/backends/id' })
    const answers = await Promise.all(operations.map(({ method, path }) => ask(path, { method })))
    expect(answers.filter(({ status }) => status === 405)).toEqual([])
    const needsMore = /pool|reload$|rollback|plan|previews|clients|reference|address|explain|file|renew/
    const reads = operations.filter(({ path }) => !needsMore.test(path)).map(({ path }) => path)
    expect(reads).toContain('/api/status')
    expect(await statuses(reads)).toEqual(reads.map(() => 200))
  })

  test('tells of tags, of where a new thing is, and of who needs a token', async () => {
    const document = (await (await ask('/openapi.json')).json()) as {
      paths: Record<string, Record<string, { parameters: { name: string }[]; security: object[]; responses: object }>>
    }
    const told = (method: string, path: string) => {
      const { parameters, security, responses } = document.paths[path]?.[method] ?? fail(`no ${method} ${path}`)
      return [parameters.map(({ name }) => name), security, responses]
    }
    const members = '/api/pools/{pool}/backends'
    expect(told('get', members)).toMatchObject([['pool', 'If-None-Match'], [{ token: [] }, {}], { 304: {} }])
    expect(told('post', members)).toMatchObject([
      ['pool', 'If-Match'],
      [{ token: [] }],
      { 201: { headers: { Location: {} } } },
    ])
    expect(told('patch', '/api/pools/{pool}')).toMatchObject([['pool', 'If-Match'], [{ token: [] }], { 200: {} }])
    expect([told('get', '/health')[1], told('post', '/api/reload')[1]]).toEqual([[], [{ token: [] }, {}]])
  })

  test('tells of what may stand behind the question mark, what has to be matched, and in which group it is', async () => {
    const { paths, tags } = (await (await ask('/openapi.json')).json()) as {
      paths: Record<string, Record<string, { parameters: object[]; tags: string[]; requestBody: { content: object } }>>
      tags: { name: string }[]
    }
    const told = (method: string, path: string) => paths[path]?.[method] ?? fail(`no ${method} ${path}`)
    const { parameters } = told('get', '/api/clients')
    expect(parameters).toContainEqual({
      name: 'limit',
      in: 'query',
      required: false,
      schema: expect.objectContaining({ type: 'integer', minimum: 1, maximum: 1000, default: 100 }),
    })
    for (const [method, required] of [
      ['patch', true],
      ['delete', true],
      ['get', false],
    ] as const)
      expect(told(method, '/api/clients/{id}').parameters).toContainEqual({
        name: method === 'get' ? 'If-None-Match' : 'If-Match',
        in: 'header',
        required,
        schema: { type: 'string' },
      })
    const { content } = told('post', '/api/clients/import').requestBody
    expect(Object.keys(content)).toEqual(['application/jsonl', 'application/x-ndjson'])
    const groups = Object.values(paths).flatMap((methods) => Object.values(methods).flatMap((one) => one.tags))
    expect(new Set(groups)).toEqual(new Set(tags.map(({ name }) => name)))
    expect(told('get', '/api/clients.jsonl').tags).toEqual(['clients'])
  })

  test('has schemas that clients and plans satisfy in full', async () => {
    const { ask: askFor } = await clientsApi()
    const { components, paths } = (await (await ask('/openapi.json')).json()) as {
      components: { schemas: Record<string, object> }
      paths: Record<
        string,
        Record<string, { responses: Record<string, { content: Record<string, { schema: { $ref?: string } }> }> }>
      >
    }
    const ajv = addFormats.default(new Ajv2020({ allErrors: true, strict: false }))
    const jsonl = { 'content-type': 'application/jsonl' }
    for (const [method, path, template, body, fields] of [
      ['PUT', '/api/plans/gold', '/api/plans/{name}', { rate: '5/s' }, {}],
      ['GET', '/api/plans/gold', '/api/plans/{name}', undefined, {}],
      ['GET', '/api/plans', '/api/plans', undefined, {}],
      [
        'POST',
        '/api/clients',
        '/api/clients',
        { id: 'a', name: 'A', plan: 'gold', validUntil: '2030-01-01T00:00:00Z' },
        {},
      ],
      ['POST', '/api/clients/import', '/api/clients/import', '{"name":"b"}', jsonl],
      ['GET', '/api/clients', '/api/clients', undefined, {}],
      ['GET', '/api/clients/a', '/api/clients/{id}', undefined, {}],
      ['PATCH', '/api/clients/a', '/api/clients/{id}', { burst: 5 }, { 'if-match': '*' }],
      ['POST', '/api/clients/a/key', '/api/clients/{id}/key', undefined, {}],
    ] as const) {
      const { responses } = paths[template]?.[method.toLowerCase()] ?? fail(`no ${method} ${template}`)
      const [said] = Object.values(responses)
      const name = said?.content['application/json']?.schema.$ref?.split('/').at(-1) ?? fail(`no schema of ${path}`)
      const validate = ajv.compile(closed(components.schemas[name]))
      validate(await (await askFor(method, path, body, fields)).json())
      expect([method, path, validate.errors]).toEqual([method, path, null])
    }
  })

  test('has a schema that a real snapshot satisfies in full', () => {
    const ajv = addFormats.default(new Ajv2020({ allErrors: true, strict: true }))
    const check = { at: 0, passed: false, elapsedMs: 1, detail: 'refused' }
    const limit = { name: 'rate', kind: 'rate', counters: { refused: 1, reported: 0 }, keys: 1, evicted: 0 } as const
    const limits = (['route', 'pool'] as const).map((kind) => ({ owner: { kind, name: 'a' }, ...limit }))
    const backends = [
      fakeBackend(),
      fakeBackend({ id: 'b:1', standing: downStanding('refused', { until: 5 }), lastCheck: check, zone: 'eu' }),
    ]
    const edge = fakeEdge(backends, { limits })
    const validate = ajv.compile(closed(statusSchema))
    validate(buildSnapshot(edge, fakeProcess, virtualClock()))
    expect(validate.errors).toBeNull()
  })
})

/** The same schema with additional properties forbidden, so that a field the schema lacks is seen too. */
function closed(schema: unknown): object {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema as never
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)])
  return Object.fromEntries('properties' in schema ? [...entries, ['additionalProperties', false]] : entries) as object
}
