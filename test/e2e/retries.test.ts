import { describe, expect, test } from 'bun:test'
import { startTestEdge, testRetry } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { closedPort } from '../support/ports.ts'
import { answering, type Arrival, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse, post, postChunks } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { startRig, type Rig } from '../support/rig.ts'

describe('a backend that refuses', () => {
  test.each([
    ['GET', get('/', 'X-Odd: \xff\r\n'), ''],
    ['POST', post('abc', '/', 'X-Odd: \xff\r\n'), 'abc'],
    ['chunked POST', postChunks(['abc', 'de'], 'X-Odd: \xff\r\n'), 'abcde'],
  ])('has its %s given to another', async (_, request, body) => {
    await using backend = startRawBackend({ answer: answering(ok('good')) })
    await using edge = await startTestEdge([closedPort(), backend.port])
    await using client = await connectTo(edge.port)
    expect(await ask(client, request)).toMatchObject({ status: 200, body: 'good' })
    expect(backend.requests[0]).toMatchObject({ body })
    expect(backend.requests[0]!.head).toContain('X-Odd: \xff\r\n')
    expect(edge.counters).toMatchObject({ retries: 1, requests: 1 })
    expect(edge.backend(0)).toMatchObject({ requests: 1, retries: 1, failures: { connect: 1 } })
    expect(edge.backend(1)).toMatchObject({ requests: 1, retries: 0, failures: { total: 0 } })
  })

  test('is not asked again, and no more than eight are', async () => {
    const ports = Array.from({ length: 9 }, closedPort)
    await using edge = await startTestEdge(ports)
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).status).toBe(502)
    expect(ports.map((_, index) => edge.backend(index).requests)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0])
    expect(edge.counters.retries).toBe(7)
  })

  test.each([
    ['GET', get()],
    ['POST', post('abc')],
  ])('with others that do has its %s given to the one that does not', async (_, request) => {
    await using backend = startRawBackend({ answer: answering(ok('good')) })
    await using edge = await startTestEdge([closedPort(), closedPort(), closedPort(), backend.port])
    await using client = await connectTo(edge.port)
    expect(await ask(client, request)).toMatchObject({ status: 200, body: 'good' })
    expect(edge.counters).toMatchObject({ retries: 3, retriesAfter: { connect: 3 } })
  })

  test('with all of its tier has its request given to the next tier', async () => {
    await using backend = startRawBackend({ answer: answering(ok('backup')) })
    const members = [makeMember(closedPort()), makeMember(closedPort()), makeMember(backend.port, { tier: 1 })]
    await using edge = await startTestEdge([], { pool: { members } })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).body).toBe('backup')
    expect(edge.backend(2)).toMatchObject({ requests: 1 })
  })

  test('goes unretried when there is one attempt', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await startTestEdge([closedPort(), backend.port], {
      pool: { retry: testRetry({ attempts: 1 }) },
    })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).status).toBe(502)
    expect(edge.counters.retries).toBe(0)
  })

  test('too often in a row is taken out, and tried again later', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    const passive = { failures: 2, retryAfterMs: 10_000 }
    await using edge = await startTestEdge([closedPort(), backend.port], { pool: { passive } })
    await using client = await connectTo(edge.port)
    for (let count = 0; count < 4; count += 1) expect((await ask(client, get())).status).toBe(200)
    expect(edge.backend(0)).toMatchObject({ state: 'unhealthy', requests: 2 })
    edge.clock.advance(10_000)
    await ask(client, get())
    expect(edge.backend(0)).toMatchObject({ state: 'unhealthy', requests: 3 })
    expect(edge.events.map((event) => event.kind)).toEqual(['listening', 'backend-down', 'backend-up', 'backend-down'])
  })

  test('now and then, with answers between, is not taken out', async () => {
    const answer = ({ peer }: Arrival): void => {
      peer.send(ok('ok', 'Connection: close\r\n'))
      peer.end()
    }
    const first = startRawBackend({ answer })
    const passive = { failures: 2, retryAfterMs: 10_000 }
    await using edge = await startTestEdge([first.port], { pool: { passive } })
    await using client = await connectTo(edge.port)
    await first[Symbol.asyncDispose]()
    expect((await ask(client, get())).status).toBe(502)
    await using again = startRawBackend({ answer, port: first.port })
    expect((await ask(client, get())).status).toBe(200)
    again.stopListening()
    expect((await ask(client, get())).status).toBe(502)
    expect(edge.backend()).toMatchObject({ state: 'unchecked', failures: { connect: 2 } })
  })
})

