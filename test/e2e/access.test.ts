import { describe, expect, test } from 'bun:test'
import type { AccessPolicy } from '../../core/admission/policy.ts'
import { systemClock } from '../../core/clock.ts'
import { sqliteDatabase } from '../../core/clients/store-sqlite.ts'
import type { Config } from '../../core/config/config.ts'
import { Secret } from '../../core/secrets.ts'
import { addTo, startNode } from '../support/client-node.ts'
import { anyRequest, testPool } from '../support/edge.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, chunked, get, nextResponse, post, postChunks } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { type RawPeer, turnUntil } from '../support/raw-peer.ts'
import { type RigOptions, startRig } from '../support/rig.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** An edge whose only route has these rules. */
const withAccess = (access: AccessPolicy, config: Partial<Config> = {}, options: RigOptions = {}) =>
  startRig({
    answer: ok('hello'),
    ...options,
    config: { routes: [{ match: anyRequest, pool: 'web', priority: 5, access }], ...config },
  })

const addresses = { allow: undefined, deny: [], allowFile: undefined, denyFile: undefined }
const basic = (credentials: string): string => `Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`

describe('access by address', () => {
  test('refuses whoever may not come, counts it, and lets the connection live', async () => {
    await using rig = await withAccess({ addresses: { ...addresses, deny: ['127.0.0.0/8'] } })
    for (let count = 0; count < 2; count += 1) {
      const { status, body } = await ask(rig.client, get())
      expect([status, body]).toEqual([403, '403 Forbidden: requests from this address are not allowed here\n'])
    }
    expect(rig.edge.counters.refused.address).toBe(2)
    expect(rig.backend.requests).toHaveLength(0)
  })

  test('goes by whom a trusted proxy tells of, and another is in force at once', async () => {
    const access = { addresses: { ...addresses, allow: ['192.0.2.0/24'] } }
    await using rig = await withAccess(access, { trustedProxies: ['127.0.0.1'] })
    const from = async (address: string) => (await ask(rig.client, get('/', `X-Forwarded-For: ${address}\r\n`))).status
    expect([await from('192.0.2.1'), await from('192.0.3.1')]).toEqual([200, 403])
    const swapped = { addresses: { ...addresses, allow: ['192.0.3.0/24'] } }
    await rig.edge.apply({ routes: [{ match: anyRequest, pool: 'web', priority: 5, access: swapped }] })
    expect([await from('192.0.2.1'), await from('192.0.3.1')]).toEqual([403, 200])
  })
})

describe('access by method', () => {
  test('tells which there are', async () => {
    await using rig = await withAccess({ methods: ['GET', 'PUT'] })
    const refused = await ask(rig.client, post('abc'))
    expect([refused.status, valuesOf(refused, 'allow')]).toEqual([405, ['GET, PUT']])
    expect((await ask(await rig.connect(), get())).status).toBe(200)
    expect(rig.edge.counters.refused.method).toBe(1)
  })
})

