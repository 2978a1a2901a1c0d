import { describe, expect, test } from 'bun:test'
import { apply } from '../../core/control/edge-control.ts'
import type { TracingPolicy } from '../../core/trace/policy.ts'
import { type AnswerPost, type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { type RawRequest, valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { anyRequest, startTestEdge, type TestEdge, testPool, testRetry } from '../support/edge.ts'
import { startProcess } from '../support/running-process.ts'
import { TRACE_ID, PARENT_ID, tracingPolicy, TRACEPARENT, UNSAMPLED } from '../support/tracing.ts'

const GATHERED_MS = 1000

/** One backend that answers, a collector, and an edge between them whose time stands still. */
async function tracing(changes: Partial<TracingPolicy> = {}, answer?: AnswerPost) {
  const backend = startRawBackend({ answer: answering(ok()) })
  const collector = startOtlpReceiver(answer)
  const policy = tracingPolicy({ endpoint: collector.url, ...changes })
  const edge = await startTestEdge([backend.port], { config: { tracing: policy } })
  return {
    backend,
    collector,
    edge,
    policy,
    /** What the backend gets when a client sends this. */
    async forwarded(lines = '', path = '/'): Promise<RawRequest> {
      await using client = await connectTo(edge.port)
      expect((await ask(client, get(path, lines))).status).toBe(200)
      return backend.requests.at(-1)!
    },
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]()
      await collector[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

/** All there are, once there are so many. */
async function collected({ clock }: TestEdge, { spans, complaints }: OtlpReceiver, count: number) {
  clock.advance(GATHERED_MS)
  await turnUntil(() => spans.length >= count || complaints.length > 0, `${count} spans`)
  expect(complaints).toEqual([])
  return spans
}

const only = (values: readonly string[]): string => {
  expect(values).toHaveLength(1)
  return values[0] ?? ''
}

const parentOf = (span: ReceivedSpan | undefined, spans: readonly ReceivedSpan[]): ReceivedSpan | undefined =>
  spans.find(({ spanId }) => spanId === span?.parentSpanId)

describe('without tracing', () => {
  test.each([
    ['a whole context', `traceparent: ${TRACEPARENT}\r\nTraceState: a=1, b=2\r\nBaggage: user=7;p,x=%20\r\n`],
    ['B3', 'b3: 0\r\nX-B3-TraceId: nonsense\r\n'],
    ['nonsense', 'traceparent: ff-\xff\r\ntraceparent: again\r\ntracestate: ,,=\r\nbaggage: =\r\n'],
  ])('%s is passed on byte for byte', async (_title, lines) => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await startTestEdge([backend.port])
    await using client = await connectTo(edge.port)
    await ask(client, get('/', lines))
    expect(backend.requests[0]?.head).toContain(`\r\n${lines}Via: `)
  })

  test('nothing is added', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await startTestEdge([backend.port])
    await using client = await connectTo(edge.port)
    await ask(client, get('/'))
    expect(backend.requests[0]?.head).not.toMatch(/trace|b3|baggage/i)
  })
})

describe('a traced request', () => {
  test('arrives at a collector as a span, with one below it that its backend is told of', async () => {
    await using rig = await tracing()
    const before = BigInt(rig.edge.clock.wallTime()) * 1_000_000n
    const request = await rig.forwarded('', '/a?token=hush')
    const spans = await collected(rig.edge, rig.collector, 2)
    const [server, client] = spans
    expect([server?.kind, client?.kind, client?.parentSpanId]).toEqual([2, 3, server?.spanId])
    expect(server?.parentSpanId).toBeUndefined()
    expect(only(valuesOf(request, 'traceparent'))).toBe(`00-${server?.traceId}-${client?.spanId}-03`)
    expect(client?.attributes['url.full']).toBe(`http://127.0.0.1:${rig.backend.port}/a?token=***`)
    expect(server!.startedAt).toBeGreaterThanOrEqual(before)
    expect(server?.resource).toMatchObject({ 'service.name': 'edge', 'service.version': expect.any(String) as string })
    expect(rig.collector.requests.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer hush'])
  })

  test('goes on in the trace of its client, whose state and baggage are passed on', async () => {
    await using rig = await tracing({ sampleRatio: 0 })
    const others = 'tracestate: a=1,b=2\r\nbaggage: user=7\r\n'
    const request = await rig.forwarded(`traceparent: ${TRACEPARENT}\r\n${others}`)
    const [server, client] = await collected(rig.edge, rig.collector, 2)
    expect([server?.traceId, server?.parentSpanId, server?.traceState]).toEqual([TRACE_ID, PARENT_ID, 'a=1,b=2'])
    expect(only(valuesOf(request, 'traceparent'))).toBe(`00-${TRACE_ID}-${client?.spanId}-01`)
    expect(request.head).toContain(others)
  })

  test('that is not recorded sends nothing, and tells its backend so', async () => {
    await using rig = await tracing({ sampleRatio: 0 })
    expect(only(valuesOf(await rig.forwarded(), 'traceparent'))).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-02$/)
    const theirs = `traceparent: ${UNSAMPLED}\r\ntracestate: a=1\r\n`
    expect((await rig.forwarded(theirs)).head).toContain(theirs)
    rig.edge.clock.advance(60_000)
    expect([rig.collector.requests.length, rig.edge.counters.traceSpansLost]).toEqual([0, { backlog: 0, failure: 0 }])
  })

  test.each([
    `traceparent: ff${TRACEPARENT.slice(2)}\r\ntracestate: a=1\r\n`,
    `traceparent: ${TRACEPARENT}\r\ntraceparent: ${TRACEPARENT}\r\ntracestate: a=1\r\n`,
    `TRACEPARENT: ${TRACEPARENT.toUpperCase()}\r\ntracestate: a=1\r\n`,
  ])('whose context is invalid begins a trace, and only ours is told: %p', async (lines) => {
    await using rig = await tracing()
    const request = await rig.forwarded(lines)
    const [server] = await collected(rig.edge, rig.collector, 2)
    expect(server?.parentSpanId).toBeUndefined()
    expect(only(valuesOf(request, 'traceparent'))).toStartWith(`00-${server?.traceId}`)
    expect(valuesOf(request, 'tracestate')).toEqual([])
  })

  test('has a span for each attempt, in the order in which they began', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using dead = startRawBackend({ answer: ({ peer }) => peer.reset() })
    await using collector = startOtlpReceiver()
    await using edge = await startTestEdge([dead.port, backend.port], {
      config: { tracing: tracingPolicy({ endpoint: collector.url }) },
      pool: { retry: testRetry() },
    })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get('/'))).status).toBe(200)
    const [server, first, second] = await collected(edge, collector, 3)
    expect(server?.attributes['smartedge.attempts']).toBe(2)
    expect([first, second].map((span) => [parentOf(span, collector.spans)?.spanId, span?.status])).toEqual([
      [server?.spanId, 2],
      [server?.spanId, 0],
    ])
    expect(first?.attributes).toMatchObject({ 'error.type': 'reset', 'server.port': dead.port })
    expect(second?.attributes).toMatchObject({ 'http.request.resend_count': 1, 'server.port': backend.port })
    const told = [dead, backend].map(({ requests }) => only(valuesOf(requests[0]!, 'traceparent')).split('-')[2])
    expect(told).toEqual([first!.spanId, second!.spanId])
  })

  test('of B3 is told in B3', async () => {
    await using rig = await tracing({ formats: ['b3', 'b3multi'] })
    const request = await rig.forwarded(`b3: ${TRACE_ID}-${PARENT_ID}-1\r\nX-B3-ParentSpanId: ${PARENT_ID}\r\n`)
    const [server, client] = await collected(rig.edge, rig.collector, 2)
    expect([server?.traceId, server?.parentSpanId]).toEqual([TRACE_ID, PARENT_ID])
    expect(only(valuesOf(request, 'b3'))).toBe(`${TRACE_ID}-${client?.spanId}-1`)
    expect(only(valuesOf(request, 'x-b3-spanid'))).toBe(client!.spanId)
    expect([valuesOf(request, 'x-b3-parentspanid'), valuesOf(request, 'traceparent')]).toEqual([[], []])
  })

  test('that no route takes is traced, too', async () => {
    await using collector = startOtlpReceiver()
    const match = { ...anyRequest, path: '/api/*' }
    await using edge = await startTestEdge([], {
      config: {
        tracing: tracingPolicy({ endpoint: collector.url }),
        routes: [{ match, pool: 'web', priority: 5 }],
        pools: [testPool([1])],
      },
    })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get('/other'))).status).toBe(404)
    const [server] = await collected(edge, collector, 1)
    expect(server?.attributes).toMatchObject({ 'http.response.status_code': 404, 'smartedge.route': '' })
  })

  test('of a route that is not traced passes on what its client says', async () => {
    await using rig = await tracing()
    await rig.edge.apply({ routes: [{ match: anyRequest, pool: 'web', priority: 5, tracing: false }] })
    expect((await rig.forwarded()).head).not.toContain('traceparent')
    expect((await rig.forwarded('traceparent: junk\r\n')).head).toContain('traceparent: junk\r\n')
  })
})

