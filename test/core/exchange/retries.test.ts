import { describe, expect, test } from 'bun:test'
import { expectEnded } from '../../support/ended-exchange.ts'
import { answers, beginExchange, connected, fails, responds } from '../../support/fake-streams.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { parseResponse } from '../../support/http1-heads.ts'

const put = 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n'
const keyed = 'POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: 1\r\nContent-Length: 6\r\n\r\n'
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n'

type Options = Parameters<typeof beginExchange>[0]
type Begun = ReturnType<typeof beginExchange>

const sends = ({ client }: Begun, text: string): void =>
  client.sink.onRequestBody(bytesOf(text), 0, Buffer.byteLength(text))

function sendsEnd({ client }: Begun): void {
  client.isWhole = true
  client.sink.onRequestEnd(undefined)
}

const asked = ({ sources }: Begun): number[] => sources.map(({ streams }) => streams.length)

/** A request with a body to come, over a connection that is there. */
const upload = (options: Options = {}): Begun =>
  beginExchange({ request: put, isWhole: false, idle: [1, 1], ...options })

const status = (code: number, fields = ''): string => `HTTP/1.1 ${code} Odd\r\n${fields}Content-Length: 5\r\n\r\n`

/** The rest of a response whose head has come. */
function ends({ sink }: { readonly sink: Begun['sources'][number]['last']['sink'] }): void {
  sink?.onBody(bytesOf('hello'), 0, 5)
  sink?.onResponseEnd(undefined)
}

describe('a body that was sent', () => {
  test.each([
    ['PUT', put],
    ['POST with an Idempotency-Key', keyed],
  ])('of a %s goes to another backend when the first dies', (_, request) => {
    const begun = upload({ request })
    const [first, second] = begun.sources
    sends(begun, 'abc')
    sends(begun, 'def')
    sendsEnd(begun)
    fails(first!.last, 'timeout')
    expect(second!.last.log.slice(1)).toEqual(['body abcdef', 'end'])
    answers(second!.last)
    expect(begun.client.log.slice(-3)).toEqual(['head 200', 'body hello', 'end'])
    expectEnded(begun)
  })

  test('in part goes on where it was', () => {
    const begun = upload()
    const [first, second] = begun.sources
    sends(begun, 'abc')
    fails(first!.last, 'timeout')
    expect(begun.client.log).toEqual(['resume chunks', 'pause', 'resume chunks'])
    sends(begun, 'def')
    sendsEnd(begun)
    expect(second!.last.log).toEqual(['PUT', 'body abc', 'body def', 'end'])
    answers(second!.last)
    expectEnded(begun)
  })

  test('goes over a fresh connection when the kept one was dead', () => {
    const begun = upload()
    const [first] = begun.sources
    sends(begun, 'abcdef')
    sendsEnd(begun)
    fails(first!.last, 'reset')
    connected(first!.last)
    expect(first!.last.log).toEqual(['PUT', 'body abcdef', 'end'])
    answers(first!.last)
    expect(begun.counters).toMatchObject({ retries: 1, retriesAfterStale: 1 })
    expectEnded(begun)
  })

  test.each<[string, Options]>([
    ['of a POST', { request: post }],
    ['beyond its bound', { retry: { maxBodyBytes: 5 } }],
    ['that nothing is kept of', { retry: { maxBodyBytes: 0 } }],
    ['beyond the bound of all together', { maxReplayBytes: 100 }],
  ])('%s goes nowhere else', (_, options) => {
    const begun = upload(options)
    sends(begun, 'abcdef')
    sendsEnd(begun)
    fails(begun.sources[0]!.last, 'timeout')
    expect(asked(begun)).toEqual([1, 0])
    expect(begun.client.log.at(-1)).toBe('refuse 504 because')
    expectEnded(begun)
  })

  test('is let go as soon as there is a response', () => {
    const begun = upload()
    sends(begun, 'abc')
    expect(begun.counters.replayBytes).toBeGreaterThan(0)
    responds(begun.sources[0]!.last)
    expect(begun.counters.replayBytes).toBe(0)
    sends(begun, 'def')
    sendsEnd(begun)
    expect(begun.sources[0]!.last.log).toEqual(['PUT', 'body abc', 'body def', 'end'])
    ends(begun.sources[0]!.last)
    expectEnded(begun)
  })

  test.each<[string, (begun: Begun) => void]>([
    ['leaves', ({ client }) => client.sink.onClientGone()],
    ['is told of a failure', ({ sources }) => sources.forEach(({ streams: [one] }) => one && fails(one, 'protocol'))],
  ])('is let go when the client %s', (_, act) => {
    const begun = upload()
    sends(begun, 'abc')
    act(begun)
    expectEnded(begun)
  })

  test('is taken again for a retry, though the backend before it was too slow to take it', () => {
    const begun = upload()
    const [first, second] = begun.sources
    sends(begun, 'abc')
    first!.last.sink?.onBackendBlocked(true)
    fails(first!.last, 'timeout')
    expect(second!.last.log).toEqual(['PUT', 'body abc'])
    expect(begun.client.log.at(-1)).toBe('resume chunks')
    begun.client.sink.onClientGone()
    expectEnded(begun)
  })

  test('is held back while the backend takes what was kept', () => {
    const begun = upload({ idle: [1, 0] })
    const [first, second] = begun.sources
    sends(begun, 'abc')
    fails(first!.last, 'timeout')
    const stream = second!.last
    const { sink } = stream
    stream.sendBody = () => sink?.onBackendBlocked(true)
    connected(stream)
    expect(begun.client.log).toEqual(['resume chunks', 'pause', 'pause'])
    sink?.onBackendBlocked(false)
    expect(begun.client.log.at(-1)).toBe('resume chunks')
    begun.client.sink.onClientGone()
  })
})

