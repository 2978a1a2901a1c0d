/** An exchange that finds no room in its pool. */
import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import type { Sticky } from '../../../core/sticky/sticky.ts'
import { answers, type beginExchange, connected, fails } from '../../support/fake-streams.ts'
import { another, free, freeOther, queue, waiting } from '../../support/waiting-exchange.ts'

describe('an exchange without room', () => {
  test('takes nothing from its client until it has had its turn', () => {
    const exchange = waiting({ isWhole: false })
    const { client, queue: line, sources } = exchange
    expect([client.log, line.length, sources[0]!.streams.length]).toEqual([[], 1, 0])
    free(exchange)
    connected(sources[0]!.last)
    expect([client.log, line.length]).toEqual([['resume chunks'], 0])
    client.isWhole = true
    answers(sources[0]!.last)
    expect(client.log).toEqual(['resume chunks', 'head 200', 'body hello', 'end'])
  })

  test('has its turn though others wait behind it', () => {
    const exchange = waiting({ queue: { ...queue, length: 2 }, maxInflight: 1 })
    const told = another(exchange)
    free(exchange)
    expect(exchange.sources[0]!.streams).toHaveLength(1)
    expect([exchange.queue.length, told]).toEqual([1, []])
  })

  test('leaves its place with its client, and is over once', () => {
    const { clock, client, counters, exchange, queue: line, records } = waiting()
    exchange.onClientGone()
    clock.advance(5000)
    expect([line.length, client.log, counters.abandoned, counters.unavailable]).toEqual([0, [], 1, 0])
    expect(records.map(({ ending }) => ending)).toEqual([{ kind: 'abandoned' }])
  })

  test('is told when its time is over', () => {
    const { clock, client, counters, records } = waiting()
    clock.advance(1000)
    expect(client.log).toEqual(['refuse 503 no backend had room within 1000 ms'])
    expect([counters.unavailable, counters.responses5xx, records.length]).toEqual([1, 1, 1])
  })

  test('is told at once where nobody may wait', () => {
    const { client, counters } = waiting({ idle: [0], full: [0], queue: undefined as never })
    expect(client.log).toEqual(['refuse 503 every backend is at its bound'])
    expect(counters.unavailable).toBe(1)
  })

  test('is told what is wrong when its turn comes and nothing can be opened', () => {
    const exchange = waiting()
    const { client, counters, sources, turns, queue: line } = exchange
    sources[0]!.open = () => undefined
    free(exchange)
    expect([client.log, line.length, turns.length]).toEqual([['refuse 503 no backend is usable now'], 0, 0])
    expect(counters.unavailable).toBe(1)
  })

  test('by deadline waits as long as its client does', () => {
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nPrefer: wait=2\r\n\r\n'
    const { clock, client } = waiting({ request, queue: { ...queue, timeoutMs: 60_000, order: 'deadline' } })
    clock.advance(1999)
    expect(client.log).toEqual([])
    clock.advance(1)
    expect(client.log).toEqual(['refuse 503 no backend had room within 2000 ms'])
  })
})

describe('the time that a request may take', () => {
  const timeouts = { requestMs: 600, tryMs: undefined, deadline: 'grpc-timeout' } as const

  test.each([
    ['its route allows', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 600],
    ['its client waits', 'GET / HTTP/1.1\r\nHost: a\r\ngrpc-timeout: 250m\r\n\r\n', 250],
  ])('ends its wait when that is as long as %s', (_, request, ms) => {
    const { clock, client, counters, queue: line } = waiting({ request, timeouts })
    clock.advance(ms - 1)
    expect([client.log, line.length]).toEqual([[], 1])
    clock.advance(1)
    expect([client.log, line.length]).toEqual([[`refuse 503 no backend had room within ${ms} ms`], 0])
    clock.advance(5000)
    expect([counters.unavailable, counters.requestTimeouts, clock.pending()]).toEqual([1, 0, 0])
  })

  test('counts the wait', () => {
    const exchange = waiting({ timeouts })
    const { clock, client, sources, backends } = exchange
    clock.advance(400)
    free(exchange)
    connected(sources[0]!.last)
    clock.advance(500)
    expect(client.log).toEqual(['refuse 504 no whole response within 600 ms'])
    expect(backends[0]!.counters.timeouts).toBe(1)
  })
})