describe('tracing that changes while it serves', () => {
  test('goes on, off, and to another collector', async () => {
    await using rig = await tracing()
    await using other = startOtlpReceiver()
    await rig.forwarded()
    await rig.edge.apply({ tracing: { ...rig.policy, endpoint: other.url } })
    // What was gathered for the first goes there at once.
    await turnUntil(() => rig.collector.spans.length === 2, 'spans of the first')
    await rig.forwarded()
    await collected(rig.edge, other, 2)
    const { tracing: _, ...without } = rig.edge.edge.control.config
    await apply(rig.edge.edge.control, without)
    expect((await rig.forwarded()).head).not.toContain('traceparent')
    expect([rig.collector.spans.length, other.spans.length]).toEqual([2, 2])
  })

  test('keeps what is gathered when only the ratio has changed', async () => {
    await using rig = await tracing()
    await rig.forwarded()
    await rig.edge.apply({ tracing: { ...rig.policy, sampleRatio: 0 } })
    await rig.forwarded()
    await collected(rig.edge, rig.collector, 2)
    expect(rig.collector.requests).toHaveLength(1)
  })
})

describe('a collector that', () => {
  const lost = (edge: TestEdge) => edge.counters.traceSpansLost

  /** Time goes on until so many are given up. */
  const allLost = (edge: TestEdge, count: number): Promise<void> =>
    turnUntil(() => {
      edge.clock.advance(100)
      return lost(edge).failure === count
    }, `the loss of ${count} spans`)

  /** All requests are answered, whatever becomes of their spans. */
  async function serve(rig: Awaited<ReturnType<typeof tracing>>): Promise<void> {
    for (let index = 0; index < 3; index += 1) await rig.forwarded()
    rig.edge.clock.advance(GATHERED_MS)
  }

  test('answers 500 costs spans, which is told once', async () => {
    await using rig = await tracing({}, () => new Response('no', { status: 500 }))
    await serve(rig)
    await turnUntil(() => lost(rig.edge).failure === 6, 'the loss')
    await serve(rig)
    await turnUntil(() => lost(rig.edge).failure === 12, 'another loss')
    const told = rig.edge.events.filter(({ kind }) => kind === 'traces-away')
    expect(told).toEqual([{ kind: 'traces-away', to: rig.collector.url, reason: 'it answers 500' }])
  })

  test('redirects is not followed', async () => {
    await using elsewhere = startOtlpReceiver()
    await using rig = await tracing({}, () => Response.redirect(elsewhere.url, 307))
    await serve(rig)
    await turnUntil(() => lost(rig.edge).failure === 6, 'the loss')
    expect(elsewhere.requests).toHaveLength(0)
  })

  test('hangs costs spans once its time is up, and requests nothing', async () => {
    const hung = Promise.withResolvers<void>()
    await using rig = await tracing({ timeoutMs: 100 }, () => hung.promise.then(() => Response.json({})))
    await serve(rig)
    await allLost(rig.edge, 6)
    expect((await rig.forwarded()).head).toContain('traceparent')
    hung.resolve()
  })

  test('is not there costs spans, and requests nothing', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    const endpoint = await gone()
    await using edge = await startTestEdge([backend.port], { config: { tracing: tracingPolicy({ endpoint }) } })
    await using client = await connectTo(edge.port)
    for (let index = 0; index < 20; index += 1) expect((await ask(client, get('/'))).status).toBe(200)
    await allLost(edge, 40)
    expect(edge.events.filter(({ kind }) => kind === 'traces-away')).toHaveLength(1)
  })

  test('rejects some of them is believed', async () => {
    await using rig = await tracing({}, () => Response.json({ partialSuccess: { rejectedSpans: '4' } }))
    await serve(rig)
    await turnUntil(() => lost(rig.edge).failure === 4, 'the loss')
    expect(rig.edge.counters.traceSpans).toBe(2)
  })

  async function gone(): Promise<string> {
    const receiver = startOtlpReceiver()
    await receiver[Symbol.asyncDispose]()
    return receiver.url
  }
})