describe('a pooled connection that died', () => {
  /** Has the edge keep a connection and the backend cut it the moment the next request arrives on it. */
  async function startStale(): Promise<Rig> {
    let requests = 0
    const rig = await startRig({
      answer({ peer }) {
        requests += 1
        if (requests === 2) peer.reset()
        else peer.send(ok(`answer ${requests}`))
      },
    })
    await ask(rig.client, get('/1'))
    return rig
  }

  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('has a %s made again, on a new one', async (method) => {
    await using rig = await startStale()
    rig.client.send(`${method} /2 HTTP/1.1\r\nHost: a\r\nX-Odd: \xff\r\n\r\n`)
    expect((await nextResponse(rig.client, method)).status).toBe(200)
    expect(rig.backend.connections).toHaveLength(2)
    const [, first, second] = rig.backend.requests.map(({ head }) => head.replace(/X-Request-Id: .*\r\n/, ''))
    expect(second).toBe(first)
    expect(rig.edge.counters.retries).toBe(1)
    expect(rig.edge.backend()).toMatchObject({ requests: 3, retries: 1, failures: { reset: 1 } })
  })

  test.each([
    ['POST', post('')],
    ['POST with a body', post('abc')],
    ['method that nobody knows', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('never has a %s made again', async (_, request) => {
    await using rig = await startStale()
    expect((await ask(rig.client, request)).status).toBe(502)
    expect(rig.backend.requests).toHaveLength(2)
    expect(rig.edge.counters.retries).toBe(0)
  })

  test('has a GET made again once, not twice', async () => {
    await using rig = await startRig({
      answer({ request, peer }) {
        if (request.target === '/1') peer.send(ok())
        else peer.reset()
      },
    })
    await ask(rig.client, get('/1'))
    expect((await ask(rig.client, get('/2'))).status).toBe(502)
    expect(rig.backend.requests).toHaveLength(3)
  })

  test('has nothing made again at the same backend once a byte of the response has come', async () => {
    await using rig = await startRig()
    rig.client.send(get('/1'))
    const first = await rig.backend.next()
    first.peer.send(ok())
    await nextResponse(rig.client)
    rig.client.send(get('/2'))
    const second = await rig.backend.next()
    expect(second.peer).toBe(first.peer)
    await second.peer.sendByteByByte('H')
    second.peer.reset()
    expect((await nextResponse(rig.client)).status).toBe(502)
    expect(rig.edge.counters.retries).toBe(0)
  })

  test('has a GET made again though the cap leaves room for one', async () => {
    let requests = 0
    await using rig = await startRig({
      pool: { maxConnections: 1 },
      answer({ peer }) {
        requests += 1
        if (requests === 2) peer.reset()
        else peer.send(ok())
      },
    })
    await ask(rig.client, get('/1'))
    expect((await ask(rig.client, get('/2'))).status).toBe(200)
  })

  test('leaves its place under the cap to a pipelined request', async () => {
    await using rig = await startRig({ pool: { maxConnections: 1 }, answer: ok('ok', 'Connection: close\r\n') })
    rig.client.send(get().repeat(3))
    for (let count = 0; count < 3; count += 1) expect((await nextResponse(rig.client)).status).toBe(200)
  })

  test('while it lay idle is not used at all', async () => {
    await using rig = await startRig({ answer: ok() })
    await ask(rig.client, get('/1'))
    rig.backend.connections[0]!.end()
    await rig.backend.connections[0]!.expectClosed()
    expect((await ask(rig.client, post('abc'))).status).toBe(200)
    expect(rig.edge.counters.retries).toBe(0)
  })
})

describe('a backend that breaks off within the head of its response', () => {
  const HALF = 'HTTP/1.1 200 OK\r\nContent-'
  const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
  const WAYS = {
    ends: ({ peer }: Arrival) => peer.end(),
    resets: ({ peer }: Arrival) => peer.reset(),
  }

  /** One that sends `part` and then leaves, and one that is well. */
  async function startBreaking(part: string, way: keyof typeof WAYS, retry = testRetry()) {
    const stack = new AsyncDisposableStack()
    const backend = stack.use(startRawBackend())
    const well = stack.use(startRawBackend({ answer: answering(ok('good')) }))
    const edge = stack.use(await startTestEdge([backend.port, well.port], { pool: { retry } }))
    const client = stack.use(await connectTo(edge.port))
    async function breakOff(request: string): Promise<void> {
      client.send(request)
      const arrival = await backend.next()
      await arrival.peer.sendByteByByte(part)
      await turnUntil(() => edge.backend().bytesFromBackend === part.length, 'its part')
      WAYS[way](arrival)
    }
    return { well, edge, client, breakOff, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  }

  test.each([
    ['ends', get()],
    ['resets', get()],
    ['ends', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc'],
  ] as const)('and %s has a repeatable request given to another', async (way, request) => {
    await using rig = await startBreaking(HALF, way)
    await rig.breakOff(request)
    expect(await nextResponse(rig.client)).toMatchObject({ status: 200, body: 'good' })
    expect(rig.edge.counters).toMatchObject({ retries: 1, retriesAfter: { reset: 1 } })
    expect(rig.edge.backend(0)).toMatchObject({ failures: { total: 1, reset: 1 } })
  })

  test.each([
    ['ends', HALF, "the backend closed in the middle of its response's head"],
    ['resets', HALF, "the backend reset the connection in the middle of its response's head"],
    ['ends', '', 'the backend closed without a response'],
    ['resets', '', 'the backend reset the connection without a response'],
  ] as const)('and %s behind %p has a POST answered 502, which says that', async (way, part, detail) => {
    await using rig = await startBreaking(part, way)
    await rig.breakOff(post('abc', '/', 'Accept: application/json\r\n'))
    const { status, body } = await nextResponse(rig.client)
    expect([status, JSON.parse(body).detail]).toEqual([502, detail])
    expect(rig.well.requests).toHaveLength(0)
  })

  test.each(['', HALF])('has nothing given to another behind an interim response, and %p', async (part) => {
    await using rig = await startBreaking(CONTINUE + part, 'ends')
    await rig.breakOff(get('/', 'Accept: application/json\r\n'))
    expect((await nextResponse(rig.client)).status).toBe(100)
    const { status, body } = await nextResponse(rig.client)
    const where = part === '' ? 'after an interim response' : "in the middle of its response's head"
    expect([status, JSON.parse(body).detail]).toEqual([502, `the backend closed ${where}`])
    expect(rig.well.requests).toHaveLength(0)
  })
})

describe('a backend whose response is no HTTP', () => {
  test.each([
    ['by default', testRetry(), 502, 0],
    ['where "protocol" is asked for', testRetry({ on: ['protocol'] }), 200, 1],
  ])('has a GET given to another %s: %d', async (_, retry, status, retries) => {
    await using odd = startRawBackend({ answer: answering('\0\x01 garbage\r\n\r\n') })
    await using well = startRawBackend({ answer: answering(ok('good')) })
    await using edge = await startTestEdge([odd.port, well.port], { pool: { retry } })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).status).toBe(status)
    expect(edge.counters).toMatchObject({ retries, retriesAfter: { protocol: retries } })
    expect((await ask(client, post('abc'))).status).toBe(502)
  })
})

describe('when nobody is usable', () => {
  const drained = { pool: { members: [makeMember(closedPort(), { isDraining: true })] } }

  test('the answer is a 503 that says when to come again', async () => {
    await using edge = await startTestEdge([], drained)
    await using client = await connectTo(edge.port)
    const response = await ask(client, get('/', 'Accept: application/json\r\n'))
    expect(response.status).toBe(503)
    expect(valuesOf(response, 'retry-after')).toEqual(['1'])
    expect(JSON.parse(response.body)).toMatchObject({ status: 503, detail: 'no backend is usable now' })
    expect(edge.counters.unavailable).toBe(1)
  })

  test('the 503s of pipelined requests do not pile up calls', async () => {
    await using edge = await startTestEdge([], drained)
    await using client = await connectTo(edge.port, { onlyCounts: true })
    client.send(get().repeat(20_000))
    await turnUntil(() => edge.counters.unavailable === 20_000, 'all answers')
  })

  test('of those with a connection left, others are', async () => {
    await using busy = startRawBackend()
    await using free = startRawBackend({ answer: answering(ok('free')) })
    await using edge = await startTestEdge([busy.port, free.port], { pool: { maxConnections: 1 } })
    await using client = await connectTo(edge.port)
    await using other = await connectTo(edge.port)
    client.send(get('/1'))
    const { peer } = await busy.next()
    expect((await ask(other, get('/2'))).body).toBe('free')
    expect((await ask(other, get('/3'))).body).toBe('free')
    peer.send(ok('busy'))
    expect((await nextResponse(client)).body).toBe('busy')
    expect(edge.counters).toMatchObject({ retries: 0, unavailable: 0 })
  })

  test('because every connection is taken, the answer is a 503, too', async () => {
    await using rig = await startRig({ pool: { maxConnections: 1 } })
    rig.client.send(get('/1'))
    const { peer } = await rig.backend.next()
    const other = await rig.connect()
    expect((await ask(other, get('/2'))).status).toBe(503)
    peer.send(ok())
    expect((await nextResponse(rig.client)).status).toBe(200)
    expect(rig.backend.connections).toHaveLength(1)
  })
})
