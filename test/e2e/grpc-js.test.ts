import { describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { startTestEdge, tcpListener, testPool, testRetry } from '../support/edge.ts'
import { GrpcClient, type Outcome } from '../support/grpc-client.ts'
import { PIECE, startGrpcServer } from '../support/grpc-server.ts'
import { data, END_HEADERS, headers, reset } from '../support/http2.ts'
import { startOrigin } from '../support/http2-origin.ts'
import { startKillableBackend } from '../support/killable-backend.ts'
import { freePorts } from '../support/ports.ts'
import { ok } from '../support/raw-backend.ts'
import { ask, get } from '../support/raw-client.ts'
import { stillness, turnUntil } from '../support/raw-peer.ts'
import { startRig } from '../support/rig.ts'

const MIB = 1024 * 1024
const SERVER = { path: new URL('../support/grpc-server.ts', import.meta.url).pathname, further: [] }
const pool = { protocol: 'h2c' as const }
const config = { listeners: [{ ...tcpListener('web', 0), http2: true }] }
const startEdge = (ports: readonly number[], more: Parameters<typeof testPool>[1] = {}) =>
  startTestEdge(ports, { config, pool: { ...pool, ...more } })

/** Codes of what calls came to, with how many came to each. */
function tally(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { code } of outcomes) counts[code] = (counts[code] ?? 0) + 1
  return counts
}

/** So many calls, `width` of them at a time. */
async function inTurn(count: number, width: number, call: (index: number) => Promise<Outcome>): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let begun = 0
  const worker = async (): Promise<void> => {
    while (begun < count) outcomes.push(await call(begun++))
  }
  await Promise.all(Array.from({ length: width }, worker))
  return outcomes
}

