import { describe, expect, test } from 'bun:test'
import { hedgeAfterMs } from '../../../core/exchange/hedge.ts'
import { HeadTimes } from '../../../core/pool/head-times.ts'
import { expectEnded } from '../../support/ended-exchange.ts'
import { answers, beginExchange, connected, fails, responds } from '../../support/fake-streams.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { parseRequest, parseResponse } from '../../support/http1-heads.ts'

type Begun = ReturnType<typeof beginExchange>
type Options = NonNullable<Parameters<typeof beginExchange>[0]>

/** Backends whose 95th percentile is 20 ms; writes down what is recorded. */
function usual(p95Ms = 20, count = 100) {
  const recorded: number[] = []
  return {
    recorded,
    record: (ms: number) => void recorded.push(ms),
    summary: () => ({ count, meanMs: 5, p50Ms: 5, p95Ms, p99Ms: 90, p999Ms: 95, maxMs: 99 }),
  }
}

const hedge = { after: 'p95', leastMs: 10 } as const
/** By so much the quick wheel is late. */
const LATE_MS = 2

const begin = (options: Options = {}): Begun =>
  beginExchange({ idle: [1, 1, 1], hedge, latencies: usual(), ...options })

const asked = ({ sources }: Begun): number[] => sources.map(({ streams }) => streams.length)

/** Both attempts are under way. */
function raced(options: Options = {}) {
  const begun = begin(options)
  begun.clock.advance(20 + LATE_MS)
  const [first, second] = begun.sources.map(({ streams }) => streams[0])
  if (first === undefined || second === undefined) throw new Error('there is no second attempt')
  return { begun, first, second }
}

const counted = ({ counters }: Begun): number[] => [counters.hedges, counters.hedgesWon, counters.hedgesCancelled]

describe('a hedge', () => {
  test('is sent when the first attempt is slower than usual, whole, to another backend', () => {
    const begun = begin()
    begun.clock.advance(19)
    expect(asked(begun)).toEqual([1, 0, 0])
    begun.clock.advance(1 + LATE_MS)
    expect(begun.sources[1]!.last.log).toEqual(['GET', 'end'])
    expect(counted(begun)).toEqual([1, 0, 0])
    begun.clock.advance(1000)
    expect(asked(begun)).toEqual([1, 1, 0])
    begun.client.sink.onClientGone()
    expectEnded(begun)
  })

  test('wins when it answers first, and the other is cancelled', () => {
    const { begun, first, second } = raced()
    answers(second)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expect(first.log.at(-1)).toBe('abort')
    expect(counted(begun)).toEqual([1, 1, 0])
    expect(begun.backends.map(({ counters }) => counters.abandoned)).toEqual([1, 0, 0])
    expect(begun.records[0]!.attempts.map(({ isHedge, outcome }) => [isHedge, outcome.kind])).toEqual([
      [false, 'abandoned'],
      [true, 'completed'],
    ])
    expectEnded(begun)
  })

  test('is cancelled when the first answers after all', () => {
    const { begun, first, second } = raced()
    answers(first)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expect(second.log.at(-1)).toBe('abort')
    expect(counted(begun)).toEqual([1, 0, 1])
    expectEnded(begun)
  })

  test('that is cancelled is heard no more, though it answers at the same time', () => {
    const { begun, first, second } = raced()
    responds(first)
    responds(second)
    first.sink?.onBody(bytesOf('hello'), 0, 5)
    first.sink?.onResponseEnd(undefined)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expectEnded(begun)
  })

  test('goes on alone when the first fails, and wins', () => {
    const { begun, first, second } = raced()
    fails(first, 'reset')
    expect(begun.client.log).toEqual([])
    answers(second)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expect(counted(begun)).toEqual([1, 1, 0])
    expect(begun.counters.retries).toBe(0)
    expectEnded(begun)
  })

  test('that fails leaves the first alone', () => {
    const { begun, first, second } = raced()
    fails(second, 'reset')
    answers(first)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expect(counted(begun)).toEqual([1, 0, 0])
    expectEnded(begun)
  })

  test.each([
    [0, 1],
    [1, 0],
  ] as const)('and the first that both fail (%p, then %p) are followed by a retry at a third', (one, other) => {
    const { begun, first, second } = raced()
    const both = [first, second]
    fails(both[one]!, 'timeout')
    fails(both[other]!, 'timeout')
    expect(asked(begun)).toEqual([1, 1, 1])
    answers(begun.sources[2]!.last)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expectEnded(begun)
  })

  test('and the first that both fail are told of when nobody is left', () => {
    const { begun, first, second } = raced({ idle: [1, 1] })
    fails(first, 'timeout')
    fails(second, 'protocol')
    expect(begun.client.log).toEqual(['refuse 502 because'])
    expectEnded(begun)
  })

  test('is given up with the first when the client leaves', () => {
    const { begun, first, second } = raced()
    begun.client.sink.onClientGone()
    expect([first.log.at(-1), second.log.at(-1)]).toEqual(['abort', 'abort'])
    expect(counted(begun)).toEqual([1, 0, 1])
    expectEnded(begun)
  })

  test('does not win by a status that is retried', () => {
    const { begun, first, second } = raced({ retry: { statuses: [503] } })
    responds(second, 'HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\n')
    expect(begun.client.log).toEqual([])
    second.sink?.onResponseEnd(undefined)
    answers(first)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expect(begun.counters.retries).toBe(0)
    expectEnded(begun)
  })

  test('goes over a fresh connection when there is no other', () => {
    const begun = begin({ idle: [1, 0] })
    begun.clock.advance(20 + LATE_MS)
    expect(begun.sources[1]!.last.log).toEqual([])
    connected(begun.sources[1]!.last)
    expect(begun.sources[1]!.last.log).toEqual(['GET', 'end'])
    answers(begun.sources[1]!.last)
    expectEnded(begun)
  })

  test('tells nothing of early hints, which the first may have told', () => {
    const { begun, first, second } = raced()
    const hints = parseResponse('HTTP/1.1 103 Early Hints\r\n\r\n')
    first.sink?.onInterim(hints)
    second.sink?.onInterim(hints)
    expect(begun.client.log).toEqual(['interim 103'])
    begun.client.sink.onClientGone()
  })

  test('sends a body that was kept, once all of it is there', () => {
    const query = 'QUERY / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n'
    const begun = begin({ request: query, isWhole: false })
    begun.client.sink.onRequestBody(bytesOf('abc'), 0, 3)
    begun.client.isWhole = true
    begun.client.sink.onRequestEnd(undefined)
    begun.clock.advance(20 + LATE_MS)
    expect(begun.sources[1]!.last.log).toEqual(['QUERY', 'body abc', 'end'])
    answers(begun.sources[1]!.last)
    expectEnded(begun)
  })

  test('records what both took, the cancelled one as far as it got', () => {
    const latencies = usual()
    const { begun, second } = raced({ latencies })
    begun.clock.advance(7)
    answers(second)
    expect(latencies.recorded).toEqual([7, 27 + LATE_MS])
  })
})

