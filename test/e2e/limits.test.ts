/** Limits at work: over real sockets, on a clock that stands still but for what a test lets pass. */
import { describe, expect, test } from 'bun:test'
import type { AccessPolicy } from '../../core/admission/policy.ts'
import { systemClock } from '../../core/clock.ts'
import { sqliteDatabase } from '../../core/clients/store-sqlite.ts'
import type { RouteConfig } from '../../core/config/config.ts'
import type { KeyPart, LimitPolicy } from '../../core/limits/policy.ts'
import { parseRate } from '../../core/rate.ts'
import { addTo, startNode, terms } from '../support/client-node.ts'
import { anyRequest, testPool } from '../support/edge.ts'
import { ok } from '../support/raw-backend.ts'
import { ask, get, nextResponse } from '../support/raw-client.ts'
import { type RawResponse, valuesOf } from '../support/raw-message.ts'
import { type RawPeer, turnUntil } from '../support/raw-peer.ts'
import { startRig, type Rig } from '../support/rig.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const common = { by: [{ kind: 'address' }] as readonly KeyPart[], report: false }
const rate = (text: string, burst: number, changes: Partial<LimitPolicy> = {}): LimitPolicy =>
  ({ kind: 'rate', name: 'rate', ...common, rate: parseRate(text)!, burst, ...changes }) as LimitPolicy
const inFlight = (most: number): LimitPolicy => ({ kind: 'in-flight', name: 'few', ...common, most })
const connections = (most: number): LimitPolicy => ({ kind: 'connections', name: 'open', ...common, most })

const route = (...limits: LimitPolicy[]): RouteConfig => ({ match: anyRequest, pool: 'web', priority: 5, limits })

const limited = (...limits: LimitPolicy[]) => ({ routes: [route(...limits)] })

/** Who says by a proxy that we trust who sends. */
const behindProxy = { trustedProxies: ['127.0.0.1'] }
const from = (address: string): string => get('/', `X-Forwarded-For: ${address}\r\n`)

const statusesOf = async (client: RawPeer, request: string, count: number): Promise<number[]> => {
  client.send(request.repeat(count))
  const statuses: number[] = []
  for (let index = 0; index < count; index += 1) statuses.push((await nextResponse(client)).status)
  return statuses
}

const passed = async (client: RawPeer, request: string, count: number): Promise<number> =>
  (await statusesOf(client, request, count)).filter((status) => status === 200).length

const limitsOf = ({ edge }: Rig) => edge.edge.status().limits

const fieldsOf = (response: RawResponse): readonly string[][] =>
  ['retry-after', 'ratelimit-policy', 'ratelimit'].map((name) => valuesOf(response, name))

