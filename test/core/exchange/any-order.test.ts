import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { MOST_GIVEN } from '../../../core/exchange/retry.ts'
import { seededRandom } from '../../../core/random.ts'
import type { FailureCause, ResponseSink } from '../../../core/stream/backend-stream.ts'
import { expectEnded } from '../../support/ended-exchange.ts'
import { beginExchange, type FakeStream } from '../../support/fake-streams.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { parseResponse } from '../../support/http1-heads.ts'

type Begun = ReturnType<typeof beginExchange>

const BODY = 'abcdefghij'
const REQUESTS = {
  get: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  put: `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n`,
  post: `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n`,
  query: `QUERY / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n`,
}

const METHOD = /^[A-Z]+$/

/** Something that happens: to a stream, counted over all that were opened, or to the client, or time passes. */
type Step =
  | { readonly kind: 'passes'; readonly ms: number }
  | { readonly kind: 'connects' | 'interim' | 'body' | 'ends' | 'blocked' | 'drained'; readonly stream: number }
  | { readonly kind: 'fails'; readonly stream: number; readonly cause: FailureCause }
  | { readonly kind: 'responds'; readonly stream: number; readonly status: number; readonly retryAfter: string }
  | { readonly kind: 'sends'; readonly length: number }
  | { readonly kind: 'fills' | 'frees'; readonly source: number }
  | { readonly kind: 'leaves' | 'clientBlocked' | 'clientDrained' }

const stream = fc.nat(11)
const steps: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('passes' as const), ms: fc.nat(400) }), weight: 20 },
  {
    arbitrary: fc.record({
      kind: fc.constantFrom('connects', 'connects', 'interim', 'body', 'ends', 'blocked', 'drained'),
      stream,
    }),
    weight: 50,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('fails' as const),
      stream,
      cause: fc.constantFrom<FailureCause>('connect', 'reset', 'reset', 'timeout', 'timeout', 'protocol', 'local'),
    }),
    weight: 20,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('responds' as const),
      stream,
      status: fc.constantFrom(200, 404, 429, 503, 503, 503),
      retryAfter: fc.constantFrom('', 'Retry-After: 0\r\n', 'Retry-After: 1\r\n', 'Retry-After: 1000000000000\r\n'),
    }),
    weight: 15,
  },
  { arbitrary: fc.record({ kind: fc.constant('sends' as const), length: fc.integer({ min: 1, max: 5 }) }), weight: 40 },
  { arbitrary: fc.record({ kind: fc.constantFrom('fills', 'frees'), source: fc.nat(9) }), weight: 15 },
  { arbitrary: fc.record({ kind: fc.constantFrom('clientBlocked', 'clientDrained') }), weight: 4 },
  { arbitrary: fc.record({ kind: fc.constant('leaves' as const) }), weight: 1 },
)

const policies = fc.record({
  request: fc.constantFrom<keyof typeof REQUESTS>('get', 'put', 'post', 'query'),
  idle: fc.oneof(
    fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
    fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 5, maxLength: 10 }),
  ),
  full: fc.array(fc.nat(4), { maxLength: 3 }),
  queueMs: fc.constantFrom(undefined, 400, 5000),
  attempts: fc.constantFrom(1, 2, 3, 4, 4),
  backoffMs: fc.constantFrom(0, 100),
  maxBodyBytes: fc.constantFrom(0, 5, 1000),
  hedges: fc.boolean(),
  requestMs: fc.constantFrom(undefined, 1500),
  tryMs: fc.constantFrom(undefined, 500),
  seed: fc.nat(),
})

const times = {
  record: () => undefined,
  summary: () => ({ count: 100, meanMs: 5, p50Ms: 5, p95Ms: 20, p99Ms: 90, p999Ms: 95, maxMs: 99 }),
}

type Policy = typeof policies extends fc.Arbitrary<infer Value> ? Value : never

function beginWith(policy: Policy): Begun {
  const { request, idle, full, queueMs, attempts, backoffMs, maxBodyBytes, hedges, requestMs, tryMs, seed } = policy
  return beginExchange({
    request: REQUESTS[request],
    isWhole: request === 'get',
    idle,
    attempts,
    full: full.filter((index) => index < idle.length),
    ...(queueMs !== undefined && { queue: { length: 2, timeoutMs: queueMs, order: 'fifo' } as const }),
    retry: { statuses: [429, 503], backoffMs, maxBackoffMs: 10 * backoffMs, maxBodyBytes },
    timeouts: { requestMs, tryMs, deadline: undefined },
    latencies: times,
    random: seededRandom(seed),
    ...(hedges && { hedge: { after: 'p95', leastMs: 10 } as const }),
  })
}

