/** An exchange that finds no room in its pool. */
import { describe, expect, test } from 'bun:test'
import type { QueuePolicy } from '../../../core/pool/policy.ts'
import { answers, beginExchange, connected, fails } from '../../support/fake-streams.ts'

const queue: QueuePolicy = { length: 1, timeoutMs: 1000, order: 'fifo' }

/** One whose only backend is full, unless `full` names others. */
const waiting = (options: Parameters<typeof beginExchange>[0] = {}) =>
  beginExchange({ idle: [0], full: [0], queue, ...options })

/** The first backend takes one more. */
function free({ sources, queue, turns }: ReturnType<typeof beginExchange>): void {
  sources[0]!.isFull = false
  queue.wake()
  for (const one of turns.splice(0)) one.onTurn()
}

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

  test('does not wait a second time when its attempt fails, and others are full', () => {
    const { client, counters, queue: line, sources } = waiting({ idle: [0, 0], full: [1] })
    fails(sources[0]!.last)
    expect([line.length, client.log]).toEqual([0, ['refuse 502 no connection to a backend: because']])
    expect(counters.unavailable).toBe(0)
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
