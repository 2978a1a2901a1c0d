/** Requests that find every backend at its bound: they wait, are served in turn, and none is lost. */
import { describe, expect, test } from 'bun:test'
import type { PoolConfig } from '../../core/config/config.ts'
import { testPool } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, get, nextResponse, post } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { stillness, turnUntil } from '../support/raw-peer.ts'
import { answer, poolOf, waiting } from '../support/queue-rig.ts'
import { type Rig, type RigOptions, startRig } from '../support/rig.ts'

const queue = { length: 2, timeoutMs: 60_000, order: 'fifo' } as const

/** One backend that takes one request at a time, and has one. */
async function startBusy(pool: Partial<PoolConfig> = {}, options: RigOptions = {}) {
  const rig = await startRig({ ...options, pool: { maxInflight: 1, queue, ...pool } })
  rig.client.send(get('/first'))
  return { rig, first: await rig.backend.next() }
}

describe('a request that finds all backends full', () => {
  test('waits, and goes over the connection that becomes free', async () => {
    const { rig, first } = await startBusy()
    await using _ = rig
    const other = await rig.connect()
    other.send(get('/second'))
    await waiting(rig, 1)
    expect(rig.backend.requests).toHaveLength(1)
    const second = await answer(rig, first, 'one')
    expect([second.request.target, second.peer === first.peer]).toEqual(['/second', true])
    second.peer.send(ok('two'))
    expect((await nextResponse(rig.client)).body).toBe('one')
    expect((await nextResponse(other)).body).toBe('two')
    expect(poolOf(rig)).toMatchObject({
      queued: 1,
      waiting: 0,
      queueTimeouts: 0,
      turnedAway: 0,
      inflight: 0,
      maxInflight: 1,
    })
    expect(rig.edge.counters).toMatchObject({ unavailable: 0, retries: 0 })
  })

  test('is not overtaken by one that comes in the moment when there is room', async () => {
    const { rig, first } = await startBusy()
    await using _ = rig
    const [second, third] = [await rig.connect(), await rig.connect()]
    second.send(get('/second'))
    await waiting(rig, 1)
    first.peer.send(ok())
    third.send(get('/third'))
    const next = await rig.backend.next()
    expect(next.request.target).toBe('/second')
    expect((await answer(rig, next)).request.target).toBe('/third')
    rig.backend.connections[0]!.send(ok())
    await nextResponse(third)
  })

  test('goes before one of a less important route, though it came later', async () => {
    const any = { host: undefined, path: undefined, methods: undefined, headers: [] }
    const routes = [
      { match: { ...any, path: '/checkout' }, pool: 'web', priority: 9 },
      { match: any, pool: 'web', priority: 5 },
    ]
    const { rig, first } = await startBusy({}, { config: { routes } })
    await using _ = rig
    const [plain, important] = [await rig.connect(), await rig.connect()]
    plain.send(get('/page'))
    await waiting(rig, 1)
    important.send(get('/checkout'))
    await waiting(rig, 2)
    const second = await answer(rig, first)
    expect(second.request.target).toBe('/checkout')
    expect((await answer(rig, second)).request.target).toBe('/page')
    rig.backend.connections[0]!.send(ok())
    await nextResponse(plain)
  })

  test('keeps its body to itself meanwhile, for longer than a body may be silent', async () => {
    const { rig, first } = await startBusy()
    await using _ = rig
    const other = await rig.connect()
    const body = 'x'.repeat(4_000_000)
    other.send(post(body))
    await waiting(rig, 1)
    const read = await stillness(() => rig.edge.counters.bytesFromClients)
    expect(read).toBeLessThan(1_000_000)
    rig.edge.clock.advance(45_000)
    const second = await answer(rig, first)
    expect(second.request.body).toBe(body)
    second.peer.send(ok())
    expect((await nextResponse(other)).status).toBe(200)
  })

  test.each([
    ['GET', get()],
    ['POST whose body has come', post('abc')],
    ['POST whose body is held back', post('x'.repeat(4_000_000))],
  ])('frees its place when its client leaves: %s', async (_name, request) => {
    const { rig, first } = await startBusy({ queue: { ...queue, length: 1 } })
    await using _ = rig
    const other = await rig.connect()
    other.send(request)
    await waiting(rig, 1)
    other.reset()
    await waiting(rig, 0)
    const third = await rig.connect()
    third.send(get('/third'))
    await waiting(rig, 1)
    expect((await answer(rig, first)).request.target).toBe('/third')
    rig.backend.connections[0]!.send(ok())
    await nextResponse(third)
  })

  test('waits for the end of an upgraded connection, too', async () => {
    await using rig = await startRig({ pool: { maxInflight: 1, queue } })
    const talker = await rig.connect()
    talker.send(get('/ws', 'Connection: Upgrade\r\nUpgrade: x\r\n'))
    const { peer } = await rig.backend.next()
    peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    await turnUntil(() => rig.edge.counters.tunnelsOpen === 1, 'a tunnel')
    rig.client.send(get('/second'))
    await waiting(rig, 1)
    talker.reset()
    const second = await rig.backend.next()
    expect(second.request.target).toBe('/second')
    second.peer.send(ok('two'))
    expect((await nextResponse(rig.client)).body).toBe('two')
  })

  test('gets 503 with Retry-After when no place is left, and when its time is over', async () => {
    const { rig, first } = await startBusy()
    await using _ = rig
    const others = [await rig.connect(), await rig.connect(), await rig.connect()]
    for (const [index, other] of others.slice(0, 2).entries()) {
      other.send(get())
      await waiting(rig, index + 1)
    }
    const refused = await ask(others[2]!, get('/', 'Accept: application/json\r\n'))
    expect([refused.status, valuesOf(refused, 'retry-after')]).toEqual([503, ['1']])
    expect(JSON.parse(refused.body).detail).toBe('every backend is at its bound, and nobody more may wait')
    rig.edge.clock.advance(60_000)
    const late = await nextResponse(others[0]!)
    expect([late.status, valuesOf(late, 'retry-after')]).toEqual([503, ['1']])
    await nextResponse(others[1]!)
    expect(rig.edge.counters.unavailable).toBe(3)
    expect(poolOf(rig)).toMatchObject({ queued: 2, queueTimeouts: 2, turnedAway: 1, waiting: 0 })
    // The connections go on.
    first.peer.send(ok())
    others[2]!.send(get('/again'))
    const again = await rig.backend.next()
    again.peer.send(ok('again'))
    expect((await nextResponse(others[2]!)).body).toBe('again')
  })

  test('without a queue gets 503 at once, though a single backend is full', async () => {
    const members = (port: number) => [makeMember(port, { maxInflight: 1 })]
    await using rig = await startRig()
    await rig.edge.apply({ pools: [testPool([rig.backend.port], { members: members(rig.backend.port) })] })
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    const other = await rig.connect()
    expect((await ask(other, get())).status).toBe(503)
    expect(rig.edge.backend()).toMatchObject({ inflight: 1, maxInflight: 1 })
    peer.send(ok())
    await nextResponse(rig.client)
  })

  test('is told of once, however many there are', async () => {
    const { rig, first } = await startBusy({ queue: { ...queue, length: 1 } })
    await using _ = rig
    const other = await rig.connect()
    other.send(get())
    await waiting(rig, 1)
    const third = await rig.connect()
    for (let count = 0; count < 3; count += 1) await ask(third, get())
    const second = await answer(rig, first)
    second.peer.send(ok())
    await nextResponse(other)
    rig.edge.clock.advance(5000)
    const told = rig.edge.events.filter(({ kind }) => kind.startsWith('pool-'))
    expect(told).toEqual([
      { kind: 'pool-full', pool: 'web', detail: 'requests wait' },
      { kind: 'pool-relieved', pool: 'web', forMs: 0 },
    ])
  })
})