describe('a rate limit', () => {
  test('lets its burst through and not one more, of 20,000 requests over 1,000 connections', async () => {
    const limits = {
      maxConnections: 2000,
      maxHeadBytes: 65_536,
      maxTargetBytes: 16_384,
      maxFields: 256,
      maxReplayBytes: 0,
    }
    await using rig = await startRig({ answer: ok(), config: { ...limited(rate('1/h', 500)), limits } })
    const clients = await Promise.all(Array.from({ length: 1000 }, () => rig.connect()))
    const counts = await Promise.all(clients.map((client) => passed(client, get(), 20)))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(500)
    expect(rig.backend.requests).toHaveLength(500)
    expect(rig.edge.counters.refused.rate).toBe(19_500)
    expect(limitsOf(rig)).toEqual([
      { route: '* to web', pool: null, name: 'rate', kind: 'rate', keys: 1, evicted: 0, refused: 19_500, reported: 0 },
    ])
  })

  test('holds a client that sends ten times as much to it over ten seconds, and costs others nothing', async () => {
    const config = { ...behindProxy, ...limited(rate('100/s', 10)) }
    await using rig = await startRig({ answer: ok(), config })
    const other = await rig.connect()
    let [flood, others] = [0, 0]
    for (let tick = 0; tick < 1000; tick += 1) {
      flood += await passed(rig.client, from('192.0.2.1'), 10)
      if (tick % 2 === 0) others += await passed(other, from('192.0.2.2'), 1)
      rig.edge.clock.advance(10)
    }
    expect(flood).toBeWithin(1000, 1020)
    expect(others).toBe(500)
  })

  test('tells each client how it stands with it, whoever answers', async () => {
    await using rig = await startRig({ answer: ok(), config: limited(rate('10/m', 2)) })
    const policy = ['"rate";q=2;w=12']
    expect(fieldsOf(await ask(rig.client, get()))).toEqual([[], policy, ['"rate";r=1;t=6']])
    await rig.edge.apply({ pools: [testPool([1], { retry: { ...testPool([]).retry, attempts: 1 } })] })
    const unanswered = await ask(rig.client, get())
    expect([unanswered.status, ...fieldsOf(unanswered)]).toEqual([502, [], policy, ['"rate";r=0;t=6']])
    const refused = await ask(rig.client, get('/', 'Accept: application/json\r\n'))
    expect([refused.status, ...fieldsOf(refused)]).toEqual([429, ['6'], policy, ['"rate";r=0;t=6']])
    expect(JSON.parse(refused.body)).toMatchObject({ detail: 'the limit "rate" is 10/m' })
    rig.edge.clock.advance(6000)
    expect((await ask(rig.client, get())).status).toBe(502)
  })

  test('is not got round by a forged X-Forwarded-For', async () => {
    await using rig = await startRig({ answer: ok(), config: limited(rate('1/h', 3)) })
    const requests = Array.from({ length: 20 }, (_, index) => from(`192.0.2.${index}`)).join('')
    expect(await passed(rig.client, from('192.0.2.1'), 3)).toBe(3)
    rig.client.send(requests)
    for (let index = 0; index < 20; index += 1) expect((await nextResponse(rig.client)).status).toBe(429)
  })

  test('holds whoever changes his address within a /64, or writes it otherwise', async () => {
    await using rig = await startRig({ answer: ok(), config: { ...behindProxy, ...limited(rate('1/h', 2)) } })
    const of = async (...addresses: string[]) => {
      const statuses: number[] = []
      for (const address of addresses) statuses.push((await ask(rig.client, from(address))).status)
      return statuses
    }
    expect(await of('2001:db8::1', '[2001:db8::ffff]:99', '2001:db8:0:0:1::')).toEqual([200, 200, 429])
    expect(await of('192.0.2.1', '::ffff:192.0.2.1', '1.1.1.1, 192.0.2.1')).toEqual([200, 200, 429])
  })

  test('counts by a field, of 10 KB too, and by address where there is none', async () => {
    const by: readonly KeyPart[] = [{ kind: 'header', name: 'x-key' }]
    await using rig = await startRig({ answer: ok(), config: limited(rate('1/h', 2, { by })) })
    const keys = ['a', 'b', 'k'.repeat(10_240), `${'k'.repeat(10_240)}!`]
    for (const key of keys) expect(await passed(rig.client, get('/', `X-Key: ${key}\r\n`), 5)).toBe(2)
    expect([await passed(rig.client, get(), 5), limitsOf(rig)[0]?.keys]).toEqual([2, 5])
  })

  test('that only reports refuses nobody', async () => {
    await using rig = await startRig({ answer: ok(), config: limited(rate('1/h', 2, { report: true })) })
    expect(await passed(rig.client, get(), 10)).toBe(10)
    expect(fieldsOf(await ask(rig.client, get()))).toEqual([[], [], []])
    expect([limitsOf(rig)[0]?.reported, rig.edge.counters.refused.rate]).toEqual([9, 0])
  })

  test('keeps its levels over a reload, whatever the rate becomes, and a route of another rule has its own', async () => {
    await using rig = await startRig({ answer: ok(), config: limited(rate('1/h', 5)) })
    expect(await passed(rig.client, get(), 9)).toBe(5)
    await rig.edge.apply(limited(rate('2/h', 7)))
    expect(fieldsOf(await ask(rig.client, get()))).toEqual([[], ['"rate";q=7;w=12600'], ['"rate";r=1;t=1800']])
    expect(await passed(rig.client, get(), 9)).toBe(1)
    rig.edge.clock.advance(3_600_000)
    const client = await rig.connect()
    expect(await passed(client, get(), 9)).toBe(2)
    const other = { ...route(rate('2/h', 7)), match: { ...anyRequest, path: '/*' } }
    await rig.edge.apply({ routes: [other] })
    expect(await passed(client, get(), 9)).toBe(7)
  })

  test('of a pool is shared by all of its routes', async () => {
    const routes = ['/a', '/b'].map((path) => ({ match: { ...anyRequest, path }, pool: 'web', priority: 5 }))
    await using rig = await startRig({ answer: ok(), config: { routes }, pool: { limits: [rate('1/h', 5)] } })
    expect([await passed(rig.client, get('/a'), 4), await passed(rig.client, get('/b'), 4)]).toEqual([4, 1])
    expect(limitsOf(rig)).toMatchObject([{ route: null, pool: 'web', refused: 3 }])
  })
})