describe('no hedge is sent', () => {
  test.each<[string, Options]>([
    ['without a policy', { hedge: undefined as never }],
    ['of a PUT', { request: 'PUT / HTTP/1.1\r\nHost: a\r\n\r\n' }],
    ['of a POST with a key', { request: 'POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: 1\r\n\r\n' }],
    ['while few answers are known', { latencies: usual(20, 99) }],
    ['when the budget is used up', { budget: { ratio: 0, perSecond: 0 } }],
    ['when nobody else is there', { idle: [1] }],
  ])('%s', (_, options) => {
    const begun = begin(options)
    begun.clock.advance(1000)
    expect(asked(begun).slice(1)).not.toContain(1)
    expect(counted(begun)).toEqual([0, 0, 0])
    answers(begun.sources[0]!.last)
    expectEnded(begun)
  })

  test('of a body that is still coming', () => {
    const begun = begin({ request: 'QUERY / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n', isWhole: false })
    begun.clock.advance(1000)
    expect(asked(begun)).toEqual([1, 0, 0])
    begun.client.sink.onClientGone()
    expectEnded(begun)
  })

  test('of a body that was too large to be kept', () => {
    const request = 'QUERY / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n'
    const begun = begin({ request, isWhole: false, retry: { maxBodyBytes: 2 } })
    begun.client.sink.onRequestBody(bytesOf('abc'), 0, 3)
    begun.client.isWhole = true
    begun.client.sink.onRequestEnd(undefined)
    begun.clock.advance(1000)
    expect(asked(begun)).toEqual([1, 0, 0])
    answers(begun.sources[0]!.last)
    expectEnded(begun)
  })

  test('and no timer left, once there is an answer', () => {
    const begun = begin()
    expect(begun.clock.pending()).toBe(1)
    answers(begun.sources[0]!.last)
    begun.clock.advance(1)
    expect(begun.clock.pending()).toBe(0)
  })

  test('nor asked of the budget, when nobody else is there', () => {
    const begun = begin({ idle: [1], budget: { ratio: 0, perSecond: 0 } })
    begun.clock.advance(1000)
    expect(begun.counters.retryBudgetExhausted).toBe(0)
    begun.client.sink.onClientGone()
  })

  test('once there is a response', () => {
    const begun = begin()
    responds(begun.sources[0]!.last)
    begun.clock.advance(1000)
    expect(asked(begun)).toEqual([1, 0, 0])
    begun.client.sink.onClientGone()
    expectEnded(begun)
  })

  test('beside a retry, when the first fails before its time', () => {
    const begun = begin()
    begun.clock.advance(5)
    fails(begun.sources[0]!.last, 'timeout')
    begun.clock.advance(1000)
    expect(asked(begun)).toEqual([1, 1, 0])
    answers(begun.sources[1]!.last)
    expect(counted(begun)).toEqual([0, 0, 0])
    expectEnded(begun)
  })
})

describe('hedgeAfterMs', () => {
  const times = { headTimes: new HeadTimes(usual(20)) }
  const request = (text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', isUpgrade = false) => ({
    head: parseRequest(text),
    client: { isUpgrade },
    now: 0,
  })

  test.each([
    ['p50', 0, 5],
    ['p95', 0, 20],
    ['p99', 0, 90],
    ['p95', 50, 50],
  ] as const)('after %s, at least %p ms, is %p ms', (after, leastMs, ms) => {
    expect(hedgeAfterMs({ after, leastMs }, times, request())).toBe(ms)
  })

  test('is never for what switches protocols', () => {
    expect(hedgeAfterMs(hedge, times, request(undefined, true))).toBeUndefined()
  })
})