test('a call is not sent to a backend that has picked HTTP/1.1, which is not to blame and keeps its connection', async () => {
  await using rig = await startRig({
    answer: ok('hello'),
    config,
    pool: { protocol: 'auto' },
  })
  using client = new GrpcClient(rig.edge.port)
  expect((await ask(rig.client, get())).body).toBe('hello')
  for (const _ of [1, 2])
    expect(await client.unary('Unary', 'hello')).toMatchObject({
      code: 'UNAVAILABLE',
      details: expect.stringContaining('this one has picked HTTP/1.1'),
    })
  expect((await ask(rig.client, get())).body).toBe('hello')
  expect(rig.backend.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
  expect(rig.edge.backend()).toMatchObject({ failures: { connect: 0, protocol: 0 }, responses: { '2xx': 2, '5xx': 0 } })
  expect(rig.backend.connections).toHaveLength(1)
})

const HALF_MESSAGE =
  headers(
    1,
    [
      [':status', '200'],
      ['content-type', 'application/grpc'],
    ],
    END_HEADERS,
  ) + data(1, '\0\0\0\0\x05hel')

describe.each([
  ['before its response', ''],
  ['in the middle of a message', HALF_MESSAGE],
])('a call that its backend resets %s', (_, begun) => {
  test.each([
    [0x1, 'INTERNAL'],
    [0x2, 'INTERNAL'],
    [0x7, 'UNAVAILABLE'],
    [0x8, 'CANCELLED'],
    [0xb, 'RESOURCE_EXHAUSTED'],
    [0xc, 'PERMISSION_DENIED'],
  ])('with %d is told %s', async (code, told) => {
    await using backend = startOrigin()
    await using edge = await startEdge([backend.port], { retry: testRetry({ attempts: 1 }) })
    using client = new GrpcClient(edge.port)
    const outcome = client.unary('Unary', 'hello')
    const origin = await backend.origin()
    await origin.line('HEADERS 1')
    origin.peer.send(begun + reset(1, code))
    const { code: heard, details } = await outcome
    expect([heard, details]).toEqual([told, expect.stringContaining('the backend reset the stream')])
  })
})

describe('between a client and a server of grpc-js', () => {
  test('a call has its metadata, its message and its trailers', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    using client = new GrpcClient(edge.port)
    expect(await client.unary('Unary', 'hello')).toEqual({
      code: 'OK',
      details: 'OK',
      message: Buffer.from('hello'),
      initial: expect.objectContaining({ 'x-initial': '1' }),
      trailing: { 'x-trailing': '2' },
    })
  })

  test('a call that fails has its message, whatever that is written in', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    using client = new GrpcClient(edge.port)
    expect(await client.unary('Fail', '')).toMatchObject({ code: 'NOT_FOUND', details: 'not here: ü', initial: {} })
    expect((await client.unary('Nothing', '')).code).toBe('UNIMPLEMENTED')
  })

  test('a message of 8 MB comes back whole', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    using client = new GrpcClient(edge.port)
    const large = Buffer.alloc(8_000_000, 'y')
    const { message } = await client.unary('Unary', large)
    expect(message?.equals(large)).toBe(true)
  })

  test('64 MB come whole to a client that reads when it likes', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    using client = new GrpcClient(edge.port)
    const call = client.stream('Stream', String((64 * MIB) / PIECE.length))
    let came = 0
    call.on('data', (message: Buffer) => {
      came += message.length
      if (came % MIB === 0) {
        call.pause()
        setImmediate(() => call.resume())
      }
    })
    await once(call, 'end')
    expect(came).toBe(64 * MIB)
  })

  test('a client that takes nothing holds its server back', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    using client = new GrpcClient(edge.port)
    const call = client.stream('Endless', '')
    // Not told while it is paused; and paused before it reads, grpc-js takes all the same.
    call.on('error', () => undefined)
    call.once('data', () => call.pause())
    await turnUntil(() => call.isPaused(), 'the begin of the stream')
    expect(await stillness(() => edge.backend().bytesFromBackend)).toBeLessThan(4 * MIB)
    call.cancel()
    await turnUntil(() => server.cancelled === 1, 'the end of the stream')
  })

  test('messages of a client are gathered, and those of a conversation answered in turn', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    using client = new GrpcClient(edge.port)
    const messages = Array.from({ length: 200 }, () => Buffer.alloc(1000))
    expect(String(await client.collect(messages))).toBe('200000')
    const chat = client.chat()
    const heard: string[] = []
    chat.on('data', (message: Buffer) => {
      heard.push(String(message))
      if (heard.length < 200) chat.write(Buffer.from(String(heard.length)))
      else chat.end()
    })
    chat.write(Buffer.from('0'))
    await once(chat, 'end')
    expect(heard).toEqual(Array.from({ length: 200 }, (_, index) => String(index)))
  })

  test('a deadline ends the call at both ends', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    using client = new GrpcClient(edge.port)
    expect((await client.unary('Slow', '', { deadlineMs: 100 })).code).toBe('DEADLINE_EXCEEDED')
    await turnUntil(() => server.cancelled === 1, 'the end of the call at the server')
  })

  test('a call that its client gives up is given up at the server', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    using client = new GrpcClient(edge.port)
    const leaving = new AbortController()
    const outcome = client.unary('Slow', '', { signal: leaving.signal })
    await turnUntil(() => edge.backend().inflight === 1, 'the call')
    leaving.abort()
    expect((await outcome).code).toBe('CANCELLED')
    await turnUntil(() => server.cancelled === 1, 'the end of the call at the server')
    await turnUntil(() => edge.backend().abandoned === 1, 'the end of the attempt')
  })

  test('60 messages of 200 kB pass beside each other', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    using client = new GrpcClient(edge.port)
    const large = Buffer.alloc(200_000, 'z')
    const outcomes = await inTurn(60, 60, () => client.unary('Unary', large))
    expect(outcomes.every(({ message }) => message?.equals(large))).toBe(true)
  })

  test('2,000 calls, 100 at a time, lose none to reloads', async () => {
    await using first = await startGrpcServer()
    await using second = await startGrpcServer()
    const ports = [first.port, second.port]
    await using edge = await startEdge(ports)
    using client = new GrpcClient(edge.port)
    const call = async (index: number): Promise<Outcome> => {
      if (index % 200 === 100) {
        const pools = [testPool(index % 400 === 100 ? ports.toReversed() : ports, pool)]
        const timeouts = { headMs: 10_000 + index, bodyMs: 30_000, keepAliveMs: 75_000, tunnelMs: 3_600_000 }
        expect((await edge.apply({ pools, timeouts })).kind).toBe('applied')
      }
      return client.unary('Unary', String(index))
    }
    const outcomes = await inTurn(2000, 100, call)
    expect(tally(outcomes)).toEqual({ OK: 2000 })
    expect(new Set(outcomes.map(({ message }) => String(message))).size).toBe(2000)
    const { http2Violations } = edge.counters
    expect(http2Violations).toMatchObject({ 'stream-error': 0, 'connection-error': 0 })
  })
})