/** Plays both ends as real ones would: nothing is said on a stream that is over, nor out of order. */
function player(begun: Begun) {
  const { client, sources, clock, queue, records, turns } = begun
  const responded = new Set<FakeStream>()
  let sent = 0
  const isOver = (): boolean => records.length > 0

  /** The last word on a stream. */
  function end(one: FakeStream, say: (sink: ResponseSink) => void): void {
    const { sink } = one
    one.sink = undefined
    if (sink !== undefined) say(sink)
  }

  /** A connect fails before anything is sent, and nothing else does. */
  function fail(one: FakeStream, isSent: boolean, cause: FailureCause): void {
    const isOfConnect = cause === 'connect' || cause === 'local'
    if (isOfConnect !== isSent) end(one, (sink) => sink.onFailure(cause, 'because'))
  }

  function setFull(index: number, isFull: boolean): void {
    const source = sources[index % sources.length]
    if (source !== undefined) source.isFull = isFull
    queue.wake()
    for (const one of turns.splice(0)) one.onTurn()
  }

  function sendSome(length: number): void {
    const isTaken = client.log.findLast((line) => line === 'pause' || line.startsWith('resume'))?.startsWith('resume')
    if (client.isWhole || isTaken !== true || isOver()) return
    const text = BODY.slice(sent, sent + length)
    sent += text.length
    client.isWhole = false
    client.sink.onRequestBody(bytesOf(text), 0, text.length)
    if (sent < BODY.length || isOver()) return
    client.isWhole = true
    client.sink.onRequestEnd(undefined)
  }

  function onStream(step: Step & { readonly stream: number }): void {
    const all = sources.flatMap(({ streams }) => streams)
    const one = all[step.stream % Math.max(1, all.length)]
    if (one?.sink === undefined) return
    // It may have been told to pause or to go on before.
    const isSent = one.log.some((line) => METHOD.test(line))
    const hasResponded = responded.has(one)
    if (step.kind === 'connects' && !isSent) one.sink.onConnected()
    else if (step.kind === 'fails') fail(one, isSent, step.cause)
    else if (step.kind === 'blocked' && isSent) one.sink.onBackendBlocked(true)
    else if (step.kind === 'drained' && isSent) one.sink.onBackendBlocked(false)
    else if (step.kind === 'responds' && isSent && !hasResponded) {
      responded.add(one)
      one.hasBegun = true
      const head = `HTTP/1.1 ${step.status} Odd\r\nContent-Length: 5\r\n${step.retryAfter}\r\n`
      one.sink.onResponse(parseResponse(head), 'length')
    } else if (step.kind === 'body' && hasResponded) one.sink.onBody(bytesOf('hello'), 0, 5)
    else if (step.kind === 'ends' && hasResponded) end(one, (sink) => sink.onResponseEnd(undefined))
    else if (step.kind === 'interim' && isSent && !hasResponded)
      one.sink.onInterim(parseResponse('HTTP/1.1 103 Early Hints\r\n\r\n'))
  }

  return {
    play(step: Step): void {
      if (step.kind === 'passes') clock.advance(step.ms)
      else if (step.kind === 'sends') sendSome(step.length)
      else if ('stream' in step) onStream(step)
      else if ('source' in step) setFull(step.source, step.kind === 'fills')
      else if (isOver()) return
      else if (step.kind === 'leaves') client.sink.onClientGone()
      else client.sink.onClientBlocked(step.kind === 'clientBlocked')
    },
    /** Whatever is still under way is left by its client; what is thrown away runs out. */
    finish(): void {
      if (!isOver()) client.sink.onClientGone()
      clock.advance(5000)
      expect(queue.length).toBe(0)
    },
  }
}

/** What each backend was sent of the body is what the client sent, from its beginning. */
function expectWholeBodies({ sources }: Begun): void {
  for (const { log } of sources.flatMap(({ streams }) => streams)) {
    const body = log.flatMap((line) => (line.startsWith('body ') ? [line.slice(5)] : [])).join('')
    expect(BODY.startsWith(body)).toBeTrue()
    if (log.includes('end') && !log.includes('GET')) expect(body).toBe(BODY)
    expect(log.filter((line) => line === 'end').length).toBeLessThanOrEqual(1)
  }
}

/** Those who could not be reached, or whose connection had died, count for less. */
function expectFewAsked({ sources }: Begun, { attempts, hedges }: Policy): void {
  const more = hedges ? 1 : 0
  const given = sources.filter(({ streams }) => streams.length > 0)
  expect(given.length).toBeLessThanOrEqual((attempts === 1 ? 1 : MOST_GIVEN) + more)
  const sent = given.filter(({ streams }) => {
    const last = streams.at(-1)
    return last?.log.some((line) => METHOD.test(line)) === true
  })
  expect(sent.length).toBeLessThanOrEqual(attempts + more)
}

function expectOneAnswer({ client }: Begun): void {
  const finals = client.log.filter((line) => /^(head|refuse)/.test(line))
  expect(finals.length).toBeLessThanOrEqual(1)
  const [final] = finals
  const last = client.log.findLastIndex((line) => /^(interim|head|refuse)/.test(line))
  if (final !== undefined) expect(client.log[last]).toBe(final)
}

describe('an exchange, whatever comes in whichever order', () => {
  test('ends once, gives everything back, answers once and asks nobody too often', () => {
    fc.assert(
      fc.property(policies, fc.array(steps, { minLength: 10, maxLength: 80 }), (policy, plan) => {
        const begun = beginWith(policy)
        const both = player(begun)
        for (const step of plan) both.play(step)
        both.finish()
        expectEnded(begun)
        expectWholeBodies(begun)
        expectOneAnswer(begun)
        const asked = begun.sources.map(({ streams }) => streams.filter(({ isReused }) => !isReused).length)
        // A kept connection that had died is the one reason to go to the same backend again.
        expect(Math.max(...asked)).toBeLessThanOrEqual(1)
        expectFewAsked(begun, policy)
        const { hedges, hedgesWon, hedgesCancelled } = begun.counters
        expect(hedgesWon + hedgesCancelled).toBeLessThanOrEqual(hedges)
      }),
      { numRuns: 1000 },
    )
  })
})
