/** core/outbound/http2-pool.ts: connections as a whole; what passes over one stands in `http2.test.ts`. */
import { describe, expect, test } from 'bun:test'
import type { TlsClient } from '../../../core/net/opening.ts'
import { data, END_HEADERS, END_STREAM, headers } from '../../support/http2.ts'
import { http2Backend } from '../../support/http2-backend.ts'
import { inEvent } from '../../support/memory-socket.ts'

const head = (id: number): string => headers(id, [[':status', '200']], END_HEADERS)

test('over TLS asks for https', () => {
  const tls = { context: {}, serverName: undefined, verifies: true } as TlsClient
  const { lines } = http2Backend({ manner: { tls } }).begin()
  expect(lines.find((line) => line.startsWith('HEADERS'))).toContain(' :scheme=https ')
})

describe('a pool', () => {
  test('that keeps nothing any more lets what is under way end', () => {
    const backend = http2Backend()
    const { end, sink } = backend.begin()
    backend.pool.keepIdle(false)
    expect(end.socket.hasShut).toBe(false)
    end.send(head(1) + data(1, 'ok', END_STREAM))
    expect([sink.log.at(-1), end.socket.hasShut]).toEqual(['end', true])
  })

  test('resets what waits for its backend to close where descriptors are short', () => {
    const { pool, budget, begin } = http2Backend()
    const { end } = begin()
    pool.keepIdle(false)
    end.send(head(1) + data(1, 'ok', END_STREAM))
    expect([budget.leaving.size, end.socket.isOpen]).toEqual([1, true])
    expect(budget.relieve()).toBe(true)
    expect([budget.leaving.size, end.socket.closing]).toEqual([0, 'reset'])
  })

  test('that is cut tells how much that was', () => {
    const backend = http2Backend()
    const { sink } = backend.begin()
    backend.ask()
    let cut = 0
    inEvent(() => (cut = backend.pool.cut()))
    expect([cut, sink.log.at(-1), backend.counters.connections]).toEqual([
      2,
      'reset: the backend was removed and its drain time is over',
      0,
    ])
  })

  test('opens another connection for who wants a fresh one', () => {
    const backend = http2Backend()
    backend.begin()
    backend.ask(undefined, 'fresh')
    expect(backend.ends).toHaveLength(2)
  })

  test('whose connect fails tells everybody who waits for it', () => {
    const backend = http2Backend()
    const [one, other] = [backend.ask(), backend.ask()]
    inEvent(() => backend.wires[0]!.connectFailed({ isLocal: false, code: 'ECONNREFUSED', detail: 'ECONNREFUSED' }))
    expect([one.sink.log, other.sink.log]).toEqual([['connect: ECONNREFUSED'], ['connect: ECONNREFUSED']])
    expect([backend.ends.length, backend.counters.connections]).toEqual([1, 0])
  })

  test('100 requests of one connection are answered in whatever order', () => {
    const backend = http2Backend()
    const all = [backend.begin(), ...Array.from({ length: 99 }, () => backend.ask())]
    const end = backend.ends[0]!
    const ids = Array.from({ length: 100 }, (_, index) => 2 * ((index * 37) % 100) + 1)
    for (const id of ids) end.send(head(id) + data(id, String(id), END_STREAM))
    expect(all.map(({ sink }) => sink.body)).toEqual(all.map((_, index) => String(2 * index + 1)))
    expect(backend.ends).toHaveLength(1)
  })
})
