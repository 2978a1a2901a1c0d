import { describe, expect, test } from 'bun:test'
import { createAdminHandler } from '../../../core/admin/routes.ts'
import type { Config } from '../../../core/config/config.ts'
import { adminRequest } from '../../support/admin-request.ts'
import { fakeAdminSource } from '../../support/admin-source.ts'
import { controlledApi as start } from '../../support/controlled-api.ts'
import { fakeBackend } from '../../support/edge-view.ts'
import { makeMember } from '../../support/make-backend.ts'

const pool = '/api/pools/web'
const path = `${pool}/backends`
const detailOf = async (response: Response): Promise<string> => ((await response.json()) as { detail: string }).detail

describe('pools', () => {
  test('are listed with how many backends they have, and where they are found', async () => {
    const { ask } = await start()
    expect(await (await ask('GET', '/api/pools')).json()).toEqual({
      pools: [{ pool: 'web', strategy: 'expected-delay', backends: 2, usable: 1, path: pool }],
    })
  })

  test('tell their settings and members, each member by itself, too', async () => {
    const { ask } = await start()
    const response = await ask('GET', pool)
    const { backends, ...facts } = (await response.json()) as { backends: object[] }
    expect(facts).toMatchObject({
      pool: 'web',
      strategy: 'expected-delay',
      file: expect.stringContaining('m.json'),
      settings: { affinity: [{ kind: 'client' }], retry: { attempts: 2 }, timeouts: { connectMs: 2000 } },
    })
    const id = encodeURIComponent('unix:/run/b.sock')
    const one = await ask('GET', `${path}/${id}`)
    expect(await one.json()).toEqual({ pool: 'web', ...backends[1] })
    const list = await ask('GET', path)
    const tags = [response, one, list].map(({ headers }) => headers.get('etag'))
    expect(new Set(tags).size).toBe(1)
    expect(tags[0]).toMatch(/^"[0-9a-f]{16}"$/)
  })

  test('tell of a member what its weight comes to as the status does, in four digits', async () => {
    const config = { pools: [{ name: 'web', members: [makeMember(80, { weight: 2 })], strategy: {} }] }
    const handler = createAdminHandler({
      access: () => ({ kind: 'open' }),
      source: fakeAdminSource({
        config: () => config as unknown as Config,
        backends: () => [fakeBackend({ id: '127.0.0.1:80', weight: 2 / 3 })],
      }),
    })
    const response = await handler(adminRequest(`${path}/127.0.0.1:80`, { headers: { host: 'localhost' } }))
    expect(await response.json()).toMatchObject({ weight: 2, effectiveWeight: 0.6667 })
  })

  test('hide what strategies’ options call a secret', async () => {
    const strategy = { use: '/plugins/mine.ts', options: { apiToken: 'hunter2', depth: 3 } }
    const config = { pools: [{ name: 'web', members: [], membersFile: undefined, strategy }] } as unknown as Config
    const handler = createAdminHandler({
      access: () => ({ kind: 'open' }),
      source: fakeAdminSource({ config: () => config }),
    })
    const response = await handler(adminRequest(pool, { headers: { host: 'localhost' } }))
    expect(await response.json()).toMatchObject({
      settings: { strategy: { options: { apiToken: '***', depth: 3 } } },
    })
  })
})

describe('a tag', () => {
  test('that the client has makes a 304, for as long as what is configured stays', async () => {
    const { ask } = await start()
    const etag = (await ask('GET', path)).headers.get('etag') ?? ''
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
      for (const [method, url] of [
        ['GET', path],
        ['HEAD', path],
        ['GET', pool],
        ['GET', `${path}/a:80`],
      ] as const) {
        const response = await ask(method, url, undefined, { 'if-none-match': known })
        expect([known, method, url, response.status, response.headers.get('etag'), await response.text()]).toEqual([
          known,
          method,
          url,
          304,
          etag,
          '',
        ])
      }
    for (const other of ['"other"', etag.slice(1, -1), ''])
      expect((await ask('GET', path, undefined, { 'if-none-match': other })).status).toBe(200)
    await ask('PATCH', `${path}/a:80`, { weight: 2 })
    expect((await ask('GET', path, undefined, { 'if-none-match': etag })).status).toBe(200)
  })

  test('makes no 304 of what is no success, or has none', async () => {
    const { ask } = await start()
    const any = { 'if-none-match': '*' }
    expect((await ask('GET', `${path}/nope`, undefined, any)).status).toBe(404)
    expect((await ask('GET', '/api/status', undefined, any)).status).toBe(200)
    expect((await ask('PATCH', `${path}/a:80`, { weight: 2 }, any)).status).toBe(200)
  })
})