describe('access by the size of a body', () => {
  test('refuses one by its length before any of it has come, and by what has come of chunks', async () => {
    await using rig = await withAccess({ maxBodyBytes: 5 })
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n')
    expect((await nextResponse(rig.client, 'POST')).status).toBe(413)
    const chunking = await rig.connect()
    chunking.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    chunking.send('3\r\nde')
    expect((await nextResponse(chunking, 'POST')).status).toBe(413)
    expect(rig.edge.counters.refused.body).toBe(2)
  })

  test('passes what is as long as it may be, while others are refused beside it', async () => {
    await using rig = await withAccess({ maxBodyBytes: 5 })
    const others = await Promise.all(Array.from({ length: 8 }, () => rig.connect()))
    for (const other of others) other.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`)
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n')
    for (const other of others) other.send('6\r\nabcdef\r\n')
    const refused = await Promise.all(others.map((other) => nextResponse(other, 'POST')))
    expect(refused.map(({ status }) => status)).toEqual(others.map(() => 413))
    rig.client.send(chunked(['cde']))
    expect((await nextResponse(rig.client, 'POST')).status).toBe(200)
    expect((await ask(rig.client, postChunks(['abcde']))).status).toBe(200)
    expect((await ask(rig.client, post('abcde'))).status).toBe(200)
    expect(rig.backend.requests.filter(({ body }) => body === 'abcde')).toHaveLength(3)
  })
})

describe('access by password', () => {
  test('asks for it, checks it in a thread, and passes it on unless it is to be hidden', async () => {
    const hash = await Bun.password.hash('s:cret', { algorithm: 'bcrypt', cost: 4 })
    const policy = { realm: 'staff', users: [{ name: 'ann', hash: new Secret(hash) }], usersFile: undefined }
    await using rig = await withAccess({ basic: { ...policy, hide: false } })
    const without = await ask(rig.client, get())
    expect([without.status, valuesOf(without, 'www-authenticate')]).toEqual([
      401,
      ['Basic realm="staff", charset="UTF-8"'],
    ])
    const statuses = []
    for (const credentials of ['ann:wrong', 'ann:s:cret', 'bob:s:cret', 'ann:s:cret'])
      statuses.push((await ask(rig.client, get('/', basic(credentials)))).status)
    expect(statuses).toEqual([401, 200, 401, 200])
    expect(rig.backend.requests.map((request) => valuesOf(request, 'authorization').length)).toEqual([1, 1])
    const access = { basic: { ...policy, hide: true } }
    await rig.edge.apply({ routes: [{ match: anyRequest, pool: 'web', priority: 5, access }] })
    expect((await ask(rig.client, get('/', basic('ann:s:cret')))).status).toBe(200)
    expect(valuesOf(rig.backend.requests.at(-1)!, 'authorization')).toEqual([])
    expect(rig.edge.counters.refused.credentials).toBe(3)
  })

  test('is given up when the client leaves, and bodies wait for it', async () => {
    const hash = await Bun.password.hash('secret', { algorithm: 'bcrypt', cost: 6 })
    const policy = { realm: 'a', users: [{ name: 'ann', hash: new Secret(hash) }], usersFile: undefined, hide: true }
    await using rig = await withAccess({ basic: policy })
    const leaver = await rig.connect()
    leaver.send(get('/', basic('ann:secret')))
    await turnUntil(() => rig.edge.counters.requests === 1, 'the request')
    leaver.reset()
    await turnUntil(() => rig.edge.counters.abandoned === 1, 'the end of the request')
    expect((await ask(rig.client, post('abc', '/', basic('ann:secret')))).status).toBe(200)
    expect(rig.backend.requests.map(({ body }) => body)).toEqual(['abc'])
  })
})

describe('access by key', () => {
  /** A database with one client, `acme`: where it is, and its key. */
  async function withClient() {
    const path = `${temporaryFolder()}/clients.sqlite`
    const node = await startNode(sqliteDatabase(path, systemClock))
    const { key } = await addTo(node.store, { id: 'acme', name: 'Acme' })
    return { key, clients: { store: { kind: 'sqlite', path } } as const }
  }

  test('tells the backend whose it is, and not the key itself', async () => {
    const access: AccessPolicy = { apiKey: { from: { kind: 'header', name: 'x-api-key' }, hide: true } }
    const { key, clients } = await withClient()
    await using rig = await withAccess(access, { clients })
    expect((await ask(rig.client, get('/', 'X-Api-Key: sek_bad\r\n'))).status).toBe(401)
    expect((await ask(rig.client, get('/', `X-Client-Id: root\r\nX-API-KEY: ${key}\r\n`))).status).toBe(200)
    const [request] = rig.backend.requests
    expect([valuesOf(request!, 'x-client-id'), valuesOf(request!, 'x-api-key')]).toEqual([['acme'], []])
    expect(rig.edge.counters.refused.key).toBe(1)
  })

  test('takes the same fields out of trailers, in each attempt', async () => {
    const apiKey = { from: { kind: 'header', name: 'x_api_key' }, hide: true } as const
    const { key, clients } = await withClient()
    await using dying = startRawBackend({ answer: ({ peer }) => peer.reset() })
    await using well = startRawBackend({ answer: answering(ok()) })
    await using rig = await withAccess({ apiKey }, { clients, pools: [testPool([dying.port, well.port])] })
    const forged = `X-Client-Id: evil\r\nX_CLIENT_ID: evil\r\nx_api_key: ${key}\r\nX-Api-Key: ${key}\r\n`
    const request = postChunks(['abc'], `x_api_key: ${key}\r\n`, `Digest: x\r\n${forged}X-Client-Ids: 1\r\n`)
    expect((await ask(rig.client, request.replace('POST', 'PUT'))).status).toBe(200)
    for (const { requests } of [dying, well]) {
      expect(requests.map(({ rawBody }) => rawBody)).toEqual(['3\r\nabc\r\n0\r\nDigest: x\r\nX-Client-Ids: 1\r\n\r\n'])
      expect(valuesOf(requests[0]!, 'x-client-id')).toEqual(['acme'])
      expect(valuesOf(requests[0]!, 'x_api_key')).toEqual([])
    }
  })

  test('takes them out of trailers that come once the response has begun', async () => {
    const { key, clients } = await withClient()
    const access: AccessPolicy = { apiKey: { from: { kind: 'header', name: 'x-api-key' }, hide: true } }
    await using rig = await withAccess(access, { clients }, { answer: () => undefined })
    rig.client.send(postChunks(['abc'], `X-Api-Key: ${key}\r\n`).replace('0\r\n\r\n', ''))
    const peer = await rig.backend.connection(0)
    await turnUntil(() => peer.text.endsWith('abc\r\n'), 'the body')
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na')
    await turnUntil(() => rig.client.text.endsWith('\r\n\r\na'), 'the beginning of the response')
    rig.client.send('0\r\nX-Client-Id: evil\r\nDigest: x\r\n\r\n')
    await turnUntil(() => rig.backend.requests.length === 1, 'the end of the request')
    expect(rig.backend.requests[0]!.rawBody).toBe('3\r\nabc\r\n0\r\nDigest: x\r\n\r\n')
    peer.send('b')
    expect((await nextResponse(rig.client, 'POST')).body).toBe('ab')
  })

  test('takes it out of the query', async () => {
    const access: AccessPolicy = { apiKey: { from: { kind: 'query', name: 'key' }, hide: true } }
    const { key, clients } = await withClient()
    await using rig = await withAccess(access, { clients })
    expect((await ask(rig.client, get(`/a%20b?c=1&key=${key}&d`))).status).toBe(200)
    expect(rig.backend.requests[0]!.target).toBe('/a%20b?c=1&d')
  })

  test('has whoever comes wait while nobody knows the clients', async () => {
    await using rig = await withAccess({ apiKey: { from: { kind: 'header', name: 'x-api-key' }, hide: true } })
    const { status, ...response } = await ask(rig.client, get('/', 'X-Api-Key: sek_good\r\n'))
    expect([status, valuesOf(response as never, 'retry-after')]).toEqual([503, ['1']])
  })
})

describe('access by origin', () => {
  const policy: AccessPolicy = {
    cors: {
      origins: ['https://app.example'],
      methods: ['PUT'],
      fields: ['content-type'],
      expose: [],
      credentials: true,
      maxAgeMs: 60_000,
    },
    methods: ['GET', 'PUT'],
  }

  test('is answered beforehand, byte for byte', async () => {
    await using rig = await withAccess(policy)
    rig.client.send(
      'OPTIONS /a HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n',
    )
    await rig.client.expectBytes(
      'HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\nAccess-Control-Allow-Origin: https://app.example\r\n' +
        'Access-Control-Allow-Credentials: true\r\nVary: Origin\r\nAccess-Control-Allow-Methods: PUT\r\n' +
        'Access-Control-Allow-Headers: content-type\r\nAccess-Control-Max-Age: 60\r\n' +
        'Vary: Access-Control-Request-Method, Access-Control-Request-Headers\r\nDate: ',
    )
    await turnUntil(() => rig.client.rest.endsWith('\r\n\r\n'), 'the end of the head')
    expect(rig.edge.counters).toMatchObject({ refused: { cors: 0, method: 0 }, responses: { '2xx': 1 } })
    expect(rig.backend.requests).toHaveLength(0)
  })

  test('is told in responses in place of what the backend says', async () => {
    const answer = ok(
      'hello',
      'Access-Control-Allow-Origin: *\r\nVary: Accept\r\naccess-control-allow-methods: DELETE\r\n',
    )
    await using rig = await withAccess(policy, {}, { answer })
    const allowed = await ask(rig.client, get('/', 'Origin: https://app.example\r\n'))
    expect([
      allowed.status,
      valuesOf(allowed, 'access-control-allow-origin'),
      valuesOf(allowed, 'access-control-allow-methods'),
      valuesOf(allowed, 'vary'),
    ]).toEqual([200, ['https://app.example'], [], ['Accept', 'Origin']])
    const other = await ask(rig.client, get('/', 'Origin: https://other.example\r\n'))
    expect([valuesOf(other, 'access-control-allow-origin'), valuesOf(other, 'vary')]).toEqual([
      [],
      ['Accept', 'Origin'],
    ])
    const refused = await ask(rig.client, 'DELETE / HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n\r\n')
    expect([refused.status, valuesOf(refused, 'access-control-allow-origin')]).toEqual([405, ['https://app.example']])
  })
})

/** All that a client hears before it is cut, which may be before it knows that it was connected. */
async function heardOf(connecting: Promise<RawPeer>): Promise<string> {
  const client = await connecting.catch(() => undefined)
  if (client !== undefined) await turnUntil(() => client.closing !== undefined, 'the end')
  return client?.text ?? ''
}

describe('a ban', () => {
  const ban = { after: 3, withinMs: 60_000, forMs: 600_000 }

  test('closes connections as they come, without a byte, and is over in time', async () => {
    await using rig = await withAccess({ methods: ['GET'] }, { ban })
    const refused = async () => (await ask(await rig.connect(), post(''))).status
    expect([await refused(), await refused(), (await ask(rig.client, get())).status, await refused()]).toEqual([
      405, 405, 200, 405,
    ])
    expect([await heardOf(rig.connect()), rig.edge.counters.connectionsBanned, rig.edge.counters.bans]).toEqual([
      '',
      1,
      1,
    ])
    // Who is connected is told.
    expect((await ask(rig.client, get())).status).toBe(403)
    expect(rig.edge.counters.refused).toMatchObject({ method: 3, ban: 1 })
    expect(rig.edge.events.filter(({ kind }) => kind === 'client-banned')).toEqual([
      { kind: 'client-banned', address: '127.0.0.1', forMs: 600_000 },
    ])
    rig.edge.clock.advance(ban.forMs)
    expect((await ask(await rig.connect(), get())).status).toBe(200)
  })

  test('is of the client that a trusted proxy tells of, and others go on through it', async () => {
    await using rig = await withAccess({ methods: ['GET'] }, { ban, trustedProxies: ['127.0.0.1'] })
    const from = async (address: string, request = 'GET') =>
      (await ask(rig.client, `${request} / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${address}\r\n\r\n`)).status
    for (let count = 0; count < 3; count += 1) expect(await from('192.0.2.1', 'PUT')).toBe(405)
    expect([await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([403, 200])
    for (let count = 0; count < 5; count += 1) expect((await ask(rig.client, post(''))).status).toBe(405)
    expect((await ask(await rig.connect(), get())).status).toBe(200)
  })
})
