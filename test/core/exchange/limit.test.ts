import { describe, expect, test } from 'bun:test'
import { limitOf, type RequestTimeouts } from '../../../core/exchange/limit.ts'
import { expectEnded } from '../../support/ended-exchange.ts'
import { answers, beginExchange, connected, fails, responds } from '../../support/fake-streams.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { parseRequest } from '../../support/http1-heads.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

type Begun = ReturnType<typeof beginExchange>

const NONE: RequestTimeouts = { requestMs: undefined, tryMs: undefined, deadline: undefined }
/** More than the wheel is late by. */
const LATE = 400

const asked = ({ sources }: Begun): number[] => sources.map(({ streams }) => streams.length)

const get = (fields: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`

describe('a request that takes longer than its route allows', () => {
  const timeouts = { ...NONE, requestMs: 1000 }

  test('is answered 504, and the attempt counts as timed out', () => {
    const begun = beginExchange({ idle: [1, 1], timeouts })
    begun.clock.advance(999)
    expect(begun.client.log).toEqual([])
    begun.clock.advance(LATE)
    expect(begun.client.log).toEqual(['refuse 504 no whole response within 1000 ms'])
    expect(begun.sources[0]!.last.log.at(-1)).toBe('abort')
    expect(begun.backends[0]!.counters).toMatchObject({ timeouts: 1, abandoned: 0 })
    expect(begun.counters).toMatchObject({ requestTimeouts: 1, retries: 0 })
    expect(asked(begun)).toEqual([1, 0])
    expectEnded(begun)
  })

  test('is cut once its response has begun, which is nobody’s fault', () => {
    const begun = beginExchange({ idle: [1], timeouts })
    responds(begun.sources[0]!.last)
    begun.clock.advance(1000 + LATE)
    expect(begun.client.log).toEqual(['head 200', 'cut 504 no whole response within 1000 ms'])
    expect(begun.backends[0]!.counters).toMatchObject({ abandoned: 1, failures: 0 })
    expect(begun.records[0]!.ending).toEqual({ kind: 'truncated', status: 200 })
    expectEnded(begun)
  })

  test('has that count from its head on, over all attempts and waits', () => {
    const begun = beginExchange({
      idle: [1, 1],
      timeouts,
      retry: { backoffMs: 500, maxBackoffMs: 500 },
      random: () => 0.9,
    })
    begun.clock.advance(400)
    fails(begun.sources[0]!.last, 'timeout')
    begun.clock.advance(450)
    expect(asked(begun)).toEqual([1, 1])
    begun.clock.advance(150 + LATE)
    expect(begun.client.log).toEqual(['refuse 504 no whole response within 1000 ms'])
    expectEnded(begun)
  })

  test('makes no retry that could not be begun in time', () => {
    const begun = beginExchange({
      idle: [1, 1],
      timeouts,
      retry: { backoffMs: 900, maxBackoffMs: 900 },
      random: () => 0.9,
    })
    begun.clock.advance(400)
    fails(begun.sources[0]!.last, 'timeout')
    expect(begun.client.log).toEqual(['refuse 504 because'])
    expectEnded(begun)
  })

  test('is no longer looked at once it is answered', () => {
    const begun = beginExchange({ idle: [1], timeouts })
    answers(begun.sources[0]!.last)
    expectEnded(begun)
    expect(begun.counters.requestTimeouts).toBe(0)
  })

  test('is told of that while it waits to be admitted', () => {
    let cancelled = 0
    const admission = { admit: () => ({ kind: 'later', wait: () => () => (cancelled += 1) }) as const }
    const begun = beginExchange({ timeouts, admission })
    begun.clock.advance(1000 + LATE)
    expect([begun.client.log.length, cancelled, asked(begun)]).toEqual([1, 1, [0, 0]])
    expectEnded(begun)
  })
})

describe('an attempt that takes longer than its route allows', () => {
  const timeouts = { ...NONE, tryMs: 500 }

  test('is given up for another backend', () => {
    const begun = beginExchange({ idle: [1, 1], timeouts })
    begun.clock.advance(500 + LATE)
    expect(begun.sources[0]!.last.log.at(-1)).toBe('abort')
    answers(begun.sources[1]!.last)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expect(begun.counters).toMatchObject({ retriesAfterTimeout: 1 })
    expect(begun.backends[0]!.counters.timeouts).toBe(1)
    expectEnded(begun)
  })

  test('is told of when it is the last', () => {
    const begun = beginExchange({ idle: [1], timeouts })
    begun.clock.advance(500 + LATE)
    expect(begun.client.log).toEqual(['refuse 504 no response within 500 ms'])
    expectEnded(begun)
  })

  test('over a connection that is still being opened has sent nothing, and may be made again though it is a POST', () => {
    const begun = beginExchange({ idle: [0, 1], request: 'POST / HTTP/1.1\r\nHost: a\r\n\r\n', timeouts })
    begun.clock.advance(500 + LATE)
    expect(begun.counters).toMatchObject({ retriesAfterConnect: 1 })
    answers(begun.sources[1]!.last)
    expectEnded(begun)
  })

  test('may take its time once the response has begun', () => {
    const begun = beginExchange({ idle: [1], timeouts })
    responds(begun.sources[0]!.last)
    begun.clock.advance(5000)
    expect(begun.client.log).toEqual(['head 200'])
    begun.client.sink.onClientGone()
    expectEnded(begun)
  })

  test('waits for a slow client first', () => {
    const request = 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n'
    const begun = beginExchange({ idle: [1, 1], request, isWhole: false, timeouts })
    begun.clock.advance(5000)
    expect(asked(begun)).toEqual([1, 0])
    begun.client.sink.onRequestBody(bytesOf('abc'), 0, 3)
    begun.client.isWhole = true
    begun.client.sink.onRequestEnd(undefined)
    begun.clock.advance(500 + LATE)
    expect(asked(begun)).toEqual([1, 1])
    answers(begun.sources[1]!.last)
    expectEnded(begun)
  })
})

describe('a client’s own deadline', () => {
  const timeouts = { ...NONE, deadline: 'grpc-timeout' } as const

  test('bounds its request, through no fault of a backend', () => {
    const begun = beginExchange({ idle: [1], request: get('grpc-timeout: 1S\r\n'), timeouts })
    begun.clock.advance(1000 + LATE)
    expect(begun.client.log).toEqual(['refuse 504 no response before the deadline that grpc-timeout set'])
    expect(begun.backends[0]!.counters).toMatchObject({ abandoned: 1, failures: 0 })
    expectEnded(begun)
  })

  test.each(['grpc-timeout: 0m\r\n', 'grpc-timeout: 0n\r\n'])('that has passed (%p) is answered at once', (field) => {
    const begun = beginExchange({ idle: [1], request: get(field), timeouts })
    expect(begun.client.log).toHaveLength(1)
    expect(asked(begun)).toEqual([0])
    expect(begun.counters.requestTimeouts).toBe(1)
    expectEnded(begun)
  })

  test('is passed on with what is left of it, to each attempt', () => {
    const begun = beginExchange({ idle: [1, 1], request: get('grpc-timeout: 1S\r\n'), timeouts })
    begun.clock.advance(300)
    fails(begun.sources[0]!.last, 'timeout')
    const [first, second] = begun.sources.map(({ last }) => last.rewrites[0]?.deadline)
    expect(first).toEqual({ field: 'grpc-timeout', value: '1000000u' })
    expect(second).toEqual({ field: 'grpc-timeout', value: '700000u' })
    begun.client.sink.onClientGone()
  })

  test('is none without the route looking for it', () => {
    const begun = beginExchange({ idle: [1], request: get('grpc-timeout: 1S\r\n') })
    expect(begun.sources[0]!.last.rewrites[0]?.deadline).toBeUndefined()
    begun.clock.advance(5000)
    expect(begun.client.log).toEqual([])
    begun.client.sink.onClientGone()
  })
})

describe('limitOf', () => {
  const clock = virtualClock(5000)
  const both = { ...NONE, requestMs: 2000, deadline: 'x-request-deadline' } as const
  const deadline = (ms: number) => `X-Request-Deadline: ${new Date(clock.wallTime() + ms).toISOString()}\r\n`

  test.each([
    ['neither', NONE, '', undefined],
    ['the route alone', { ...NONE, requestMs: 2000 }, deadline(1000), [7000, 'route', undefined]],
    ['the client when it is sooner', both, deadline(1000), [6000, 'client', 'x-request-deadline']],
    [
      'the route when it is sooner, and the client is told on',
      both,
      deadline(3000),
      [7000, 'route', 'x-request-deadline'],
    ],
    ['the route when the client says garbage', both, 'X-Request-Deadline: soon\r\n', [7000, 'route', undefined]],
    ['the client, however long ago', both, deadline(-1e9), [5000 - 1e9, 'client', 'x-request-deadline']],
  ] as const)('is of %s', (_, timeouts, fields, expected) => {
    const limit = limitOf(timeouts, parseRequest(get(fields)), clock)
    expect(limit && [limit.at, limit.by, limit.field]).toEqual(expected && [...expected])
  })
})

describe('a connection', () => {
  test('that is opened in time has the rest of it for the response', () => {
    const begun = beginExchange({ idle: [0, 1], timeouts: { ...NONE, tryMs: 500 } })
    begun.clock.advance(400)
    connected(begun.sources[0]!.last)
    begun.clock.advance(100 + LATE)
    expect(begun.counters).toMatchObject({ retriesAfterTimeout: 1 })
    begun.client.sink.onClientGone()
    expectEnded(begun)
  })
})
