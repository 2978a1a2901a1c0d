import { describe, expect, test } from 'bun:test'
import { ProtocolError } from '../../../core/errors.ts'
import { expectEnded } from '../../support/ended-exchange.ts'
import {
  answers,
  beginExchange,
  connected,
  type FakeExchangeOptions,
  type FakeStream,
  fails,
  responds,
} from '../../support/fake-streams.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { parseResponse } from '../../support/http1-heads.ts'

const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n'
const put = 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

describe('an exchange', () => {
  test('sends at once on a stream that is open already', () => {
    const { sources, client } = beginExchange({ idle: [1] })
    expect(sources[0]!.last.log).toEqual(['GET', 'end'])
    answers(sources[0]!.last)
    expect(client.log).toEqual(['head 200', 'body hello', 'end'])
  })

  test('sends when a fresh stream says that it is open', () => {
    const { sources } = beginExchange()
    expect(sources[0]!.last.log).toEqual([])
    connected(sources[0]!.last)
    expect(sources[0]!.last.log).toEqual(['GET', 'end'])
  })

  test('takes the body in the form of the backend, once it can be sent on', () => {
    const exchange = beginExchange({ request: post, isWhole: false })
    expect(exchange.client.log).toEqual([])
    connected(exchange.sources[0]!.last)
    expect(exchange.client.log).toEqual(['resume chunks'])
    exchange.client.sink.onRequestBody(bytesOf('abc'), 0, 3)
    exchange.client.sink.onRequestEnd(undefined)
    expect(exchange.sources[0]!.last.log).toEqual(['POST', 'body abc', 'end'])
  })

  test('asks for a connection that is surely there for a request that may not be sent twice, and for no other', () => {
    const choicesOf = (options: FakeExchangeOptions) => beginExchange(options).sources[0]!.choices
    expect(choicesOf({ idle: [1] })).toEqual(['any'])
    expect(choicesOf({ idle: [1], request: post, isWhole: false })).toEqual(['checked'])
    expect(choicesOf({ idle: [1], request: 'POST / HTTP/1.1\r\nHost: a\r\n\r\n' })).toEqual(['checked'])
  })

  test('stops the client while the backend is blocked, and the backend while the client is', () => {
    const { sources, client } = beginExchange({ request: post, isWhole: false, idle: [1] })
    const stream = sources[0]!.last
    stream.sink?.onBackendBlocked(true)
    stream.sink?.onBackendBlocked(false)
    expect(client.log).toEqual(['resume chunks', 'pause', 'resume chunks'])
    client.sink.onClientBlocked(true)
    expect(stream.log).not.toContain('pause')
    responds(stream)
    client.sink.onClientBlocked(true)
    client.sink.onClientBlocked(false)
    expect(stream.log).toEqual(['POST', 'pause', 'resume'])
  })

  test('holds a response back from a client that still takes the one before', () => {
    const { sources, client } = beginExchange({ idle: [1] })
    client.isBlocked = true
    responds(sources[0]!.last)
    expect(sources[0]!.last.log).toEqual(['GET', 'end', 'pause'])
  })

  test('passes interim responses on', () => {
    const { sources, client } = beginExchange({ idle: [1] })
    sources[0]!.last.sink?.onInterim(parseResponse('HTTP/1.1 103 Early Hints\r\n\r\n'))
    answers(sources[0]!.last)
    expect(client.log).toEqual(['interim 103', 'head 200', 'body hello', 'end'])
  })

  test('gives nobody what nobody can take: 503', () => {
    const exchange = beginExchange({ idle: [] })
    expect(exchange.client.log).toEqual(['refuse 503 no backend is usable now'])
    expect(exchange.counters).toMatchObject({ unavailable: 1 })
    expectEnded(exchange)
  })

  test('goes to another backend when one is at its cap', () => {
    const sources = beginExchange({ idle: [0, 1] }).sources
    expect(sources[1]!.streams).toHaveLength(0)
    const full = beginExchange({ idle: [0, 0] })
    for (const source of full.sources) source.isFull = true
    fails(full.sources[0]!.last)
    expect(full.client.log).toEqual(['refuse 502 no connection to a backend: because'])
    expectEnded(full)
  })
})