describe('while requests wait', () => {
  /** The pool `web` anew. */
  const change = (rig: Rig, overrides: Partial<PoolConfig>) =>
    rig.edge.apply({ pools: [testPool([rig.backend.port], overrides)] })

  /** A request that waits. */
  async function queued(rig: Rig) {
    const client = await rig.connect()
    client.send(get('/second'))
    await waiting(rig, 1)
    return client
  }

  test.each<readonly [string, Partial<PoolConfig>]>([
    ['raises the bound', { maxInflight: 2, queue }],
    ['takes the bound away, and the queue', {}],
  ])('a reload that %s lets them in', async (_name, overrides) => {
    const { rig, first } = await startBusy()
    await using _ = rig
    const client = await queued(rig)
    await change(rig, overrides)
    const second = await rig.backend.next()
    for (const { peer } of [first, second]) peer.send(ok())
    expect((await nextResponse(client)).status).toBe(200)
  })

  test('a reload that lowers the bound and takes the queue away leaves them waiting until there is room', async () => {
    const { rig, first } = await startBusy({ maxInflight: 2 })
    await using _ = rig
    const another = await rig.connect()
    another.send(get('/another'))
    const also = await rig.backend.next()
    const client = await queued(rig)
    await change(rig, { maxInflight: 1 })
    first.peer.send(ok())
    await nextResponse(rig.client)
    await stillness(() => rig.backend.requests.length)
    expect(rig.backend.requests).toHaveLength(2)
    const second = await answer(rig, also)
    second.peer.send(ok('late'))
    expect((await nextResponse(client)).body).toBe('late')
  })

  test('a backend that is added takes them', async () => {
    await using more = startRawBackend({ answer: answering(ok('another')) })
    const { rig, first } = await startBusy({ maxInflight: undefined, maxConnections: 1 })
    await using _ = rig
    const client = await queued(rig)
    const ports = [rig.backend.port, more.port]
    await rig.edge.apply({ pools: [testPool(ports, { maxConnections: 1, queue })] })
    expect((await nextResponse(client)).body).toBe('another')
    first.peer.send(ok())
    await nextResponse(rig.client)
  })

  test('a reload that removes their pool has it finish what it has begun, and them', async () => {
    const { rig, first } = await startBusy()
    await using _ = rig
    const client = await queued(rig)
    const routes = [{ ...rig.edge.edge.control.config.routes[0]!, pool: 'other' }]
    await rig.edge.apply({ pools: [{ ...testPool([]), name: 'other' }], routes })
    const second = await answer(rig, first)
    second.peer.send(ok('still'))
    expect((await nextResponse(client)).body).toBe('still')
  })

  test('a stop serves them', async () => {
    const { rig, first } = await startBusy()
    await using _ = rig
    const client = await queued(rig)
    const drained = rig.edge.edge.drain()
    const second = await answer(rig, first)
    second.peer.send(ok('last'))
    const response = await nextResponse(client)
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['last', ['close']])
    await client.expectEnd()
    await nextResponse(rig.client)
    expect(await drained).toEqual({ cut: 0 })
  })

  test('a stop that runs out of time cuts them, and leaves no timer', async () => {
    const { rig } = await startBusy()
    await using _ = rig
    const client = await queued(rig)
    const drained = rig.edge.edge.drain()
    rig.edge.clock.advance(25_000)
    expect(await drained).toEqual({ cut: 2 })
    await client.expectClosed()
    await rig.client.expectClosed()
    rig.edge.clock.advance(60_000)
    expect(poolOf(rig)).toMatchObject({ waiting: 0, queueTimeouts: 0 })
  })
})

