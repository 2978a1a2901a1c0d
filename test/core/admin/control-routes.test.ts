import { describe, expect, test } from 'bun:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { configSchema } from '../../../core/config/schema.ts'
import { controlledApi as start, files } from '../../support/controlled-api.ts'
import { fail } from '../../support/fail.ts'

const path = '/api/pools/web/backends'

describe('the members of a pool', () => {
  test('are listed with what is configured and how they are', async () => {
    const { ask } = await start()
    const response = await ask('GET', path)
    expect(response.headers.get('etag')).toMatch(/^"[0-9a-f]{16}"$/)
    expect(await response.json()).toMatchObject({
      pool: 'web',
      strategy: 'expected-delay',
      backends: [
        { id: 'a:80', url: 'http://a:80', weight: 1, zone: null, state: 'active', health: null, inflight: 0 },
        { id: 'unix:/run/b.sock', url: 'unix:/run/b.sock', zone: 'eu' },
      ],
    })
    expect((await ask('GET', '/api/pools/nope/backends')).status).toBe(404)
  })

  test('can be added, changed and removed', async () => {
    const { ask, members } = await start()
    const added = await ask('POST', path, { url: 'http://c', weight: 2 })
    expect([added.status, await added.json()]).toMatchObject([201, { file: 'm.json', generation: { number: 2 } }])
    expect((await ask('POST', path, '"http://d"')).status).toBe(201)
    const changed = await ask('PATCH', `${path}/c:80`, { weight: 3, state: 'draining' })
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, (await ask('GET', path)).headers.get('etag')])
    expect((await ask('DELETE', `${path}/${encodeURIComponent('unix:/run/b.sock')}`)).status).toBe(200)
    expect(members('web')).toEqual({ 'a:80': 1, 'c:80': -3, 'd:80': 1 })
    expect((await ask('PATCH', `${path}/c:80`, { state: 'active' })).status).toBe(200)
    expect(members('web')['c:80']).toBe(3)
  })

  test('are changed only as they were seen, when If-Match says so', async () => {
    const { ask } = await start()
    const etag = (await ask('GET', path)).headers.get('etag') ?? ''
    const weigh = (match: string) => ask('PATCH', `${path}/a:80`, { weight: 2 }, { 'if-match': match })
    expect((await weigh('"other"')).status).toBe(412)
    expect((await weigh(`W/${etag}`)).status).toBe(412)
    expect((await weigh('')).status).toBe(412)
    expect((await weigh(`"other", ${etag}`)).status).toBe(200)
    const stale = await weigh(etag)
    expect([stale.status, stale.headers.get('etag')]).toEqual([412, (await ask('GET', path)).headers.get('etag')])
    expect((await weigh('*')).status).toBe(200)
  })

  test('are checked at once on demand', async () => {
    const { ask } = await start()
    const check = async (id: string) => (await ask('POST', `${path}/${id}/check`)).status
    expect([await check('a:80'), await check('c:80'), await check('unix:%2Frun%2Fb.sock')]).toEqual([202, 404, 409])
  })

  test('go with another strategy', async () => {
    const { ask, edge } = await start()
    expect((await ask('PATCH', '/api/pools/web', { strategy: 'random' })).status).toBe(200)
    expect(edge.config.pools[0]?.strategy.use).toBe('random')
    expect((await ask('PATCH', '/api/pools/web', { strategy: 'best' })).status).toBe(422)
  })

  test('are told where in its own file a strategy is at fault, and no place in a text that is nowhere', async () => {
    const { ask, edge } = await start()
    const problemsAfter = async (message: string) => {
      edge.refuses = (config) =>
        config.pools[0]?.strategy.use === 'random' ? [{ key: 'pools.web.strategy', message }] : []
      const response = await ask('PATCH', '/api/pools/web', { strategy: 'random' })
      return [response.status, ((await response.json()) as { problems: unknown }).problems]
    }
    const key = 'pools.web.strategy'
    expect(await problemsAfter('/app/mine.ts:4:3: Unexpected }')).toEqual([
      422,
      [{ file: '/app/mine.ts', line: 4, column: 3, key, rule: 'cannot be used: Unexpected }' }],
    ])
    expect(await problemsAfter('cannot be loaded')).toEqual([422, [{ key, rule: 'cannot be loaded' }]])
  })
})