describe('a backend', () => {
  test('that is added says where it is found', async () => {
    const { ask } = await start()
    for (const [body, id] of [
      ['"http://[2001:DB8::1]:8080"', '[2001:db8::1]:8080'],
      [{ url: 'unix:/run/c.sock' }, 'unix:/run/c.sock'],
      ['"http://C"', 'c:80'],
    ] as const) {
      const added = await ask('POST', path, body)
      const location = added.headers.get('location') ?? ''
      expect([added.status, location]).toEqual([201, `${path}/${encodeURIComponent(id)}`])
      expect(await (await ask('GET', location)).json()).toMatchObject({ pool: 'web', id })
    }
  })

  test('that is there already is a conflict that names it, however it is written', async () => {
    const { ask, edge, read } = await start()
    const before = read('m.json')
    for (const body of ['"http://a"', '"http://A:80/"', { url: 'http://a', weight: 3 }]) {
      const response = await ask('POST', path, body)
      expect([response.status, await detailOf(response)]).toEqual([409, 'a:80 is already in web.'])
    }
    expect([edge.inForce.length, read('m.json')]).toEqual([1, before])
  })

  test('bounds the requests of a backend, and takes the bound away', async () => {
    const { ask, read } = await start()
    const bounded = async (maxInflight: unknown) => {
      const { status } = await ask('PATCH', `${path}/a:80`, { maxInflight })
      const told = (await (await ask('GET', `${path}/a:80`)).json()) as { maxInflight: unknown }
      return [status, told.maxInflight, read('m.json').includes('maxInflight')]
    }
    expect(await bounded(20)).toEqual([200, 20, true])
    expect(await bounded(0)).toEqual([422, 20, true])
    expect(await bounded(null)).toEqual([200, null, false])
  })

  test('drains by the key that the file has for it', async () => {
    const { ask, members, read } = await start()
    expect((await ask('PATCH', `${path}/a:80`, { drain: true, weight: 2 })).status).toBe(200)
    expect([members('web')['a:80'], read('m.json')]).toEqual([-2, expect.stringContaining('"drain": true')])
    expect((await ask('PATCH', `${path}/a:80`, { drain: false })).status).toBe(200)
    expect(members('web')['a:80']).toBe(2)
    expect((await ask('PATCH', `${path}/a:80`, { drain: true, state: 'draining' })).status).toBe(200)
    const unclear = await ask('PATCH', `${path}/a:80`, { drain: true, state: 'active' })
    expect([unclear.status, await detailOf(unclear)]).toEqual([
      422,
      '"state": "active" and "drain": true contradict each other; send one of them.',
    ])
    expect(members('web')['a:80']).toBe(-2)
  })
})

describe('what is not there', () => {
  test.each([
    ['GET', '/api/pools/wbe', 'There is no pool wbe; did you mean "web"?'],
    ['GET', '/api/pools/other', 'There is no pool other; there are: web.'],
    ['PATCH', '/api/pools/wbe', 'There is no pool wbe; did you mean "web"?'],
    ['GET', `${path}/a:8`, 'The pool web has no backend a:8; did you mean "a:80"?'],
    [
      'DELETE',
      `${path}/http%3A%2F%2Fa%3A80`,
      'The pool web has no backend http://a:80; there are: a:80, unix:/run/b.sock.',
    ],
    ['PATCH', `${path}/nope`, 'The pool web has no backend nope; there are: a:80, unix:/run/b.sock.'],
    ['POST', `${path}/nope/check`, 'The pool web has no backend nope; there are: a:80, unix:/run/b.sock.'],
    ['POST', '/api/pools/wbe/backends/a:80/check', 'There is no pool wbe; did you mean "web"?'],
  ])('is told with what may have been meant: %s %s', async (method, url, detail) => {
    const { ask } = await start()
    const body = method !== 'PATCH' ? undefined : url.includes('backends') ? { weight: 2 } : { strategy: 'random' }
    const response = await ask(method, url, body)
    expect([response.status, await detailOf(response)]).toEqual([404, detail])
  })

  test('is told shortly, however long its name and however many there are', async () => {
    const pools = Array.from({ length: 5000 }, (_, at) => ({ name: `pool-${at}`, members: [] }))
    const handler = createAdminHandler({
      access: () => ({ kind: 'open' }),
      source: fakeAdminSource({ config: () => ({ pools }) as unknown as Config }),
    })
    const response = await handler(adminRequest(`/api/pools/${'x'.repeat(9000)}`, { headers: { host: 'localhost' } }))
    const detail = await detailOf(response)
    expect(detail).toEndWith(
      '… there are: pool-0, pool-1, pool-2, pool-3, pool-4, pool-5, pool-6, pool-7 and 4992 more.'.slice(2),
    )
    expect(detail.length).toBeLessThan(300)
  })
})

describe('who asked', () => {
  test.each([
    ['smartedge/0.1.0', 'cli'],
    ['smartedge/0.1.0 (top)', 'top'],
    ['smartedge/0.1.0 (admin)', 'cli'],
    ['Smartedge/0.1.0 (top)', 'api'],
    ['curl/8.0 smartedge/0.1.0 (top)', 'api'],
    ['', 'api'],
  ])('by the agent %j is logged as %s', async (agent, name) => {
    const { askAs, events } = await start()
    await askAs({ 'user-agent': agent }, 'PATCH', `${path}/a:80`, { weight: 2 })
    expect(events.filter(({ kind }) => kind === 'audit')).toMatchObject([{ from: `${name} from 127.0.0.1` }])
  })
})