describe('an attempt that fails', () => {
  test('for want of something of our own counts against no backend', () => {
    const exchange = beginExchange({ attempts: 1 })
    fails(exchange.sources[0]!.last, 'local')
    const [backend] = exchange.backends
    expect(backend!.counters).toMatchObject({ localFailures: 1, failures: 0, connectFailures: 0, abandoned: 0 })
    expect(exchange.records[0]!.attempts[0]!.outcome).toMatchObject({ kind: 'local' })
    expect(exchange.client.log).toEqual(['refuse 503 no connection can be opened: because'])
    expectEnded(exchange)
  })

  const cases: readonly [
    says: string,
    options: FakeExchangeOptions,
    act: (stream: FakeStream) => void,
    asked: number[],
  ][] = [
    ['to connect is made at another backend', {}, fails, [1, 1]],
    ['to connect with a POST is made at another backend', { request: post, isWhole: false }, fails, [1, 1]],
    ['to connect is not made again without attempts left', { attempts: 1 }, fails, [1, 0]],
    [
      'over a stale connection is made again at the same backend',
      { idle: [1, 0] },
      (one) => fails(one, 'reset'),
      [2, 0],
    ],
    [
      'over a fresh connection is made at another',
      {},
      (one) => {
        connected(one)
        fails(one, 'reset')
      },
      [1, 1],
    ],
    [
      'with a POST that was sent is not made again',
      { request: post, idle: [1, 0] },
      (one) => fails(one, 'reset'),
      [1, 0],
    ],
    [
      'in the middle of a head is made at another',
      {},
      (one) => {
        connected(one)
        one.hasBegun = true
        fails(one, 'reset')
      },
      [1, 1],
    ],
    [
      'in the middle of a head over a kept connection is made at another, which it is no stale one',
      { idle: [1, 1] },
      (one) => {
        one.hasBegun = true
        fails(one, 'reset')
      },
      [1, 1],
    ],
    [
      'behind an interim response that its client has is not made again',
      { idle: [1, 1] },
      (one) => {
        one.hasBegun = true
        one.sink?.onInterim(parseResponse('HTTP/1.1 100 Continue\r\n\r\n'))
        fails(one, 'reset')
      },
      [1, 0],
    ],
    ['by a timeout is made at another', { idle: [1, 0] }, (one) => fails(one, 'timeout'), [1, 1]],
    ['by a malformed response is not made again', { idle: [1, 0] }, (one) => fails(one, 'protocol'), [1, 0]],
    [
      'by a malformed response is made at another where that is asked for',
      { idle: [1, 0], retry: { on: ['protocol'] } },
      (one) => fails(one, 'protocol'),
      [1, 1],
    ],
    [
      'by a malformed response to a POST is not made again, whatever is asked for',
      { request: post, idle: [1, 0], retry: { on: ['protocol'] } },
      (one) => fails(one, 'protocol'),
      [1, 0],
    ],
  ]
  test.each(cases)('%s', (_, options, act, asked) => {
    const { sources } = beginExchange({ idle: [0, 0], ...options })
    act(sources[0]!.last)
    expect(sources.map(({ streams }) => streams.length)).toEqual(asked)
  })

  test('over a stale connection to a dead backend ends at another one', () => {
    const exchange = beginExchange({ idle: [1, 0] })
    const [dead, alive] = exchange.sources
    fails(dead!.last, 'reset')
    fails(dead!.last, 'connect')
    connected(alive!.last)
    answers(alive!.last)
    expect(exchange.client.log).toEqual(['head 200', 'body hello', 'end'])
    expect([dead!.streams.length, alive!.streams.length]).toEqual([2, 1])
    expect(exchange.counters.retries).toBe(2)
    expect(exchange.views.map(({ isRetry }) => isRetry)).toEqual([false, true, true])
    expectEnded(exchange)
  })

  test('with a chunked request without data is replayed to its last chunk', () => {
    const exchange = beginExchange({ request: put, isWhole: false, idle: [1, 0] })
    const [source] = exchange.sources
    exchange.client.isWhole = true
    exchange.client.sink.onRequestEnd(undefined)
    expect(source!.last.log).toEqual(['PUT', 'end'])
    fails(source!.last, 'reset')
    connected(source!.last)
    expect(source!.last.log).toEqual(['PUT', 'end'])
  })

  test('in the middle of its response cuts the client', () => {
    const exchange = beginExchange({ idle: [1, 0] })
    responds(exchange.sources[0]!.last)
    fails(exchange.sources[0]!.last, 'reset')
    expect(exchange.client.log).toEqual(['head 200', 'cut 502 because'])
    expect(exchange.counters).toMatchObject({ truncated: 1 })
    expect(exchange.records[0]!.ending).toEqual({ kind: 'truncated', status: 200 })
    expectEnded(exchange)
  })

  test('switching protocols unasked is a bad gateway', () => {
    const exchange = beginExchange({ idle: [1] })
    responds(exchange.sources[0]!.last, 'HTTP/1.1 101 Switching Protocols\r\n\r\n')
    expect(exchange.sources[0]!.last.log).toEqual(['GET', 'end', 'abort'])
    expect(exchange.client.log).toEqual(['refuse 502 the backend switched protocols unasked'])
    expectEnded(exchange)
  })
})

