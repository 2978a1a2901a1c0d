import { describe, expect, test } from 'bun:test'
import { type Admission, nobody, type Verdict } from '../../../core/admission/admission.ts'
import { bodySize } from '../../../core/admission/body-size.ts'
import { ProtocolError } from '../../../core/errors.ts'
import { expectEnded } from '../../support/ended-exchange.ts'
import { answers, beginExchange, connected, fails } from '../../support/fake-streams.ts'

const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n'

describe('admission', () => {
  test('that refuses answers without a backend', () => {
    const exchange = beginExchange({ admission: nobody({ status: 429, detail: 'too often' }) })
    expect(exchange.client.log).toEqual(['refuse 429 too often'])
    expect(exchange.sources[0]!.streams).toHaveLength(0)
    expectEnded(exchange)
  })

  function later() {
    const given: { decide?: (verdict: Verdict) => void; cancelled: number } = { cancelled: 0 }
    const verdict: Verdict = {
      kind: 'later',
      wait(decide) {
        given.decide = decide
        return () => (given.cancelled += 1)
      },
    }
    return { given, admission: { admit: () => verdict } }
  }

  test('that decides later holds the request until then', () => {
    const { given, admission } = later()
    const exchange = beginExchange({ admission, request: post, isWhole: false, idle: [1] })
    expect([exchange.client.log, exchange.sources[0]!.streams.length]).toEqual([[], 0])
    exchange.clock.advance(500)
    given.decide!({ kind: 'admitted' })
    expect(exchange.client.log).toEqual(['resume chunks'])
    exchange.clock.advance(100)
    answers(exchange.sources[0]!.last)
    expect(exchange.records[0]!.attempts[0]).toMatchObject({ startedAt: 500, respondedAt: 600 })
    expectEnded(exchange)
  })

  test('that refuses later answers then', () => {
    const { given, admission } = later()
    const { client } = beginExchange({ admission })
    given.decide!({ kind: 'refused', problem: { status: 503, detail: 'full' } })
    expect(client.log).toEqual(['refuse 503 full'])
  })

  const pass = (given: { released: number }) => ({
    responseDrops: ['x-from'],
    responseLines: 'X-Left: 3\r\n',
    requestDrops: ['x-user'],
    requestLines: 'X-User: ann\r\n',
    release: () => void (given.released += 1),
  })
  const admitting = (given: { released: number }): Admission => ({
    admit: () => ({ kind: 'admitted', pass: pass(given) }),
  })

  test('gives what the backend and the client are told, and has it back at the end', () => {
    const given = { released: 0 }
    const exchange = beginExchange({ admission: admitting(given) })
    fails(exchange.sources[0]!.last)
    const { last } = exchange.sources[1]!
    connected(last)
    expect(last.rewrites[0]).toMatchObject({ drops: ['x-user'], lines: 'X-User: ann\r\n' })
    expect(given.released).toBe(0)
    answers(last)
    expect(exchange.client.log).toEqual(['head 200 X-Left: 3\r\n', 'body hello', 'end'])
    expect(given.released).toBe(1)
    expectEnded(exchange)
  })

  test('has it back, and the client is told, when nobody can answer', () => {
    const given = { released: 0 }
    const exchange = beginExchange({ admission: admitting(given), idle: [0] })
    fails(exchange.sources[0]!.last)
    expect(exchange.client.log).toEqual(['refuse 502 no connection to a backend: because X-Left: 3\r\n'])
    expect(given.released).toBe(1)
  })

  test('has it back when the client leaves', () => {
    const given = { released: 0 }
    const exchange = beginExchange({ admission: admitting(given) })
    exchange.client.sink.onClientGone()
    expect(given.released).toBe(1)
  })

  test('is not asked when there is no time left', () => {
    const given = { released: 0 }
    const { client } = beginExchange({
      admission: admitting(given),
      request: 'GET / HTTP/1.1\r\nHost: a\r\nGrpc-Timeout: 0m\r\n\r\n',
      timeouts: {
        requestMs: undefined,
        tryMs: undefined,
        deadline: 'grpc-timeout',
      },
    })
    expect([client.log[0]?.slice(0, 10), given.released]).toEqual(['refuse 504', 0])
  })

  test('that refuses by a rule is counted under it, at its route too', () => {
    const problem = { status: 403, detail: 'not from there' }
    const { counters, records, route } = beginExchange({
      admission: { admit: () => ({ kind: 'refused', problem, reason: 'address' }) },
    })
    expect([counters.refusedAddress, route.traffic.refused, counters.responses4xx]).toEqual([1, 1, 1])
    expect(records[0]!.ending).toEqual({ kind: 'refused', ...problem, reason: 'address' })
  })

  test('holds a body to its length: one that is longer is refused under that rule', () => {
    const { client, counters, route } = beginExchange({
      admission: bodySize(3),
      request: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
      isWhole: false,
      idle: [1],
    })
    expect(client.log).toEqual(['limit 3', 'resume chunks'])
    client.sink.onRequestFault(new ProtocolError('a body may have at most 3 bytes here', 413))
    expect(client.log.at(-1)).toBe('refuse 413 a body may have at most 3 bytes here')
    expect([counters.refusedBody, counters.badRequests, route.traffic.refused]).toEqual([1, 0, 1])
  })

  test('is taken back when the client leaves before', () => {
    const { given, admission } = later()
    const exchange = beginExchange({ admission })
    exchange.client.sink.onClientGone()
    expect(given.cancelled).toBe(1)
    expectEnded(exchange)
  })
})