describe('a limit by client', () => {
  const access: AccessPolicy = { apiKey: { from: { kind: 'header', name: 'x-api-key' }, hide: true } }
  const by: readonly KeyPart[] = [{ kind: 'client' }]

  test('holds each client to his own rate, his plan’s or the limit’s, wherever he comes from, and to another at once', async () => {
    const path = `${temporaryFolder()}/clients.sqlite`
    const { store } = await startNode(sqliteDatabase(path, systemClock))
    const hourly = { count: 1, perMs: 3_600_000 }
    await store.addPlan({ name: 'small', rate: hourly, burst: 3 }, terms)
    const drafts = [{ rate: hourly, burst: 8 }, { plan: 'small' }, {}]
    const keys: string[] = []
    for (const [index, draft] of drafts.entries())
      keys.push((await addTo(store, { id: `client-${index}`, name: 'somebody', ...draft })).key)
    const routes = [{ ...route(rate('1/h', 5, { by })), access }]
    const clients = { store: { kind: 'sqlite', path } } as const
    await using rig = await startRig({ answer: ok(), config: { ...behindProxy, clients, routes } })
    const of = (index: number, address = '192.0.2.1'): string =>
      get('/', `X-Api-Key: ${keys[index]}\r\nX-Forwarded-For: ${address}\r\n`)
    expect([await passed(rig.client, of(0), 20), await passed(rig.client, of(1), 20)]).toEqual([8, 3])
    expect([await passed(rig.client, of(2), 20), await passed(rig.client, of(2, '192.0.2.2'), 20)]).toEqual([5, 0])
    await store.set('client-0', { rate: { count: 1000, perMs: 1000 }, burst: 2000 }, terms)
    let status = 0
    for (let tries = 0; status !== 200 && tries < 1000; tries += 1) {
      rig.edge.clock.advance(10)
      status = (await ask(rig.client, of(0))).status
    }
    expect(status).toBe(200)
    expect(await passed(rig.client, of(1), 5)).toBe(0)
  })
})

describe('a limit of requests at once', () => {
  test('counts each until it is over, however it ends', async () => {
    await using rig = await startRig({ config: limited(inFlight(2)) })
    const [first, second, third] = [rig.client, await rig.connect(), await rig.connect()]
    first.send(get('/answered'))
    const answered = await rig.backend.next()
    second.send(get('/left'))
    const left = await rig.backend.next()
    const refused = await ask(third, get())
    expect([refused.status, ...fieldsOf(refused)]).toEqual([
      429,
      ['1'],
      ['"few";q=2;qu="concurrent-requests"'],
      ['"few";r=0'],
    ])
    answered.peer.send(ok())
    expect((await nextResponse(first)).status).toBe(200)
    third.send(get('/failed'))
    const failed = await rig.backend.next()
    second.reset()
    await left.peer.expectClosed()
    failed.peer.send('nonsense\r\n\r\n')
    expect((await nextResponse(third)).status).toBe(502)
    expect([limitsOf(rig)[0]?.keys, rig.edge.counters.refused.concurrency]).toEqual([0, 1])
  })

  test('counts an upgraded connection for as long as it stands', async () => {
    await using rig = await startRig({ config: limited(inFlight(1)), client: { staysOpen: true } })
    rig.client.send(get('/chat', 'Connection: Upgrade\r\nUpgrade: echo\r\n'))
    const { peer } = await rig.backend.next()
    peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    expect((await nextResponse(rig.client)).status).toBe(101)
    const other = await rig.connect()
    expect((await ask(other, get())).status).toBe(429)
    rig.client.reset()
    await turnUntil(() => limitsOf(rig)[0]?.keys === 0, 'the end of the tunnel')
  })
})

describe('a limit of connections', () => {
  test('ends what is one too many, until one of those before has gone', async () => {
    await using rig = await startRig({ answer: ok(), config: limited(connections(2)) })
    const second = await rig.connect()
    expect([await passed(rig.client, get(), 3), await passed(second, get(), 3)]).toEqual([3, 3])
    const third = await rig.connect()
    const refused = await ask(third, get())
    expect([refused.status, valuesOf(refused, 'connection'), valuesOf(refused, 'retry-after')]).toEqual([
      429,
      ['close'],
      ['1'],
    ])
    await third.expectClosed()
    rig.client.end()
    await rig.client.expectClosed()
    const fourth = await rig.connect()
    expect((await ask(fourth, get())).status).toBe(200)
    expect(limitsOf(rig)).toMatchObject([{ kind: 'connections', keys: 1, refused: 1 }])
  })
})
