import { describe, expect, test } from 'bun:test'
import { MAX_FIELDS } from '../../../core/http1/limits.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'
import { ResponseHead } from '../../../core/http1/response-head.ts'
import { createNameTable } from '../../../core/names/resolver.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { Wire } from '../../../core/net/wire.ts'
import type { ConnectionPolicy } from '../../../core/outbound/backend-connections.ts'
import { Http1Pool } from '../../../core/outbound/http1-pool.ts'
import type { BackendStream } from '../../../core/stream/backend-stream.ts'
import { openBudget } from '../../support/budget.ts'
import { fail } from '../../support/fail.ts'
import { bytesOf, limits } from '../../support/http1-bytes.ts'
import { backendTimeouts, plainRewrite, RecordedResponse } from '../../support/http1-ends.ts'
import { settings } from '../../support/http2.ts'
import { inEvent, MemorySocket, receive } from '../../support/memory-socket.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const HELLO = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** A pool whose connects the test lets succeed. */
function makePool(policy: Partial<ConnectionPolicy> = {}) {
  const clock = virtualClock()
  const wires: Wire[] = []
  /** What its room was each time that it was told. */
  const rooms: boolean[] = []
  /** How long each connect may take. */
  const connects: number[] = []
  const sockets: MemorySocket[] = []
  const full = { limits, timeouts: backendTimeouts, maxIdleConnections: 256, maxConnections: undefined, ...policy }
  const pool: Http1Pool = new Http1Pool(
    {
      address: { kind: 'tcp', host: '127.0.0.1', port: 1 },
      head: new ResponseHead(MAX_FIELDS),
      wheel: new TimerWheel(clock, fail),
      counters: { connections: 0, http2Connections: 0, bytesToBackend: 0, bytesFromBackend: 0 },
      dial(_, wire, connectMs) {
        wires.push(wire)
        connects.push(connectMs)
      },
      names: createNameTable(clock, fail),
      budget: openBudget(clock),
      onRoomChange: () => rooms.push(pool.hasRoom),
    },
    full,
  )
  const parser = new RequestHead(MAX_FIELDS)

  function send(stream: BackendStream): void {
    const bytes = bytesOf(GET)
    parser.parse(bytes, 0, bytes.length, limits)
    inEvent(() => {
      stream.sendHead(parser, plainRewrite, 'chunks')
      stream.sendEnd(undefined)
    })
  }

  /** A stream with a request on it, answered by `answer(index)`. */
  function ask(): { stream: BackendStream; index: number; sink: RecordedResponse } {
    const before = wires.length
    const stream = pool.open('any')
    if (stream === undefined) throw new Error('the cap is reached')
    const sink = new RecordedResponse()
    stream.sink = sink
    const index = wires.length > before ? before : wires.findIndex((wire) => wire.owner === (stream as unknown))
    if (wires.length > before) {
      const socket = new MemorySocket(wires[index]!)
      sockets.push(socket)
      inEvent(() => wires[index]!.opened(socket))
    }
    send(stream)
    return { stream, index, sink }
  }

  const answer = (index: number, text = OK): void => receive(wires[index]!, text)
  return { clock, pool, rooms, wires, connects, sockets, ask, answer, send }
}

