import { describe, expect, test } from 'bun:test'
import { startTestEdge, testPool, testRetry, type TestEdge } from '../support/edge.ts'
import { closedPort } from '../support/ports.ts'
import { type Arrival, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, chunked, connectTo, get } from '../support/raw-client.ts'

const REQUESTS = 400
/** A fifth of the requests and three a second over ten seconds, while the clock stands still. */
const MOST = 1.2 * REQUESTS + 30

const unavailable = (fields = ''): string => `HTTP/1.1 503 Busy\r\n${fields}Content-Length: 4\r\n\r\nbusy`

const attempts = (edge: TestEdge): number =>
  edge.edge.status().pools[0]!.backends.reduce((sum, { requests }) => sum + requests, 0)

describe('when all backends fail', () => {
  const retry = testRetry({ attempts: 10, statuses: [503] })

  /** The statuses that clients get. */
  async function askAll(edge: TestEdge): Promise<Set<number>> {
    await using client = await connectTo(edge.port)
    const seen = new Set<number>()
    for (let count = 0; count < REQUESTS; count += 1) seen.add((await ask(client, get())).status)
    return seen
  }

  test.each<[string, number, ((arrival: Arrival) => void) | undefined]>([
    ['refusing connections', 502, undefined],
    ['resetting them', 502, ({ peer }) => peer.reset()],
    ['answering 503', 503, ({ peer }) => peer.send(unavailable())],
  ])('%s, they are asked a fifth more than there are requests, and no more', async (_, status, answer) => {
    await using stack = new AsyncDisposableStack()
    const backends = answer ? Array.from({ length: 4 }, () => stack.use(startRawBackend({ answer }))) : []
    const ports = answer ? backends.map(({ port }) => port) : Array.from({ length: 4 }, closedPort)
    await using edge = await startTestEdge(ports, { pool: { retry } })
    expect(await askAll(edge)).toEqual(new Set([status]))
    expect(attempts(edge)).toBeLessThanOrEqual(MOST)
    expect(attempts(edge)).toBeGreaterThan(1.1 * REQUESTS)
    const { retries, retryBudgetExhausted } = edge.counters
    expect(attempts(edge)).toBe(REQUESTS + retries)
    expect(retryBudgetExhausted).toBeGreaterThan(REQUESTS / 2)
  })

  test('a reload leaves what was counted as it was, and changes what may be', async () => {
    const ports = [closedPort(), closedPort()]
    await using edge = await startTestEdge(ports, { pool: { retry } })
    await askAll(edge)
    const before = edge.counters.retries
    await edge.apply({ drainTimeoutMs: 1000 })
    await using client = await connectTo(edge.port)
    await ask(client, get())
    expect(edge.counters.retries).toBe(before)
    await edge.apply({ pools: [testPool(ports, { retry: { ...retry, budget: { ratio: 0.5, perSecond: 0 } } })] })
    await ask(client, get())
    expect(edge.counters.retries).toBe(before + 1)
  })
})

describe('a backend that pushes back', () => {
  const retry = testRetry({ statuses: [503, 429], maxRetryAfterMs: 2000 })

  /** One that answers with these fields, before one that is well. */
  async function startPair(status: string, fields: string) {
    const stack = new AsyncDisposableStack()
    const busy = stack.use(
      startRawBackend({ answer: ({ peer }) => peer.send(unavailable(fields).replace('503', status)) }),
    )
    const well = stack.use(startRawBackend({ answer: ({ peer }) => peer.send(ok('well')) }))
    const edge = stack.use(await startTestEdge([busy.port, well.port], { pool: { retry } }))
    const client = stack.use(await connectTo(edge.port))
    return { busy, well, edge, client, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  }

  test.each([
    ['503', ''],
    ['503', 'Retry-After: 0\r\n'],
    ['503', 'Retry-After: garbage\r\n'],
    ['503', 'Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n'],
    ['429', 'Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n'],
  ])('by %s with %p has the request given to another at once', async (status, fields) => {
    await using pair = await startPair(status, fields)
    expect(await ask(pair.client, get())).toMatchObject({ status: 200, body: 'well' })
    expect(pair.edge.backend(0)).toMatchObject({ responses: { '2xx': 0 }, retries: 1 })
    // Its connection, read to the end, serves again.
    await ask(pair.client, get())
    expect(pair.busy.connections).toHaveLength(1)
  })

  test.each([
    ['503', 'Retry-After: 1000000000000\r\n'],
    ['503', `Retry-After: ${'9'.repeat(400)}\r\n`],
    ['503', 'Retry-After: 3\r\n'],
    ['503', 'Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n'],
    ['429', ''],
    ['429', 'Retry-After: -1\r\n'],
  ])('by %s with %p has its response passed on', async (status, fields) => {
    await using pair = await startPair(status, fields)
    expect(await ask(pair.client, get())).toMatchObject({ status: Number(status), body: 'busy' })
    expect(pair.edge.counters.retries).toBe(0)
  })

  test('by a response without end has its connection cut', async () => {
    await using busy = startRawBackend({
      answer: ({ peer }) => peer.send(`HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n`),
    })
    await using well = startRawBackend({ answer: ({ peer }) => peer.send(ok('well')) })
    await using edge = await startTestEdge([busy.port, well.port], { pool: { retry } })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).body).toBe('well')
    const [peer] = busy.connections
    for (let chunk = 0; chunk < 5; chunk += 1) peer!.send(chunked(['x'.repeat(16_384)]).slice(0, -5))
    await peer!.expectClosed()
  })
})