describe('a bad request', () => {
  test.each<[number, string, string, unknown]>([
    [422, 'PATCH', `${path}/a:80`, { weight: 0 }],
    [422, 'PATCH', `${path}/a:80`, { weight: -1 }],
    [422, 'PATCH', `${path}/a:80`, { weight: 1e9 }],
    [422, 'PATCH', `${path}/a:80`, { weight: '1' }],
    [422, 'PATCH', `${path}/a:80`, { weight: null }],
    [400, 'PATCH', `${path}/a:80`, '{ "weight": NaN }'],
    [422, 'PATCH', `${path}/a:80`, { state: 'gone' }],
    [422, 'PATCH', `${path}/a:80`, { state: true }],
    [422, 'PATCH', `${path}/a:80`, {}],
    [422, 'PATCH', `${path}/a:80`, { weight: 1, wait: 2 }],
    [400, 'PATCH', `${path}/a:80`, '{ "weight": 1, "weight": 2 }'],
    [400, 'PATCH', `${path}/a:80`, '{ "__proto__": 1 }'],
    [422, 'PATCH', `${path}/a:80`, []],
    [422, 'PATCH', `${path}/a:80`, 'null'],
    [422, 'PATCH', `${path}/a:80`, '"x"'],
    [400, 'PATCH', `${path}/a:80`, ''],
    [400, 'POST', path, '{ "url": "http://c", "place": { "__proto__": {} } }'],
    [400, 'PATCH', '/api/pools/web', `{ "strategy": { "use": "p2c", "options": ${'['.repeat(70)}${']'.repeat(70)} } }`],
    [422, 'PATCH', '/api/pools/web', {}],
    [422, 'PATCH', '/api/pools/web', { strategy: 'p2c', affinity: 'path' }],
    [422, 'POST', path, { url: 'http://c', place: { latitude: 1 } }],
    [422, 'POST', path, { url: 'http://c:99999' }],
    [422, 'POST', path, '"${HOME}"'],
    [400, 'PATCH', `${path}/a:80`, '{ "weight": 2, }'],
    [400, 'PATCH', `${path}/a:80`, '{ "weight": 2'],
    [400, 'PATCH', `${path}/a:80`, '\0'],
    [400, 'POST', path, '['.repeat(30_000)],
    [413, 'POST', path, JSON.stringify('x'.repeat(70_000))],
    [409, 'POST', path, '"http://a"'],
    [409, 'POST', path, { url: 'http://A:80/', weight: 2 }],
    [422, 'PATCH', `${path}/a:80`, { state: 'active', drain: true }],
    [422, 'PATCH', `${path}/a:80`, { drain: 'yes' }],
    [422, 'POST', path, '"ftp://c"'],
    [422, 'POST', path, '5'],
    [422, 'POST', path, '{}'],
    [422, 'POST', path, { url: 'http://c', colour: 'red' }],
    [404, 'POST', '/api/pools/nope/backends', '"http://c"'],
    [404, 'POST', '/api/pools/%zz/backends', '"http://c"'],
    [404, 'POST', '/api/pools//backends', '"http://c"'],
    [404, 'PATCH', `${path}/c:80`, { weight: 2 }],
    [404, 'PATCH', `${path}/..%2F..%2Fx`, { weight: 2 }],
    [404, 'DELETE', `${path}/${'x'.repeat(9000)}`, undefined],
    [405, 'PUT', path, '[]'],
    [405, 'DELETE', '/api/reload', undefined],
    [422, 'PATCH', '/api/pools/web', { strategy: 5 }],
    [422, 'PATCH', '/api/pools/web', { strategy: { use: 'p2c', option: 1 } }],
    [404, 'PATCH', '/api/pools/nope', { strategy: 'p2c' }],
    [422, 'POST', '/api/config/plan', '{ "pools": 5 }'],
    [422, 'POST', '/api/config/plan', 'nonsense'],
  ])('gets a %d: %s %s %j', async (status, method, url, body) => {
    const { ask, edge, read } = await start()
    const response = await ask(method, url, body)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect([edge.inForce.length, read('m.json')]).toEqual([1, files['m.json']])
  })

  test('is told which key, which rule and which value', async () => {
    const { ask } = await start()
    const response = await ask('PATCH', `${path}/a:80`, { weight: 0 })
    expect(await response.json()).toMatchObject({
      title: 'Unprocessable Content',
      detail: 'weight must be a number from 0.001 to 1000, got 0.',
      problems: [{ key: 'weight', rule: 'must be a number from 0.001 to 1000', value: '0' }],
    })
  })

  test('is told everything at once, before any file is looked at', async () => {
    const { ask, write } = await start()
    write('m.json', 'broken')
    const response = await ask('POST', path, { weigth: 2, weight: '2' })
    expect([response.status, await response.json()]).toMatchObject([
      422,
      {
        detail: 'url is required. weigth is not a known key. weight must be a number from 0.001 to 1000, got "2".',
        problems: [
          { key: 'url', rule: 'is required' },
          { key: 'weigth', rule: 'is not a known key', hint: 'did you mean "weight"?' },
          { key: 'weight', rule: 'must be a number from 0.001 to 1000', value: '"2"' },
        ],
      },
    ])
    expect(await (await ask('PATCH', `${path}/a:80`, [])).json()).toMatchObject({
      detail: 'The body must be an object with the keys weight, maxInflight, state, drain, got a list.',
    })
  })

  test.each(['', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx'])(
    'of the type %j is not read',
    async (type) => {
      const { ask, edge } = await start()
      const headers = { 'content-type': type }
      expect((await ask('POST', path, '"http://c"', headers)).status).toBe(415)
      expect((await ask('POST', '/api/reload', '{}', headers)).status).toBe(415)
      expect(edge.inForce.length).toBe(1)
    },
  )

  test('while the file has problems is a conflict that shows them', async () => {
    const { ask, write } = await start()
    write('m.json', '{ "backends": [5] }')
    const response = await ask('DELETE', `${path}/a:80`)
    expect([response.status, await response.json()]).toMatchObject([
      409,
      { problems: [{ file: 'm.json', line: 1, column: 16, key: 'backends[0]' }] },
    ])
  })
})

describe('a request without a type', () => {
  test('needs none when it has no body, and is taken for JSON when it has', async () => {
    const { askAs, members } = await start()
    const statuses: number[] = []
    for (const [method, url, body] of [
      ['POST', '/api/reload'],
      ['POST', '/api/config/plan'],
      ['POST', `${path}/a:80/check`],
      ['POST', path, '"http://c"'],
      ['PATCH', `${path}/c:80`, '{ "weight": 2 }'],
      ['POST', '/api/rollback'],
    ] as const)
      statuses.push((await askAs({}, method, url, body)).status)
    expect(statuses).toEqual([200, 200, 202, 201, 200, 200])
    expect(members('web')).toMatchObject({ 'c:80': 1 })
  })
})

describe('reload, rollback and plan', () => {
  test('answer with the generation and what changed', async () => {
    const { ask, write } = await start()
    write('m.json', '{ "backends": ["http://a"] }')
    const plan = await (await ask('POST', '/api/config/plan')).json()
    expect(plan).toMatchObject({ changes: [{ text: 'backend unix:/run/b.sock removed' }] })
    const reloaded = await (await ask('POST', '/api/reload', undefined, { 'user-agent': 'smartedge/1' })).json()
    expect(reloaded).toMatchObject({ kind: 'applied', generation: { number: 2, origin: 'cli from 127.0.0.1' } })
    const backPlan = await (await ask('POST', '/api/rollback/plan')).json()
    expect(backPlan).toMatchObject({
      changes: [{ kind: 'backend-added', text: 'backend unix:/run/b.sock added', backend: 'unix:/run/b.sock' }],
    })
    const back = await (await ask('POST', '/api/rollback', '')).json()
    expect(back).toMatchObject({ kind: 'applied', generation: { number: 3, origin: 'api from 127.0.0.1' } })
    for (const path of ['/api/rollback', '/api/rollback/plan']) {
      const response = await ask('POST', path)
      expect([response.status, await response.json()]).toMatchObject([
        409,
        { detail: 'There is no earlier generation to go back to.' },
      ])
    }
  })

  test('refuse with every problem and its place', async () => {
    const { ask, write } = await start()
    write('edge.json', '{ "pools": { "web": { "backends": [] } }, "colour": 1 }')
    const response = await ask('POST', '/api/reload')
    expect([response.status, await response.json()]).toMatchObject([
      422,
      { problems: [{ file: 'edge.json', line: 1, column: 43, key: 'colour', rule: 'is not a known key' }] },
    ])
  })

  test('plan a text that may hold comments', async () => {
    const { ask } = await start()
    const text = '{ "pools": { "web": { "backends": ["http://a"] /* fewer */ } } }'
    expect((await ask('POST', '/api/config/plan', text)).status).toBe(200)
  })

  test('are not to be had without a configuration file', async () => {
    const handler = createAdminHandler({ access: () => ({ kind: 'open' }), source: fakeAdminSource() })
    const request = adminRequest('/api/reload', { method: 'POST', headers: { host: 'localhost' } })
    expect((await handler(request)).status).toBe(409)
  })
})

describe('the OpenAPI document', () => {
  const bodies: readonly (readonly [method: string, path: string, url: string, bodies: readonly unknown[]])[] = [
    [
      'post',
      '/api/pools/{pool}/backends',
      path,
      [
        'http://c',
        'unix:/run/c.sock',
        'https://c',
        '${C}',
        '',
        5,
        null,
        [],
        {},
        { url: 'http://c', weight: 2, zone: 'eu', place: { latitude: 90, longitude: -180 }, drain: false },
        { url: 'http://c', weight: 0 },
        { url: 'http://c', zone: 'x'.repeat(65) },
        { url: 'http://c', place: { latitude: 90.1, longitude: 0 } },
        { url: 'http://c', place: null },
        { url: 'http://c', state: 'active' },
        { url: 5 },
      ],
    ],
    [
      'patch',
      '/api/pools/{pool}/backends/{id}',
      `${path}/a:80`,
      [
        { weight: 0.001 },
        { weight: 1001 },
        { weight: true },
        { state: 'active' },
        { state: 'down' },
        {},
        [],
        null,
        'x',
      ],
    ],
    [
      'patch',
      '/api/pools/{pool}',
      '/api/pools/web',
      [
        { strategy: 'random' },
        { strategy: { use: 'p2c' } },
        { strategy: { options: 1 } },
        { strategy: 'p2c', weight: 1 },
        { strategy: 'best' },
        { strategy: '${S}' },
        { strategy: null },
        {},
        'random',
        [],
      ],
    ],
  ]

  test.each(bodies)('describes what %s %s takes and refuses', async (method, template, url, bodies) => {
    const { requestBody } = (await openApi()).paths[template]?.[method] ?? fail('no such operation')
    const accepts = new Ajv2020({ strictTypes: false }).compile(requestBody.content['application/json'].schema)
    expect(requestBody.required).toBeTrue()
    for (const body of bodies) {
      const { ask } = await start()
      const response = await ask(method.toUpperCase(), url, JSON.stringify(body))
      expect([body, response.status < 300]).toEqual([body, accepts(body)])
    }
  })

  test('describes the text of a plan by the schema of the config file', async () => {
    const { requestBody } = (await openApi()).paths['/api/config/plan']?.['post'] ?? fail('no such operation')
    expect(requestBody.required).toBeFalse()
    expect(requestBody.content['application/json'].schema).toEqual(JSON.parse(JSON.stringify(configSchema)))
  })
})

interface OpenApi {
  readonly paths: Record<string, Record<string, { requestBody: RequestBody }>>
}

interface RequestBody {
  readonly required: boolean
  readonly content: { readonly 'application/json': { readonly schema: object } }
}

async function openApi(): Promise<OpenApi> {
  const handler = createAdminHandler({ access: () => ({ kind: 'open' }), source: fakeAdminSource() })
  const response = await handler(adminRequest('/openapi.json', { headers: { host: 'localhost' } }))
  return (await response.json()) as OpenApi
}
