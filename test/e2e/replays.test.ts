import { describe, expect, test } from 'bun:test'
import { startTestEdge, testConfig, testPool, testRetry } from '../support/edge.ts'
import { type Arrival, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, chunked, connectTo, nextResponse } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'

const KIB = 1024
const MIB = KIB * KIB

const put = (body: string, fields = ''): string =>
  `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`
const putChunks = (chunks: readonly string[], trailers = ''): string =>
  `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(chunks, trailers)}`
const keyed = (body: string): string => put(body, 'Idempotency-Key: 1\r\n').replace('PUT', 'POST')

/** Every byte value, so that a place in it can be told from any other. */
const bytes = (length: number): string =>
  Array.from({ length }, (_, index) => String.fromCharCode((index * 31 + (index >> 8)) & 0xff)).join('')

const resets = ({ peer }: Arrival): void => peer.reset()

/** A backend that dies over each request, before one that is well. */
async function startPair(maxReplayBytes = MIB, retry = testRetry()) {
  const stack = new AsyncDisposableStack()
  const dying = stack.use(startRawBackend({ answer: resets }))
  const well = stack.use(startRawBackend({ answer: ({ peer }) => peer.send(ok('well')) }))
  const { limits } = testConfig()
  const pools = [testPool([dying.port, well.port], { retry })]
  const edge = stack.use(await startTestEdge([], { config: { pools, limits: { ...limits, maxReplayBytes } } }))
  const client = stack.use(await connectTo(edge.port))
  return { dying, well, edge, client, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('a request whose backend dies over it', () => {
  test.each([
    ['a PUT', put('abc'), 'abc'],
    ['a PUT without a body', put(''), ''],
    ['a PUT of 64 KiB', put(bytes(64 * KIB)), bytes(64 * KIB)],
    ['a PUT in chunks', putChunks(['abc', bytes(5000), 'd']), `abc${bytes(5000)}d`],
    ['a PUT of no chunks', putChunks([]), ''],
    ['a POST with an Idempotency-Key', keyed('abc'), 'abc'],
    ['a QUERY', put('abc').replace('PUT', 'QUERY'), 'abc'],
  ])('is answered by another when it is %s', async (_, request, body) => {
    await using pair = await startPair()
    expect(await ask(pair.client, request)).toMatchObject({ status: 200, body: 'well' })
    expect(pair.well.requests[0]!.body).toBe(body)
    expect(pair.well.requests[0]!.rawBody).toBe(pair.dying.requests[0]!.rawBody)
    expect(pair.edge.counters).toMatchObject({ retries: 1, replayBytes: 0 })
  })

  test('has its trailers sent again, too', async () => {
    await using pair = await startPair()
    expect((await ask(pair.client, putChunks(['abc'], 'X-Sum: 1\r\n'))).status).toBe(200)
    expect(pair.well.requests[0]!.trailers).toEqual(pair.dying.requests[0]!.trailers)
  })

  test.each([
    ['a POST', put('abc').replace('PUT', 'POST'), undefined],
    ['a PUT of more than is kept', put(bytes(64 * KIB + 1)), undefined],
    ['a PUT in chunks of more than is kept', putChunks([bytes(64 * KIB), 'x']), undefined],
    ['a PUT when there is memory for none', put('abc'), 0],
  ])('is answered 502 when it is %s', async (_, request, maxReplayBytes) => {
    await using pair = await startPair(maxReplayBytes)
    expect((await ask(pair.client, request)).status).toBe(502)
    expect(pair.well.requests).toHaveLength(0)
    expect(pair.edge.counters.replayBytes).toBe(0)
  })

  test('goes on where its client is, when the backend dies in the middle of it', async () => {
    await using stalled = startRawBackend({ answer: ({ peer }) => peer.send(ok('late')) })
    await using well = startRawBackend({ answer: ({ peer }) => peer.send(ok('well')) })
    await using edge = await startTestEdge([stalled.port, well.port])
    await using client = await connectTo(edge.port)
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
    const first = await stalled.connection(0)
    await first.until(() => (first.text.endsWith('abc') ? true : undefined), 'the first half')
    first.reset()
    await turnUntil(() => edge.counters.retries === 1, 'the retry')
    client.send('def')
    expect((await nextResponse(client)).body).toBe('well')
    expect(well.requests[0]!.body).toBe('abcdef')
  })

  test('holds no more memory than all together may', async () => {
    await using silent = startRawBackend()
    await using edge = await startTestEdge([silent.port], {
      config: { limits: { ...testConfig().limits, maxReplayBytes: 100 * KIB } },
    })
    await using stack = new AsyncDisposableStack()
    for (let count = 0; count < 5; count += 1) {
      const client = stack.use(await connectTo(edge.port))
      client.send(put(bytes(40 * KIB)))
    }
    await turnUntil(() => silent.requests.length === 5, 'all requests')
    // One body at least; how many more goes by the pieces in which they have come.
    expect(edge.counters.replayBytes).toBeGreaterThan(40 * KIB)
    expect(edge.counters.replayBytes).toBeLessThanOrEqual(100 * KIB)
    for (let count = 0; count < 5; count += 1) (await silent.next()).peer.send(ok())
    await turnUntil(() => edge.counters.replayBytes === 0, 'the end of all')
  })
})