describe('a status that is named', () => {
  const retry = { statuses: [502, 503, 429] }
  const queue = { length: 9, timeoutMs: 1000, order: 'fifo' } as const

  test('has the request given to another backend, its response thrown away', () => {
    const begun = beginExchange({ idle: [1, 1], retry })
    const [first, second] = begun.sources
    responds(first!.last, status(503))
    expect([begun.client.log, second!.last.log]).toEqual([[], ['GET', 'end']])
    ends(first!.last)
    answers(second!.last)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expect(first!.last.log).toEqual(['GET', 'end'])
    expect(begun.backends[0]!.counters).toMatchObject({ responses5xx: 1, failures: 0, retries: 1 })
    expect(begun.counters).toMatchObject({ retries: 1, retriesAfterStatus: 1, responses2xx: 1, responses5xx: 0 })
    expect(begun.records[0]!.attempts.map(({ outcome }) => outcome)).toMatchObject([
      { kind: 'completed', status: 503 },
      { kind: 'completed', status: 200 },
    ])
    expectEnded(begun)
  })

  test.each<[string, Options, string]>([
    ['when it is not named', {}, status(500)],
    ['when no attempt is left', { attempts: 1 }, status(503)],
    ['when no other backend is left', { idle: [1] }, status(503)],
    ['of a POST', { request: post }, status(503)],
    ['when others are full, though it could wait for them', { idle: [1, 0], full: [1], queue }, status(503)],
    ['when the wait that it asks for is too long', {}, status(503, 'Retry-After: 1000000000000\r\n')],
    ['when it is a 429 that asks for no wait', {}, status(429)],
    ['when it is a 429 that asks for garbage', {}, status(429, 'Retry-After: soon\r\n')],
    ['when it is a 429 until a far day', {}, status(429, 'Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n')],
    ['when the budget is used up', { budget: { ratio: 0, perSecond: 0 } }, status(503)],
  ])('is passed on %s', (_, options, head) => {
    const begun = beginExchange({ idle: [1, 1], retry, ...options })
    responds(begun.sources[0]!.last, head)
    ends(begun.sources[0]!.last)
    expect(begun.client.log).toEqual([`head ${head.slice(9, 12)}`, 'body hello', 'end'])
    expect(begun.counters.retries).toBe(0)
    expectEnded(begun)
  })

  test('is passed on behind an interim response', () => {
    const begun = beginExchange({ idle: [1, 1], retry })
    begun.sources[0]!.last.sink?.onInterim(parseResponse('HTTP/1.1 103 Early Hints\r\n\r\n'))
    responds(begun.sources[0]!.last, status(503))
    ends(begun.sources[0]!.last)
    expect(begun.client.log).toEqual(['interim 103', 'head 503', 'body hello', 'end'])
    expectEnded(begun)
  })

  test.each([
    ['a second', 'Retry-After: 1\r\n', 1000],
    ['a date that has passed', 'Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n', 0],
    ['a date to come', 'Retry-After: Thu, 01 Jan 2026 00:00:01 GMT\r\n', 1000],
    ['no time', 'Retry-After: 0\r\n', 0],
  ])('that asks for %s has as long waited for', (_, field, waitMs) => {
    const begun = beginExchange({ idle: [1, 1], retry })
    responds(begun.sources[0]!.last, status(429, field))
    ends(begun.sources[0]!.last)
    begun.clock.advance(Math.max(0, waitMs - 1))
    expect(asked(begun)).toEqual([1, waitMs === 0 ? 1 : 0])
    begun.clock.advance(1)
    answers(begun.sources[1]!.last)
    expectEnded(begun)
  })

  test('of the last backend in a row is what the client gets', () => {
    const begun = beginExchange({ idle: [1, 1, 1], attempts: 3, retry })
    const [first, second, third] = begun.sources
    responds(first!.last, status(503))
    responds(second!.last, status(502))
    responds(third!.last, status(503))
    expect(begun.client.log).toEqual(['head 503'])
    ends(third!.last)
    for (const { last } of [first!, second!]) ends(last)
    expectEnded(begun)
  })

  test('is what the client is told when the others have gone by the time of the retry', () => {
    const begun = beginExchange({ idle: [1, 0], retry })
    responds(begun.sources[0]!.last, status(429, 'Retry-After: 1\r\n'))
    ends(begun.sources[0]!.last)
    begun.sources[1]!.isFull = true
    begun.clock.advance(1000)
    expect(begun.client.log).toEqual(['refuse 429 a backend answered 429, and no other is usable now'])
    expectEnded(begun)
  })

  test('while the body is still coming has the connection given up and the rest sent to another', () => {
    const begun = upload({ retry })
    const [first, second] = begun.sources
    sends(begun, 'abc')
    responds(first!.last, status(503))
    expect(first!.last.log.at(-1)).toBe('abort')
    sends(begun, 'def')
    sendsEnd(begun)
    expect(second!.last.log).toEqual(['PUT', 'body abc', 'body def', 'end'])
    answers(second!.last)
    expectEnded(begun)
  })
})

