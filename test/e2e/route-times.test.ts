import { describe, expect, test } from 'bun:test'
import type { RouteConfig } from '../../core/config/config.ts'
import { anyRequest, startTestEdge, type TestEdge } from '../support/edge.ts'
import { type Arrival, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'

const NONE = { requestMs: undefined, tryMs: undefined, deadline: undefined, backend: {} }

const start = (ports: readonly number[], route: Partial<RouteConfig>): Promise<TestEdge> =>
  startTestEdge(ports, { config: { routes: [{ match: anyRequest, pool: 'web', priority: 5, ...route }] } })

const answers =
  (body: string) =>
  ({ peer }: Arrival) =>
    peer.send(ok(body))

describe('a route', () => {
  test('ends a request that takes too long with 504', async () => {
    await using silent = startRawBackend()
    await using edge = await start([silent.port], { timeouts: { ...NONE, requestMs: 2000 } })
    await using client = await connectTo(edge.port)
    client.send(get('/', 'Accept: application/json\r\n'))
    const { peer } = await silent.next()
    edge.clock.advance(2400)
    const response = await nextResponse(client)
    expect(response.status).toBe(504)
    expect(JSON.parse(response.body)).toMatchObject({ detail: 'no whole response within 2000 ms' })
    await peer.expectClosed()
    expect(edge.counters.requestTimeouts).toBe(1)
    expect(edge.backend().failures).toMatchObject({ timeout: 1 })
  })

  test('lets an upgraded connection live', async () => {
    await using backend = startRawBackend()
    await using edge = await start([backend.port], { timeouts: { ...NONE, requestMs: 2000 } })
    await using client = await connectTo(edge.port)
    client.send(get('/', 'Connection: Upgrade\r\nUpgrade: odd\r\n'))
    const { peer } = await backend.next()
    peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: odd\r\n\r\n')
    await nextResponse(client)
    edge.clock.advance(10_000)
    peer.send('ping')
    await client.expectBytes('ping')
  })

  test('gives a request to another backend when a try takes too long', async () => {
    await using silent = startRawBackend()
    await using well = startRawBackend({ answer: answers('well') })
    await using edge = await start([silent.port, well.port], { timeouts: { ...NONE, tryMs: 500 } })
    await using client = await connectTo(edge.port)
    client.send(get())
    const { peer } = await silent.next()
    edge.clock.advance(900)
    expect((await nextResponse(client)).body).toBe('well')
    await peer.expectClosed()
  })

  test('has time-outs of its own for its pool’s connections, kept ones too', async () => {
    await using backend = startRawBackend()
    await using edge = await start([backend.port], { timeouts: { ...NONE, backend: { responseMs: 1000 } } })
    await using client = await connectTo(edge.port)
    client.send(get('/1'))
    ;(await backend.next()).peer.send(ok())
    await nextResponse(client)
    client.send(get('/2'))
    await backend.next()
    edge.clock.advance(1400)
    const late = await nextResponse(client)
    expect([late.status, late.body.trim()]).toEqual([504, '504 Gateway Timeout: no response within 1000 ms'])
    expect(backend.connections).toHaveLength(1)
  })

  test('has retries of its own', async () => {
    const refusing = startRawBackend({
      answer: ({ peer }) => peer.send('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'),
    })
    await using _ = refusing
    await using well = startRawBackend({ answer: answers('well') })
    await using edge = await start([refusing.port, well.port], { retry: { statuses: [503] } })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).body).toBe('well')
    await edge.apply({ routes: [{ match: anyRequest, pool: 'web', priority: 5 }] })
    expect((await ask(client, get())).status).toBe(503)
  })

  test('lowers the deadline that a client sets, and drops what else it says of it', async () => {
    await using backend = startRawBackend({ answer: answers('ok') })
    const timeouts = { ...NONE, requestMs: 3000, deadline: 'grpc-timeout' } as const
    await using edge = await start([backend.port], { timeouts })
    await using client = await connectTo(edge.port)
    await ask(client, get('/', 'Grpc-Timeout: 5S\r\nGRPC-TIMEOUT: 9H\r\n'))
    await ask(client, get('/', 'grpc-timeout: 2S\r\n'))
    await ask(client, get('/', 'grpc-timeout: soon\r\n'))
    await ask(client, get())
    const told = backend.requests.map((request) => valuesOf(request, 'grpc-timeout'))
    expect(told).toEqual([['3000000u'], ['2000000u'], ['soon'], []])
  })
})

describe('a route that hedges', () => {
  const hedge = { after: 'p95', leastMs: 50 } as const

  test('asks another backend once the first is slow, takes the first answer and cancels the other', async () => {
    let isSlow = false
    const first = startRawBackend({ answer: ({ peer }) => (isSlow ? undefined : peer.send(ok('first'))) })
    await using _ = first
    await using second = startRawBackend({ answer: answers('second') })
    await using edge = await start([first.port, second.port], { hedge })
    await using client = await connectTo(edge.port)
    for (let count = 0; count < 100; count += 1) await ask(client, get())
    // Percentiles are as of the last second.
    edge.clock.advance(1000)
    expect((await ask(client, get())).body).toBe('first')
    expect(edge.counters.hedges).toBe(0)
    isSlow = true
    client.send(get('/slow'))
    await turnUntil(() => first.requests.length === 102, 'the slow request')
    edge.clock.advance(49)
    expect(second.requests).toHaveLength(0)
    edge.clock.advance(3)
    expect((await nextResponse(client)).body).toBe('second')
    await first.connections[0]!.expectClosed()
    expect(edge.counters).toMatchObject({ hedges: 1, hedgesWon: 1, hedgesCancelled: 0, retries: 0 })
    expect(edge.backend(0)).toMatchObject({ abandoned: 1, failures: { total: 0 } })
  })
})
