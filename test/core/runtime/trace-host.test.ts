import { describe, expect, test } from 'bun:test'
import type { Config } from '../../../core/config/config.ts'
import { createIdentify } from '../../../core/forward/identify.ts'
import { edgeLedger } from '../../../core/observe/counters.ts'
import { TraceHost } from '../../../core/runtime/trace-host.ts'
import { anyRequest, testConfig } from '../../support/edge.ts'
import { exchangeRecord } from '../../support/exchange-record.ts'
import { answered, fakeAsk } from '../../support/fake-ask.ts'
import { parseRequest } from '../../support/http1-heads.ts'
import { decodeTraces } from '../../support/otlp-receiver.ts'
import { peerAt } from '../../support/peer-at.ts'
import { tracingPolicy } from '../../support/tracing.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const rule = { match: { ...anyRequest, path: '/v1/*' }, pool: 'web', priority: 5 }

function hosting() {
  const clock = virtualClock()
  const asks = fakeAsk()
  const counters = edgeLedger.create()
  const host = new TraceHost({ clock, ask: asks.ask, counters, emit: () => undefined })
  const put = async (changes: Partial<Config>): Promise<void> => (await host.prepare(testConfig(changes))).commit()
  /** A request that begins and ends; its trace. */
  const serve = (request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n') => {
    const trace = host.tracingOf(rule)?.begin(parseRequest(request), createIdentify(() => false)(peerAt('192.0.2.1')))
    return { trace, end: () => trace?.end(exchangeRecord({ request })) }
  }
  return {
    clock,
    asks,
    counters,
    host,
    put,
    serve,
    posted: () => asks.asked.flatMap(({ question }) => decodeTraces(JSON.parse(question.body ?? ''))),
  }
}

describe('tracing of an edge', () => {
  test('is nothing while there is none', async () => {
    const { host, put } = hosting()
    await put({})
    expect(host.tracingOf(rule)).toBeUndefined()
    await put({ tracing: tracingPolicy() })
    expect(host.tracingOf({ ...rule, tracing: false })).toBeUndefined()
    await put({})
    expect(host.tracingOf(rule)).toBeUndefined()
  })

  test('tells of the route, the process, and what the config says of it', async () => {
    const { clock, posted, put, serve } = hosting()
    const attributes = [
      { name: 'deployment.environment.name', value: 'prod' },
      { name: 'host.name', value: 'edge-1' },
    ]
    await put({ tracing: tracingPolicy({ attributes }) })
    serve().end()
    clock.advance(1000)
    const [span] = posted()
    expect(span?.attributes).toMatchObject({ 'http.route': '/v1/*', 'smartedge.route': '/v1/*' })
    expect(span?.resource).toMatchObject({
      'service.name': 'edge',
      'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      'process.pid': process.pid,
      'deployment.environment.name': 'prod',
      'host.name': 'edge-1',
    })
  })

  test('hides what routes take for credentials, whatever it is called', async () => {
    const { clock, posted, put, serve } = hosting()
    const apiKey = { from: { kind: 'query', name: 'Pet' } } as never
    await put({ tracing: tracingPolicy(), routes: [{ ...rule, access: { apiKey } }] })
    serve('GET /v1/a?pet=rex&x=1 HTTP/1.1\r\nHost: a\r\n\r\n').end()
    clock.advance(1000)
    expect(posted()[0]?.attributes['url.query']).toBe('pet=***&x=1')
  })

  test('dates spans by the wall', async () => {
    const { clock, posted, put, serve } = hosting()
    clock.advance(5000)
    await put({ tracing: tracingPolicy() })
    serve().end()
    clock.advance(1000)
    // The record begins at 0 of the monotonic clock.
    expect(posted()[0]?.startedAt).toBe(BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n)
  })

  test('takes what began before another config to where spans go now', async () => {
    const { asks, clock, put, serve } = hosting()
    await put({ tracing: tracingPolicy({ endpoint: 'http://one.example/' }) })
    const { end } = serve()
    await put({ tracing: tracingPolicy({ endpoint: 'http://two.example/' }) })
    end()
    clock.advance(1000)
    expect(asks.asked.map(({ question }) => question.url)).toEqual(['http://two.example/'])
    await put({})
    expect(end).not.toThrow()
  })

  test('goes on with its collector for as long as nothing of that changes', async () => {
    const { asks, clock, put, serve } = hosting()
    await put({ tracing: tracingPolicy() })
    serve().end()
    await put({ tracing: tracingPolicy({ sampleRatio: 0.5, parent: 'sample', formats: ['b3'] }) })
    expect(asks.asked).toHaveLength(0)
    clock.advance(1000)
    expect(asks.asked).toHaveLength(1)
  })

  test('ends when all that was gathered is sent', async () => {
    const { asks, counters, host, put, serve } = hosting()
    await put({ tracing: tracingPolicy() })
    serve().end()
    const ended = host.end()
    asks.last.answer(answered(200, [], '{}'))
    await ended
    expect(counters.traceSpans).toBe(1)
  })
})