describe('when one of two servers is killed', () => {
  test('clients are told UNAVAILABLE at worst', async () => {
    const ports = freePorts(2)
    const servers = await Promise.all(ports.map((port) => startKillableBackend(port, SERVER)))
    try {
      await using edge = await startEdge(ports, {
        strategy: { use: 'round-robin', options: undefined },
        passive: { failures: 3, retryAfterMs: 10_000 },
      })
      using client = new GrpcClient(edge.port)
      const stream = client.stream('Endless', '')
      const ended = once(stream, 'error')
      await once(stream, 'data')
      stream.resume()
      const calls = async (index: number): Promise<Outcome> => {
        if (index === 300) await servers[0]!.kill()
        return client.unary('Unary', String(index))
      }
      const { OK = 0, UNAVAILABLE = 0, ...others } = tally(await inTurn(1000, 50, calls))
      expect(others).toEqual({})
      expect(OK + UNAVAILABLE).toBe(1000)
      // What was under way at the one that died, and no more.
      expect(UNAVAILABLE).toBeLessThanOrEqual(50)
      await servers[1]!.kill()
      const [{ code, details }] = (await ended) as [{ code: number; details: string }]
      expect([code, details]).toEqual([14, expect.stringContaining('the backend')])
      expect((await client.unary('Unary', '')).code).toBe('UNAVAILABLE')
    } finally {
      await Promise.all(servers.map((server) => server.kill()))
    }
  })
})

describe('a call that a busy server refuses', () => {
  const retry = testRetry({ grpcStatuses: [14] })

  test('goes to another, which is told that it is not the first', async () => {
    await using busy = await startGrpcServer({ busy: '' })
    await using idle = await startGrpcServer()
    await using edge = await startEdge([busy.port, idle.port], { retry })
    using client = new GrpcClient(edge.port)
    const { code, message } = await client.unary('Busy', '')
    expect([code, String(message)]).toEqual(['OK', '1'])
    expect(edge.counters.retriesAfter.status).toBe(1)
  })

  test('waits as long as the server asks for', async () => {
    await using busy = await startGrpcServer({ busy: '700' })
    await using idle = await startGrpcServer()
    await using edge = await startEdge([busy.port, idle.port], { retry })
    using client = new GrpcClient(edge.port)
    const outcome = client.unary('Busy', '')
    await turnUntil(() => edge.backend().responses['5xx'] === 1, 'the refusal')
    expect(edge.backend(1).requests).toBe(0)
    edge.clock.advance(699)
    expect(edge.backend(1).requests).toBe(0)
    edge.clock.advance(1)
    expect((await outcome).code).toBe('OK')
  })

  test.each([
    ['does not want it again', '-1', retry],
    ['asks for longer than its client waits', '90000', { ...retry, maxRetryAfterMs: 120_000 }],
    ['says what no policy names', '', testRetry()],
  ])('is refused where it %s', async (_, wait, policy) => {
    await using busy = await startGrpcServer({ busy: wait })
    await using idle = await startGrpcServer()
    await using edge = await startEdge([busy.port, idle.port], { retry: policy })
    using client = new GrpcClient(edge.port)
    expect(await client.unary('Busy', '', { deadlineMs: 60_000 })).toMatchObject({
      code: 'UNAVAILABLE',
      details: 'busy',
    })
    expect(edge.backend(1).requests).toBe(0)
  })
})
