import { describe, expect, test } from 'bun:test'
import { hiding } from '../../../core/access-log/hide.ts'
import type { AttemptRecord, Ending } from '../../../core/exchange/record.ts'
import { encodeSpan, envelope, type Span } from '../../../core/trace/otlp.ts'
import { spansOf, type SpanRules } from '../../../core/trace/spans.ts'
import { exchangeRecord, type RecordOptions } from '../../support/exchange-record.ts'
import { decodeTraces } from '../../support/otlp-receiver.ts'
import { PARENT_ID, TRACE_ID } from '../../support/tracing.ts'

const SPAN_ID = 'aaaaaaaaaaaaaaaa'
const EPOCH_MS = 1_795_734_080_000

const attempt = (changes: Partial<AttemptRecord> = {}): AttemptRecord => ({
  backend: '10.0.0.7:8081',
  isHedge: false,
  startedAt: 1,
  readyAt: undefined,
  respondedAt: undefined,
  endedAt: 9,
  outcome: { kind: 'completed', status: 200, elapsedMs: 8 },
  spanId: 'bbbbbbbbbbbbbbbb',
  ...changes,
})

const rules: SpanRules = { route: 'GET /v1/*', path: '/v1/*', isHidden: hiding(['email']) }

const spansFor = (options: RecordOptions = {}, changes: Partial<SpanRules> = {}): Span[] =>
  spansOf(
    {
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      parentId: PARENT_ID,
      state: 'a=1',
      record: exchangeRecord({ attempts: [attempt()], ...options }),
    },
    { ...rules, ...changes },
    EPOCH_MS,
  )

/** As a collector gets it. */
function received(spans: readonly Span[]) {
  const { head, tail } = envelope({ 'service.name': 'edge' }, { name: 'smartedge', version: '1' })
  return decodeTraces(JSON.parse(head + spans.map(encodeSpan).join(',') + tail))
}

const request = (line: string, lines = ''): string => `${line} HTTP/1.1\r\nHost: shop.example:8443\r\n${lines}\r\n`

