/** core/outbound/stream-room.ts: how many streams a backend gets before and after it has said how many it takes. */
import { describe, expect, test } from 'bun:test'
import type { ConnectionPolicy } from '../../../core/outbound/backend-connections.ts'
import { backendTimeouts } from '../../support/http1-ends.ts'
import { END_HEADERS, END_STREAM, goAway, headers, settings } from '../../support/http2.ts'
import { type Asked, http2Backend } from '../../support/http2-backend.ts'
import { inEvent } from '../../support/memory-socket.ts'

const MAX_CONCURRENT_STREAMS = 3
const takes = (streams: number): string => settings([MAX_CONCURRENT_STREAMS, streams])
const ended = (id: number): string => headers(id, [[':status', '200']], END_HEADERS | END_STREAM)
const headsIn = (lines: readonly string[]): number => lines.filter((line) => line.startsWith('HEADERS')).length
const endings = (all: readonly Asked[]): (string | undefined)[] => all.map(({ sink }) => sink.log.at(-1))

/** That many requests at once, over one connection that has just opened. */
function asks(count: number, policy: Partial<ConnectionPolicy> = {}) {
  const backend = http2Backend(policy)
  const all = Array.from({ length: count }, () => backend.ask())
  backend.ends[0]!.open()
  return { ...backend, all, end: backend.ends[0]! }
}

describe('a backend of which nothing is known', () => {
  test('gets one request before its SETTINGS, and then as many as it takes', () => {
    const { end, ends } = asks(40)
    expect(headsIn(end.got())).toBe(1)
    expect(headsIn(end.send(takes(8)))).toBe(7)
    expect(ends).toHaveLength(5)
  })

  test('gets the rest over further connections, each of which is asked first', () => {
    const { end, ends, all } = asks(40)
    end.send(takes(8))
    for (const other of ends.slice(1)) {
      other.open()
      expect(headsIn(other.got())).toBe(0)
      expect(headsIn(other.send(takes(8)))).toBe(8)
    }
    for (const other of ends) for (let id = 1; id < 16; id += 2) other.send(ended(id))
    expect(endings(all)).toEqual(all.map(() => 'end'))
  })

  test('gets all over that one where it takes them', () => {
    const { end, ends } = asks(100)
    end.got()
    expect([headsIn(end.send(settings())), ends.length]).toEqual([99, 1])
  })

  test('that takes none gets one over each connection', () => {
    const { end, ends } = asks(3)
    expect(headsIn(end.got()) + headsIn(end.send(takes(0)))).toBe(1)
    for (let index = 1; index < 3; index += 1) {
      ends[index]!.open()
      expect(headsIn(ends[index]!.got()) + headsIn(ends[index]!.send(takes(0)))).toBe(1)
    }
    expect(ends).toHaveLength(3)
  })

  test('that says nothing fails those who wait for that, after a while', () => {
    const { clock, all, end } = asks(3)
    expect(headsIn(end.got())).toBe(1)
    clock.advance(backendTimeouts.connectMs + 500)
    const words = `connect: the backend sent no SETTINGS within ${backendTimeouts.connectMs} ms`
    expect(endings(all)).toEqual(['connected', words, words])
    expect(headsIn(end.send(takes(8)))).toBe(0)
  })

  test('that is lost has not touched those who wait', () => {
    const { all, wires } = asks(2)
    inEvent(() => wires[0]!.closed(new Error('ECONNRESET')))
    expect(all.map(({ stream }) => stream.wasRefused)).toEqual([false, true])
  })

  test('that leaves at once has touched nobody', () => {
    const { all, end } = asks(2)
    end.send(goAway(0))
    expect(all.map(({ stream }) => stream.wasRefused)).toEqual([true, true])
  })
})

test('a backend that was known gets at once, over a new connection, what it took over the last', () => {
  const backend = http2Backend()
  const { end } = backend.begin(undefined, [MAX_CONCURRENT_STREAMS, 8])
  for (let index = 0; index < 19; index += 1) backend.ask()
  end.send(goAway(15))
  for (const next of backend.ends.slice(1)) next.open()
  expect(backend.ends.slice(1).map((next) => headsIn(next.got()))).toEqual([8, 4])
})

describe('at the cap', () => {
  test('those for whom there is no room wait for a stream to end', () => {
    const { end, ends, all, pool } = asks(20, { maxConnections: 1 })
    end.send(takes(8))
    expect([ends.length, pool.hasRoom]).toEqual([1, false])
    expect(headsIn(end.send(ended(1) + ended(3)))).toBe(2)
    for (let id = 5; id < 40; id += 2) end.send(ended(id))
    expect(endings(all)).toEqual(all.map(() => 'end'))
  })

  test('for no longer than for two connections, and the backend is not at fault', () => {
    const { end, clock, all } = asks(9, { maxConnections: 1 })
    end.send(takes(8))
    clock.advance(2 * backendTimeouts.connectMs + 500)
    expect(all.at(-1)!.sink.log.at(-1)).toBe(
      `local: no room for another stream within ${2 * backendTimeouts.connectMs} ms`,
    )
  })

  test('they are cut with their backend', () => {
    const { end, pool, all } = asks(9, { maxConnections: 1 })
    end.send(takes(8))
    let cut = 0
    inEvent(() => (cut = pool.cut()))
    expect([cut, new Set(endings(all)).size]).toEqual([9, 1])
  })

  test('they have another connection when it is raised', () => {
    const backend = asks(9, { maxConnections: 1 })
    backend.end.send(takes(8))
    backend.pool.update({
      limits: backend.pool.limits,
      timeouts: backendTimeouts,
      maxIdleConnections: 9,
      maxConnections: 2,
    })
    backend.settle()
    expect(backend.ends).toHaveLength(2)
  })

  test('they fail for want of a descriptor only when nothing is open any more', () => {
    const { end, all, budget, settle, wires } = asks(9, { maxConnections: 1 })
    end.send(takes(8))
    budget.take = () => false
    inEvent(() => wires[0]!.closed(new Error('ECONNRESET')))
    settle()
    expect(all.at(-1)!.sink.log.at(-1)).toBe('local: no descriptor is free')
  })
})