describe('a client', () => {
  test.each([
    ['while a connection is being opened', () => undefined],
    ['while it waits', connected],
    [
      'in the middle of its response',
      (stream: FakeStream) => {
        connected(stream)
        responds(stream)
      },
    ],
  ])('that leaves %s has the attempt given up, through no fault of the backend', (_, act) => {
    const exchange = beginExchange()
    const stream = exchange.sources[0]!.last
    act(stream)
    exchange.client.sink.onClientGone()
    expect(stream.log.at(-1)).toBe('abort')
    expect(exchange.backends[0]!.counters).toMatchObject({ abandoned: 1, failures: 0 })
    expect(exchange.counters.abandoned).toBe(1)
    expect(exchange.records[0]!.ending).toEqual({ kind: 'abandoned' })
    expectEnded(exchange)
  })

  test.each([
    [400, 'badRequests'],
    [408, 'clientTimeouts'],
  ] as const)('whose body is faulty is told %p', (status, counter) => {
    const exchange = beginExchange({ request: post, isWhole: false, idle: [1] })
    exchange.client.sink.onRequestFault(new ProtocolError('the body', status))
    expect(exchange.client.log.at(-1)).toBe(`refuse ${status} the body`)
    expect(exchange.counters[counter]).toBe(1)
    expectEnded(exchange)
  })

  test('whose body is faulty after its response has begun is cut', () => {
    const exchange = beginExchange({ request: post, isWhole: false, idle: [1] })
    responds(exchange.sources[0]!.last)
    exchange.client.sink.onRequestFault(new ProtocolError('the body'))
    expect(exchange.client.log.at(-1)).toBe('cut 400 the body')
    expectEnded(exchange)
  })
})

describe('the record of an exchange', () => {
  test('tells how it went, attempt by attempt', () => {
    const { clock, client, sources, records } = beginExchange({ request: post, isWhole: false })
    clock.advance(5)
    fails(sources[0]!.last)
    clock.advance(3)
    connected(sources[1]!.last)
    client.sink.onRequestBody(bytesOf('abc'), 0, 3)
    client.isWhole = true
    client.sink.onRequestEnd(undefined)
    clock.advance(17)
    answers(sources[1]!.last, 'hello')
    expect(records).toHaveLength(1)
    const [{ client: asker, line, identity, ...rest }] = records as [(typeof records)[0]]
    expect(rest).toEqual({
      startedAt: 0,
      endedAt: 25,
      route: 'route',
      pool: 'web',
      ending: { kind: 'answered', status: 200 },
      attempts: [
        {
          backend: '127.0.0.1:8001',
          isHedge: false,
          startedAt: 0,
          readyAt: undefined,
          respondedAt: undefined,
          endedAt: 5,
          outcome: { kind: 'failed', cause: 'connect', elapsedMs: 5 },
        },
        {
          backend: '127.0.0.1:8002',
          isHedge: false,
          startedAt: 5,
          readyAt: 8,
          respondedAt: 25,
          endedAt: 25,
          outcome: { kind: 'completed', status: 200, elapsedMs: 20 },
        },
      ],
      requestBytes: 3,
      responseBytes: 5,
      subject: undefined,
    })
    expect([asker.readHead().method, asker.peer.address, identity.address]).toEqual(['POST', '192.0.2.1', '192.0.2.1'])
    expect(line).toEqual({ method: 'POST', target: '/', protocol: 'HTTP/1.1' })
  })

  test('says that a kept connection was ready at once', () => {
    const { clock, sources, records } = beginExchange({ idle: [1] })
    clock.advance(7)
    answers(sources[0]!.last)
    expect(records[0]!.attempts[0]).toMatchObject({ startedAt: 0, readyAt: 0, respondedAt: 7 })
  })

  test('is not made when nobody observes', () => {
    const { client, sources, records, counters } = beginExchange({ isObserved: false, idle: [1] })
    answers(sources[0]!.last)
    expect([client.log.at(-1), records.length, counters.responses2xx]).toEqual(['end', 0, 1])
  })
})