describe('a pool of connections', () => {
  test('lends the newest idle one, so that the rest grow old', () => {
    const { ask, answer, clock, sockets } = makePool()
    for (let count = 0; count < 3; count += 1) ask()
    for (const index of [0, 2, 1]) answer(index)
    expect(ask().index).toBe(1)
    answer(1)
    clock.advance(3000)
    expect(ask().index).toBe(1)
    answer(1)
    clock.advance(1500)
    expect(sockets.map(({ isOpen }) => isOpen)).toEqual([false, true, false])
  })

  test('says of a backend that speaks HTTP/2 alone what to write instead', () => {
    const { ask, answer } = makePool()
    const { sink } = ask()
    answer(0, settings())
    expect(sink.log.at(-1)).toBe(
      'protocol: the backend speaks HTTP/2, and was asked in HTTP/1.1: "protocol" of its pool may be "h2c", or "h2" over TLS',
    )
    const other = ask()
    answer(other.index, settings().slice(0, 8))
    expect(other.sink.log.at(-1)).toBe('protocol: a response must begin with HTTP/1.1 or HTTP/1.0')
  })

  test.each([0, 1, 2])('keeps %p idle ones where that is the most', (maxIdleConnections) => {
    const { ask, answer, sockets, pool } = makePool({ maxIdleConnections })
    for (let count = 0; count < 4; count += 1) ask()
    for (const index of [0, 1, 2, 3]) answer(index)
    expect(sockets.filter(({ isOpen }) => isOpen)).toHaveLength(maxIdleConnections)
    expect(pool.size).toBe(maxIdleConnections)
  })

  test('counts those that are open or being opened, idle ones included', () => {
    const { pool, ask, answer } = makePool()
    ask()
    answer(0)
    expect(pool.counters.connections).toBe(1)
    ask()
    ask()
    expect(pool.counters.connections).toBe(2)
    answer(0, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    expect(pool.counters.connections).toBe(1)
    pool.cut()
    expect(pool.counters.connections).toBe(0)
  })

  test('opens no more than its cap, and again when one has gone', () => {
    const { pool, ask, answer } = makePool({ maxConnections: 2 })
    ask()
    ask()
    expect(pool.open('any')).toBeUndefined()
    answer(0, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    expect(pool.open('any')).toBeDefined()
  })

  test('says that it has room just when it has a stream to give', () => {
    const { pool, ask, answer } = makePool({ maxConnections: 2 })
    ask()
    expect(pool.hasRoom).toBe(true)
    ask()
    expect(pool.hasRoom).toBe(false)
    answer(0)
    expect(pool.hasRoom).toBe(true)
    ask()
    expect([pool.hasRoom, pool.open('any')]).toEqual([false, undefined])
  })

  test('gives a fresh connection to who asks for one, though others are idle', () => {
    const { pool, ask, answer, wires } = makePool()
    ask()
    answer(0)
    expect(pool.open('fresh')?.isReused).toBe(false)
    expect(wires).toHaveLength(2)
    expect(pool.open('any')?.isReused).toBe(true)
  })

  test('lets a request have time-outs of its own over a kept connection, and the next one the pool’s', () => {
    const { pool, ask, answer, clock, send } = makePool()
    const own = { ...backendTimeouts, responseMs: 700 }
    const again = (timeouts?: typeof own): RecordedResponse => {
      const stream = pool.open('any', timeouts)!
      expect(stream.isReused).toBeTrue()
      const sink = new RecordedResponse()
      stream.sink = sink
      send(stream)
      return sink
    }
    answer(ask().index)
    again(own)
    answer(0)
    const usual = again()
    clock.advance(700 + 400)
    expect(usual.log).toEqual([])
    answer(0)
    const hurried = again(own)
    clock.advance(700 + 400)
    expect(hurried.log).toEqual(['timeout: no response within 700 ms'])
  })

  test('connects within the time that a request has for it', () => {
    const { pool, connects } = makePool()
    pool.open('any', { ...backendTimeouts, connectMs: 77 })
    pool.open('any')
    expect(connects).toEqual([77, backendTimeouts.connectMs])
  })

  test('keeps none that still has bytes of its request to send', () => {
    const { pool, wires } = makePool()
    const stream = pool.open('any')!
    const socket = new MemorySocket(wires[0]!)
    const sink = new RecordedResponse()
    stream.sink = sink
    inEvent(() => wires[0]!.opened(socket))
    socket.room = 20
    const bytes = bytesOf(GET)
    const parser = new RequestHead(MAX_FIELDS)
    parser.parse(bytes, 0, bytes.length, limits)
    inEvent(() => {
      stream.sendHead(parser, plainRewrite, 'chunks')
      stream.sendEnd(undefined)
    })
    receive(wires[0]!, OK)
    expect(sink.log).toEqual(['connected', 'blocked', 'response 200', 'end'])
    expect([socket.isOpen, pool.size]).toEqual([false, 0])
  })

  test('keeps none whose request was not sent to its end', () => {
    const { pool, wires } = makePool()
    const stream = pool.open('any')!
    stream.sink = new RecordedResponse()
    const socket = new MemorySocket(wires[0]!)
    inEvent(() => wires[0]!.opened(socket))
    const bytes = bytesOf('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n')
    const parser = new RequestHead(MAX_FIELDS)
    parser.parse(bytes, 0, bytes.length, limits)
    inEvent(() => stream.sendHead(parser, plainRewrite, 'chunks'))
    receive(wires[0]!, OK)
    expect([socket.isOpen, pool.size]).toEqual([false, 0])
  })

  test.each([
    ['bytes behind it', `${OK}x`],
    ['a wish to close', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'],
    ['HTTP/1.0 without keep-alive', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ])('keeps none whose response had %s', (_, response) => {
    const { ask, answer, pool } = makePool()
    ask()
    answer(0, response)
    expect(pool.size).toBe(0)
  })

  test.each(['onResponse', 'onBody'] as const)(
    'keeps none that is given up by %s, though its response is whole',
    (when) => {
      const { ask, answer, pool, sockets } = makePool()
      const { stream, sink } = ask()
      Object.assign(sink, { [when]: () => stream.abort() })
      answer(0, HELLO)
      expect([pool.size, pool.hasRoom, sockets[0]?.isOpen]).toEqual([0, true, false])
      expect(pool.open('any')?.isReused).toBe(false)
      expect([sink.log.includes('end'), sink.body]).toEqual([false, ''])
    },
  )

  test.each([1, HELLO.length - 6, HELLO.length - 1])(
    'lends none before the last byte of a response, come %p',
    (come) => {
      const { ask, answer } = makePool()
      const { sink } = ask()
      answer(0, HELLO.slice(0, come))
      expect([sink.log.includes('end'), ask().index]).toEqual([false, 1])
      answer(0, HELLO.slice(come))
      expect([sink.log, sink.body]).toEqual([['connected', 'response 200', 'end'], 'hello'])
      expect(ask().index).toBe(0)
    },
  )

  test('throws an idle one away that says something unasked', () => {
    const { ask, answer, sockets, pool } = makePool()
    ask()
    answer(0)
    answer(0, OK)
    expect([sockets[0]!.isOpen, pool.size]).toEqual([false, 0])
  })

  test('closes idle ones when it is drained, and those in use behind their response', () => {
    const { ask, answer, sockets, pool } = makePool()
    ask()
    ask()
    answer(0)
    pool.keepIdle(false)
    expect(sockets.map(({ isOpen }) => isOpen)).toEqual([false, true])
    answer(1)
    expect(sockets[1]!.isOpen).toBe(false)
  })

  test('that is cut fails what is under way, and counts it', () => {
    const { ask, pool } = makePool()
    const { sink } = ask()
    ask()
    expect(pool.cut()).toBe(2)
    expect(sink.log.at(-1)).toStartWith('reset: ')
    expect(pool.size).toBe(0)
  })
})

describe('connections that began otherwise than they are to now', () => {
  test('serve nobody else: what is idle is closed, and what is busy behind its response', () => {
    const { ask, answer, pool, wires } = makePool()
    const policy = { limits, timeouts: backendTimeouts, maxIdleConnections: 256, maxConnections: undefined }
    const [idle, busy] = [ask(), ask()]
    answer(idle.index)
    const manner = {}
    pool.update({ ...policy, manner })
    expect([wires[idle.index]?.socket, pool.size]).toEqual([undefined, 1])
    answer(busy.index)
    expect(pool.size).toBe(0)
    // As it is to be now, it is kept.
    const next = ask()
    answer(next.index)
    pool.update({ ...policy, manner })
    expect([pool.size, ask().stream]).toEqual([1, next.stream])
  })
})

describe('the room of a pool of connections', () => {
  test('is told when it is gone and when it is back, however that comes', () => {
    const { ask, answer, pool, rooms } = makePool({ maxConnections: 1 })
    ask()
    answer(0)
    ask().stream.abort()
    expect(rooms).toEqual([false, true, false, true])
    ask()
    pool.update({ limits, timeouts: backendTimeouts, maxIdleConnections: 256, maxConnections: 2 })
    pool.update({ limits, timeouts: backendTimeouts, maxIdleConnections: 256, maxConnections: 1 })
    pool.cut()
    expect(rooms.slice(4)).toEqual([false, true, false, true])
  })

  test('is there without a cap, and nothing to tell', () => {
    const { ask, pool, rooms } = makePool()
    for (let count = 0; count < 50; count += 1) ask()
    expect([pool.hasRoom, rooms]).toEqual([true, []])
  })
})