describe('a retry', () => {
  const waiting = { retry: { backoffMs: 100, maxBackoffMs: 1000 }, random: () => 0.5 }

  test('waits, and nothing is read from the client meanwhile', () => {
    const begun = upload(waiting)
    sends(begun, 'abc')
    fails(begun.sources[0]!.last, 'timeout')
    expect([begun.client.log.at(-1), asked(begun)]).toEqual(['pause', [1, 0]])
    begun.clock.advance(49)
    expect(asked(begun)).toEqual([1, 0])
    begun.clock.advance(1)
    expect(begun.sources[1]!.last.log).toEqual(['PUT', 'body abc'])
    expect(begun.client.log.at(-1)).toBe('resume chunks')
    begun.client.sink.onClientGone()
    expectEnded(begun)
  })

  test('waits longer each time', () => {
    const begun = beginExchange({ idle: [1, 1, 1, 1], attempts: 4, ...waiting })
    const waits = begun.sources.slice(1).map(({ streams }, index) => {
      const from = begun.clock.now()
      fails(begun.sources[index]!.last, 'timeout')
      while (streams.length === 0) begun.clock.advance(1)
      return begun.clock.now() - from
    })
    expect(waits).toEqual([50, 100, 200])
    answers(begun.sources[3]!.last)
    expectEnded(begun)
  })

  test('after a connect that failed waits for nothing', () => {
    const begun = beginExchange({ idle: [0, 1], ...waiting })
    fails(begun.sources[0]!.last, 'connect')
    expect(asked(begun)).toEqual([1, 1])
    answers(begun.sources[1]!.last)
    expectEnded(begun)
  })

  test('that waits is given up with its client', () => {
    const begun = beginExchange({ idle: [1, 1], ...waiting })
    fails(begun.sources[0]!.last, 'timeout')
    begun.client.sink.onClientGone()
    begun.clock.advance(1000)
    expect(asked(begun)).toEqual([1, 0])
    expectEnded(begun)
  })

  test('never goes to a backend that was tried already', () => {
    const begun = beginExchange({ idle: [1, 1, 1], attempts: 10 })
    for (const { last } of begun.sources) fails(last, 'timeout')
    expect(asked(begun)).toEqual([1, 1, 1])
    expect(begun.client.log).toEqual(['refuse 504 because'])
    expect(begun.counters.retries).toBe(2)
    expectEnded(begun)
  })

  test('that the budget does not allow is none, and counted', () => {
    const begun = beginExchange({ idle: [0, 1], budget: { ratio: 0, perSecond: 0 } })
    fails(begun.sources[0]!.last, 'connect')
    expect(begun.client.log).toEqual(['refuse 502 no connection to a backend: because'])
    expect(begun.counters).toMatchObject({ retries: 0, retriesAfterConnect: 0, retryBudgetExhausted: 1 })
    expectEnded(begun)
  })

  test.each([
    ['over a connection that was dead', { idle: [1, 0] }, 'reset', [2, 0]],
    ['for want of something of our own', { idle: [0, 0] }, 'local', [1, 1]],
  ] as const)('%s takes nothing from the budget', (_, options, cause, streams) => {
    const begun = beginExchange({ ...options, budget: { ratio: 0, perSecond: 0 } })
    fails(begun.sources[0]!.last, cause)
    expect(asked(begun)).toEqual([...streams])
    expect(begun.counters.retryBudgetExhausted).toBe(0)
    begun.client.sink.onClientGone()
    expectEnded(begun)
  })
})