describe('a span of a request', () => {
  test('hides what the log hides, be it a field', () => {
    const isHidden = hiding(['user-agent'])
    const [server] = received(spansFor({ request: request('GET /', 'User-Agent: me\r\n') }, { isHidden }))
    expect(server?.attributes).toMatchObject({ 'user_agent.original': '***' })
  })

  test('says what OpenTelemetry asks of a server', () => {
    const [server] = received(
      spansFor({ request: request('GET /v1/a?token=hush&email=me&x=1', 'User-Agent: curl/8\r\n'), startedAt: 0.5 }),
    )
    expect(server).toEqual({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      parentSpanId: PARENT_ID,
      traceState: 'a=1',
      // Recorded; its parent is known to be elsewhere.
      flags: 0x301,
      name: 'GET /v1/*',
      kind: 2,
      startedAt: 1_795_734_080_000_500_000n,
      endedAt: 1_795_734_080_020_000_000n,
      attributes: {
        'http.request.method': 'GET',
        'url.scheme': 'http',
        'url.path': '/v1/a',
        'url.query': 'token=***&email=***&x=1',
        'server.address': 'shop.example',
        'server.port': 8443,
        'client.address': '192.0.2.1',
        'network.peer.address': '192.0.2.1',
        'network.protocol.version': '1.1',
        'user_agent.original': 'curl/8',
        'http.response.status_code': 200,
        'http.route': '/v1/*',
        'smartedge.pool': 'web',
        'smartedge.ending': 'answered',
        'smartedge.attempts': 1,
        'smartedge.route': 'GET /v1/*',
      },
      events: [],
      status: 0,
      resource: { 'service.name': 'edge' },
      scope: 'smartedge',
    })
  })

  test('of a trace that begins here has no parent', () => {
    const record = exchangeRecord()
    const [server] = spansOf(
      { traceId: TRACE_ID, spanId: SPAN_ID, parentId: undefined, state: undefined, record },
      rules,
      0,
    )
    expect(received([server!])[0]).toMatchObject({ parentSpanId: undefined, traceState: undefined, flags: 0x101 })
  })

  test('whose method is made up is named and told as any other', () => {
    const [server, client] = received(spansFor({ request: request('BREW /') }))
    const method = { 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' }
    expect(server).toMatchObject({ name: 'HTTP /v1/*', attributes: method })
    expect(client).toMatchObject({ name: 'HTTP', attributes: method })
  })

  test('of a rule for every path is named by its method alone', () => {
    const [server] = received(spansFor({}, { path: undefined, route: '*' }))
    expect(server?.name).toBe('GET')
    expect(server?.attributes['http.route']).toBeUndefined()
  })

  test('says where a trusted proxy says that it comes from', () => {
    const [server] = received(
      spansFor({
        request: request('GET /', 'X-Forwarded-For: 203.0.113.9\r\n'),
        isTrusted: (address) => address === '192.0.2.1',
      }),
    )
    expect(server?.attributes).toMatchObject({
      'client.address': '203.0.113.9',
      'network.peer.address': '192.0.2.1',
    })
  })

  test('takes the authority of the target, where that names one', () => {
    const text = 'GET http://other.example/v1/x?q HTTP/1.1\r\nHost: a\r\n\r\n'
    expect(received(spansFor({ request: text }))[0]?.attributes).toMatchObject({
      'server.address': 'other.example',
      'server.port': 80,
      'url.path': '/v1/x',
      'url.query': 'q',
    })
  })

  const endings: readonly (readonly [Ending, number, number | undefined, string | undefined])[] = [
    [{ kind: 'answered', status: 404 }, 0, 404, undefined],
    [{ kind: 'answered', status: 503 }, 2, 503, '503'],
    [{ kind: 'refused', status: 429, detail: 'slow down', reason: 'rate' }, 0, 429, undefined],
    [{ kind: 'refused', status: 502, detail: 'nobody' }, 2, 502, '502'],
    [{ kind: 'truncated', status: 200 }, 2, 200, 'truncated'],
    [{ kind: 'abandoned' }, 0, undefined, 'abandoned'],
    [{ kind: 'tunnel', status: 101 }, 0, 101, undefined],
  ]
  test.each(endings)('that ended as %j has status %p', (ending, status, code, type) => {
    const [server] = received(spansFor({ ending }))
    expect([server?.status, server?.attributes['http.response.status_code'], server?.attributes['error.type']]).toEqual(
      [status, code, type],
    )
  })

  test('says by which rule it was refused', () => {
    const ending = { kind: 'refused', status: 429, detail: 'slow down', reason: 'rate' } as const
    expect(received(spansFor({ ending, attempts: [] }))[0]?.attributes['smartedge.reason']).toBe('rate')
  })

  test('holds whatever a client sends, and no more of it than fits', () => {
    const path = `/${'x'.repeat(5000)}`
    const [server] = received(spansFor({ request: request(`GET ${path}`, 'User-Agent: "\\\t\xff<script>\r\n') }))
    expect(server?.attributes['url.path']).toBe(path.slice(0, 2048))
    expect(server?.attributes['user_agent.original']).toBe('"\\\t\xff<script>')
    expect(encodeSpan(spansFor({ request: request('GET /\xe9') })[0]!)).toMatch(/^[\x20-\x7e]*$/)
  })
})

describe('a span of an attempt', () => {
  test('says what OpenTelemetry asks of a client', () => {
    const attempts = [attempt({ readyAt: 3, respondedAt: 8 })]
    const [, client] = received(spansFor({ request: request('GET /v1/a?token=hush'), attempts }))
    expect(client).toMatchObject({
      spanId: 'bbbbbbbbbbbbbbbb',
      parentSpanId: SPAN_ID,
      flags: 0x101,
      name: 'GET',
      kind: 3,
      startedAt: 1_795_734_080_001_000_000n,
      endedAt: 1_795_734_080_009_000_000n,
      events: [
        { name: 'connected', at: 1_795_734_080_003_000_000n },
        { name: 'first byte', at: 1_795_734_080_008_000_000n },
      ],
      status: 0,
    })
    expect(client?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.full': 'http://10.0.0.7:8081/v1/a?token=***',
      'server.address': '10.0.0.7',
      'server.port': 8081,
      'network.protocol.version': '1.1',
      'http.response.status_code': 200,
      'smartedge.pool': 'web',
      'smartedge.backend': '10.0.0.7:8081',
      'smartedge.outcome': 'completed',
    })
  })

  test('stands where it began, and tells how often it was tried before', () => {
    const attempts = [
      attempt({ startedAt: 5, spanId: 'cccccccccccccccc', isHedge: true }),
      attempt({ startedAt: 1, outcome: { kind: 'abandoned', elapsedMs: 9 } }),
    ]
    const [, first, second] = received(spansFor({ attempts }))
    expect([first?.spanId, first?.attributes['http.request.resend_count'], first?.status]).toEqual([
      'bbbbbbbbbbbbbbbb',
      undefined,
      0,
    ])
    expect(second?.attributes).toMatchObject({ 'http.request.resend_count': 1, 'smartedge.hedge': true })
  })

  test('that is explained says why it was that backend', () => {
    const pick = {
      by: 'strategy',
      strategy: 'p2c',
      why: 'fewer requests than b',
      candidates: [],
      excluded: [],
      counts: { candidates: 2, excluded: 0 },
      drawn: [],
      chosen: 'a',
      runnerUp: 'b',
      waitedMs: 0,
      askedWith: undefined,
    } as const
    const [, client] = received(spansFor({ attempts: [attempt({ pick })] }))
    expect(client?.attributes).toMatchObject({
      'smartedge.pick': 'strategy',
      'smartedge.strategy': 'p2c',
      'smartedge.why': 'fewer requests than b',
    })
  })

  test('over a kept connection was not connected', () => {
    const attempts = [attempt({ readyAt: 1, respondedAt: 2 })]
    expect(spansFor({ attempts })[1]?.events.map(({ name }) => name)).toEqual(['first byte'])
  })

  test.each([
    [{ kind: 'completed', status: 200, elapsedMs: 1 }, 0, undefined],
    [{ kind: 'completed', status: 404, elapsedMs: 1 }, 2, '404'],
    [{ kind: 'failed', cause: 'timeout', elapsedMs: 1 }, 2, 'timeout'],
    [{ kind: 'failed', cause: 'connect', elapsedMs: 1 }, 2, 'connect'],
    [{ kind: 'local', elapsedMs: 1 }, 2, 'local'],
    [{ kind: 'abandoned', elapsedMs: 1 }, 0, undefined],
  ] as const)('that came to %j has status %p', (outcome, status, type) => {
    const [, client] = received(spansFor({ attempts: [attempt({ outcome })] }))
    expect([client?.status, client?.attributes['error.type']]).toEqual([status, type])
  })

  test.each([
    ['[2001:db8::1]:80', '2001:db8::1', 80, 'http://[2001:db8::1]:80/'],
    ['unix:/run/app.sock', '/run/app.sock', undefined, 'http://localhost/'],
    ['unix:/run/app:8080', '/run/app:8080', undefined, 'http://localhost/'],
  ])('at %s says where that is', (backend, address, port, url) => {
    const [, client] = received(spansFor({ request: request('GET /'), attempts: [attempt({ backend })] }))
    const { attributes } = client!
    expect([attributes['server.address'], attributes['server.port'], attributes['url.full']]).toEqual([
      address,
      port,
      url,
    ])
  })

  test('that was not recorded has none', () => {
    expect(spansFor({ attempts: [attempt({ spanId: undefined })] })).toHaveLength(1)
  })
})
