/** A request whose attempt has failed, and that finds no room for another. */
import { describe, expect, test } from 'bun:test'
import { expectEnded } from '../../support/ended-exchange.ts'
import { answers, type beginExchange, connected, fails, responds } from '../../support/fake-streams.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { another, free, freeOther, queue, waiting } from '../../support/waiting-exchange.ts'

describe('a retry', () => {
  const failed = (options: Parameters<typeof beginExchange>[0] = {}) => {
    const exchange = waiting({ idle: [0, 0], full: [1], ...options })
    fails(exchange.sources[0]!.last)
    return exchange
  }

  test('waits for room at another backend, and is served', () => {
    const exchange = failed()
    const { client, sources, queue: line } = exchange
    expect([line.length, client.log]).toEqual([1, []])
    freeOther(exchange)
    connected(sources[1]!.last)
    answers(sources[1]!.last)
    expect(client.log).toEqual(['head 200', 'body hello', 'end'])
    expectEnded(exchange)
  })

  test('does not take the room of the backend that has failed it', () => {
    const exchange = failed()
    free(exchange)
    expect([exchange.queue.length, exchange.sources.map(({ streams }) => streams.length)]).toEqual([1, [1, 0]])
  })

  test('waits again when that one fails as well, within what is left of its time', () => {
    const exchange = failed({ idle: [0, 0, 0], full: [1, 2] })
    exchange.clock.advance(600)
    freeOther(exchange)
    exchange.clock.advance(5000)
    fails(exchange.sources[1]!.last)
    expect(exchange.queue.length).toBe(1)
    exchange.clock.advance(399)
    expect(exchange.client.log).toEqual([])
    exchange.clock.advance(1)
    expect(exchange.client.log).toEqual(['refuse 502 no connection to a backend: because'])
    expectEnded(exchange)
  })

  test('behind a wait before its first attempt has what that left of its time', () => {
    const exchange = waiting({ idle: [0, 0], full: [0, 1] })
    exchange.clock.advance(900)
    free(exchange)
    fails(exchange.sources[0]!.last)
    exchange.clock.advance(99)
    expect(exchange.client.log).toEqual([])
    exchange.clock.advance(1)
    expect(exchange.client.log).toEqual(['refuse 502 no connection to a backend: because'])
  })

  test('of a body that is still coming takes nothing of it until it has had its turn', () => {
    const request = 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n'
    const exchange = waiting({ idle: [1, 0], full: [1], request, isWhole: false })
    const { client, sources } = exchange
    client.sink.onRequestBody(bytesOf('abc'), 0, 3)
    fails(sources[0]!.last, 'timeout')
    expect([client.log.at(-1), exchange.queue.length]).toEqual(['pause', 1])
    freeOther(exchange)
    connected(sources[1]!.last)
    expect([sources[1]!.last.log, client.log.at(-1)]).toEqual([['PUT', 'body abc'], 'resume chunks'])
    client.sink.onClientGone()
    expectEnded(exchange)
  })

  test.each<[string, Parameters<typeof beginExchange>[0], number]>([
    ['its time in the queue is over', {}, 1000],
    ['it must be over', { timeouts: { requestMs: 600, tryMs: undefined, deadline: undefined } }, 600],
  ])('is told how it failed when %s', (_, options, ms) => {
    const exchange = failed(options)
    exchange.clock.advance(ms - 1)
    expect(exchange.client.log).toEqual([])
    exchange.clock.advance(1)
    expect(exchange.client.log).toEqual(['refuse 502 no connection to a backend: because'])
    expect(exchange.counters).toMatchObject({ unavailable: 0, retries: 1 })
    expectEnded(exchange)
  })

  test.each([
    ['nobody may wait', { queue: undefined as never }],
    ['nobody else is usable', { idle: [0], full: [] }],
  ])('is none, and takes nothing of the budget, where %s', (_, options) => {
    const exchange = failed(options)
    expect(exchange.client.log).toEqual(['refuse 502 no connection to a backend: because'])
    expect(exchange.counters).toMatchObject({ retries: 0, retryBudgetExhausted: 0 })
    expectEnded(exchange)
  })

  test('is none where no place is left, and takes nothing of the budget', () => {
    const exchange = waiting({ idle: [0, 0], full: [1], budget: { ratio: 0, perSecond: 0 } })
    another(exchange)
    fails(exchange.sources[0]!.last)
    expect(exchange.client.log).toEqual(['refuse 502 no connection to a backend: because'])
    expect(exchange.counters).toMatchObject({ retries: 0, retryBudgetExhausted: 0 })
  })

  test('leaves its place with its client', () => {
    const exchange = failed()
    exchange.exchange.onClientGone()
    expect([exchange.queue.length, exchange.counters.abandoned]).toEqual([0, 1])
    expectEnded(exchange)
  })

  test('overtakes nobody who waits', () => {
    const exchange = waiting({ idle: [0, 0], full: [], queue: { ...queue, length: 2 } })
    const { sources } = exchange
    const told = another(exchange)
    fails(sources[0]!.last)
    expect([sources.map(({ streams }) => streams.length), exchange.queue.length]).toEqual([[1, 0], 2])
    freeOther(exchange)
    expect([told.length, sources[1]!.streams.length]).toEqual([1, 1])
  })

  test('goes on where there is room rather than be turned away', () => {
    const exchange = waiting({ idle: [0, 0], full: [] })
    const { sources } = exchange
    another(exchange)
    fails(sources[0]!.last)
    expect(sources.map(({ streams }) => streams.length)).toEqual([1, 1])
  })

  test('of a response takes the place that its own attempt had, at the bound of the pool', () => {
    const { sources, client } = waiting({ idle: [0, 0], full: [], maxInflight: 1, retry: { statuses: [503] } })
    connected(sources[0]!.last)
    responds(sources[0]!.last, 'HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\n')
    connected(sources[1]!.last)
    answers(sources[1]!.last)
    expect(client.log).toEqual(['head 200', 'body hello', 'end'])
  })

  test('that finds its place taken once its pause is over waits for another', () => {
    const exchange = waiting({ idle: [0, 0], full: [], retry: { backoffMs: 100, maxBackoffMs: 100 } })
    const { clock, client, queue: line, sources } = exchange
    connected(sources[0]!.last)
    fails(sources[0]!.last, 'reset')
    sources[1]!.isFull = true
    clock.advance(100)
    expect([line.length, client.log]).toEqual([1, []])
    clock.advance(1000)
    expect([line.length, client.log]).toEqual([0, ['refuse 502 because']])
  })
})