describe('the process', () => {
  test('sends what it has before it ends, and takes a key from the environment', async () => {
    await using collector = startOtlpReceiver()
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await startProcess({
      pool: { backends: [`http://127.0.0.1:${backend.port}`] },
      config: { tracing: { endpoint: collector.url, headers: { 'x-key': '${COLLECTOR_KEY}' } } },
      env: { COLLECTOR_KEY: 'hush' },
    })
    await edge.event('ready')
    await using client = await connectTo(edge.port)
    await ask(client, get('/'))
    edge.child.kill('SIGTERM')
    expect(await edge.child.exited).toBe(0)
    expect([collector.spans.length, collector.complaints]).toEqual([2, []])
    expect(collector.requests[0]?.headers.get('x-key')).toBe('hush')
    expect(edge.lines().join()).not.toContain('hush')
  }, 20_000)

  test('ends in time though a collector hangs', async () => {
    const hung = Promise.withResolvers<void>()
    await using collector = startOtlpReceiver(() => hung.promise.then(() => Response.json({})))
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await startProcess({
      pool: { backends: [`http://127.0.0.1:${backend.port}`] },
      config: { tracing: { endpoint: collector.url, timeout: '1m' } },
    })
    await edge.event('ready')
    {
      await using client = await connectTo(edge.port)
      await ask(client, get('/'))
    }
    edge.child.kill('SIGTERM')
    expect(await edge.child.exited).toBe(0)
    hung.resolve()
  }, 20_000)
})