describe('a hedge', () => {
  const latencies = {
    record: () => undefined,
    summary: () => ({ count: 100, meanMs: 5, p50Ms: 5, p95Ms: 20, p99Ms: 90, p999Ms: 95, maxMs: 99 }),
  }
  const hedging = { hedge: { after: 'p95', leastMs: 10 }, latencies } as const
  const sent = ({ sources }: ReturnType<typeof beginExchange>) => sources.map(({ streams }) => streams.length)

  test.each([
    ['all others are full', { full: [1] }],
    ['the pool is at its bound', { full: [], maxInflight: 1 }],
  ])('is none when %s, and takes nothing of the budget', (_, options) => {
    // Whatever asks it for something is counted.
    const budget = { ratio: 0, perSecond: 0 }
    const exchange = waiting({ idle: [1, 0], budget, ...hedging, ...options })
    exchange.clock.advance(1000)
    const { hedges, retryBudgetExhausted } = exchange.counters
    expect([sent(exchange), exchange.queue.length, hedges, retryBudgetExhausted]).toEqual([[1, 0], 0, 0, 0])
  })

  test('is none where nobody is left but a resort, which is for requests that would be lost', () => {
    const exchange = waiting({ idle: [1, 1], full: [], spare: [1], budget: { ratio: 0, perSecond: 0 }, ...hedging })
    exchange.clock.advance(1000)
    expect([sent(exchange), exchange.counters.retryBudgetExhausted]).toEqual([[1, 0], 0])
  })

  test('is none beside a retry, though that has had its turn in the queue', () => {
    const exchange = waiting({ idle: [0, 0, 0], full: [1, 2], ...hedging })
    fails(exchange.sources[0]!.last)
    freeOther(exchange)
    connected(exchange.sources[1]!.last)
    exchange.sources[2]!.isFull = false
    exchange.clock.advance(1000)
    expect(sent(exchange)).toEqual([1, 1, 0])
  })

  test('is none while requests wait for their first attempt', () => {
    const exchange = waiting({ idle: [1, 1], full: [], ...hedging })
    const told = another(exchange)
    exchange.clock.advance(23)
    expect([sent(exchange), told]).toEqual([[1, 0], []])
  })

  test('counts from the first attempt, not from the wait before it', () => {
    const exchange = waiting({ idle: [0, 0], full: [0, 1], ...hedging })
    exchange.clock.advance(500)
    exchange.sources[1]!.isFull = false
    free(exchange)
    exchange.clock.advance(19)
    expect(sent(exchange)).toEqual([1, 0])
    exchange.clock.advance(3)
    expect(sent(exchange)).toEqual([1, 1])
  })
})

describe('a session', () => {
  /** With the second backend. */
  const sticky = (backends: readonly Backend[]): Sticky => ({
    hiddenCookie: undefined,
    sessionOf: () => ({ backend: backends[1], settle: () => undefined }),
  })

  test('waits with the others when all are full, and goes to its backend where that has room by then', () => {
    const exchange = waiting({ idle: [0, 0], full: [0, 1], sticky })
    exchange.sources[1]!.isFull = false
    free(exchange)
    expect(exchange.sources.map(({ streams }) => streams.length)).toEqual([0, 1])
  })

  test('goes to another where its own is full still', () => {
    const exchange = waiting({ idle: [0, 0], full: [0, 1], sticky })
    free(exchange)
    expect(exchange.sources.map(({ streams }) => streams.length)).toEqual([1, 0])
  })

  test('waits at the bound of the pool, though its backend has room', () => {
    const exchange = waiting({ idle: [0, 0], full: [], maxInflight: 0, sticky })
    expect([exchange.queue.length, exchange.sources.map(({ streams }) => streams.length)]).toEqual([1, [0, 0]])
  })
})