describe('three times as many requests as there is room for', () => {
  test('are served or told to come again, and never more are under way than may be', async () => {
    let [underWay, most] = [0, 0]
    await using rig = await startRig({
      pool: { maxInflight: 10, queue: { length: 10, timeoutMs: 60_000, order: 'fifo' } },
      answer({ peer }) {
        most = Math.max(most, (underWay += 1))
        setImmediate(() => {
          underWay -= 1
          peer.send(ok())
        })
      },
    })
    const statuses = new Map<number, number>()
    const clients = await Promise.all(Array.from({ length: 30 }, () => rig.connect()))
    await Promise.all(
      clients.map(async (client) => {
        for (let count = 0; count < 40; count += 1) {
          const response = await ask(client, get())
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
          if (response.status === 503) expect(valuesOf(response, 'retry-after')).toEqual(['1'])
        }
      }),
    )
    expect(new Set(statuses.keys())).toEqual(new Set([200, 503]))
    expect((statuses.get(200) ?? 0) + (statuses.get(503) ?? 0)).toBe(1200)
    expect(most).toBe(10)
    const pool = poolOf(rig)
    expect(pool).toMatchObject({ waiting: 0, queueTimeouts: 0, inflight: 0, turnedAway: statuses.get(503)! })
    expect(pool.queued).toBeGreaterThan(100)
  })
})
