import { describe, expect, test } from 'bun:test'
import type { RefusedHead, TcpHandler } from '../../../core/inbound/request-handler.ts'
import { TcpConnection } from '../../../core/inbound/tcp-connection.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'
import type { Idle } from '../../../core/net/budget.ts'
import { LinkedList } from '../../../core/net/linked-list.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { ClientStream } from '../../../core/stream/client-stream.ts'
import { helloFor } from '../../support/client-hello.ts'
import { clientTimeouts } from '../../support/http1-ends.ts'
import { fail } from '../../support/fail.ts'
import { accept } from '../../support/memory-socket.ts'
import { peerAt } from '../../support/peer-at.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A connection that has come in, and what is heard of it. */
function start(mode: 'tcp' | 'passthrough') {
  const clock = virtualClock()
  const begun: { stream: ClientStream; listener: string; host: string | undefined }[] = []
  const refused: RefusedHead[] = []
  const log: string[] = []
  const head = new RequestHead(16)
  const handler: TcpHandler = {
    head,
    wheel: new TimerWheel(clock, fail),
    idle: new LinkedList<Idle>(),
    counters: { bytesFromClients: 0, bytesToClients: 0 },
    timeouts: clientTimeouts,
    onTcp: (stream, listener) =>
      void begun.push({ stream, listener, host: stream.readHead().fields.valueNamed('host') }),
    onRefusal: (one) => void refused.push(one),
  }
  const home = { name: 'db', onClosed: () => void log.push('closed') }
  const connection = new TcpConnection(handler, home, peerAt('192.0.2.1'), mode)
  const socket = accept(connection.wire)
  connection.onOpen()
  return { clock, connection, handler, begun, refused, log, socket }
}

const { headMs } = clientTimeouts
const UNRECOGNIZED = '\x15\x03\x03\x00\x02\x02\x70'

describe('a connection in TCP mode', () => {
  test('is given on as it comes in, and nothing of it is read', () => {
    const { begun, connection, clock } = start('tcp')
    expect(begun).toMatchObject([{ listener: 'db', host: undefined }])
    expect(connection.wire.isPaused).toBe(true)
    expect(clock.pending()).toBe(0)
    expect(connection.join()).toMatchObject({ early: undefined, connection })
    expect(connection.wire.isPaused).toBe(false)
  })

  test('that is refused is reset', () => {
    const { connection, socket } = start('tcp')
    connection.refuse({ status: 503, detail: '' })
    expect(socket.closing).toBe('reset')
  })

  test('that leaves before it is joined is heard of, and once it is joined no more', () => {
    for (const isJoined of [false, true]) {
      const { connection, log, begun } = start('tcp')
      let gone = 0
      begun[0]!.stream.sink = { ...connection.sink, onClientGone: () => void (gone += 1) }
      if (isJoined) connection.join()
      connection.onClose()
      expect([gone, log]).toEqual([isJoined ? 0 : 1, ['closed']])
    }
  })
})

describe('a connection by server name', () => {
  test('is given on once its hello is whole, which goes along as it came', () => {
    const { connection, begun, handler, clock, refused } = start('passthrough')
    const hello = helloFor('DB.example.com')
    connection.wire.received(hello.subarray(0, 20))
    expect(begun).toEqual([])
    connection.wire.received(Buffer.concat([hello.subarray(20), Buffer.from('more')]))
    expect(begun).toMatchObject([{ listener: 'db', host: 'db.example.com' }])
    clock.advance(headMs + 1000)
    expect([connection.wire.isPaused, refused]).toEqual([true, []])
    expect(handler.idle.size).toBe(0)
    expect(connection.join().early?.toString('latin1')).toBe(`${hello.toString('latin1')}more`)
    expect(handler.counters.bytesFromClients).toBe(hello.length + 4)
  })

  test('gives way to newcomers while it says nothing', () => {
    const { handler, socket } = start('passthrough')
    expect(handler.idle.size).toBe(1)
    handler.idle.first?.owner.discard()
    expect(socket.closing).toBe('ended')
    expect(handler.idle.size).toBe(0)
  })

  test('gives way to newcomers a second after its hello has begun', () => {
    const { clock, connection, handler, socket } = start('passthrough')
    const hello = helloFor('other')
    clock.advance(5000)
    connection.wire.received(hello.subarray(0, 5))
    clock.advance(900)
    connection.wire.received(hello.subarray(5, 20))
    expect(handler.idle.first?.owner.mayGo).toBe(false)
    clock.advance(200)
    expect(handler.idle.first?.owner.mayGo).toBe(true)
    handler.idle.first?.owner.discard()
    expect([socket.closing, handler.idle.size]).toEqual(['ended', 0])
  })

  test('hears that no such server is here, in an alert', () => {
    const { connection, begun, socket } = start('passthrough')
    connection.wire.received(helloFor('other'))
    begun[0]!.stream.refuse({ status: 404, detail: '' })
    expect([socket.sent, socket.hasShut]).toEqual([UNRECOGNIZED, true])
  })

  test('is reset where there is a server, and no backend', () => {
    const { connection, begun, socket } = start('passthrough')
    connection.wire.received(helloFor('db'))
    begun[0]!.stream.refuse({ status: 503, detail: '' })
    expect([socket.sent, socket.closing]).toEqual(['', 'reset'])
  })

  test.each([
    ['plain HTTP', 'GET / HTTP/1.1\r\n', 'HTTP/1.1 400 '],
    ['garbage', '\0\0', '\x15\x03\x03\x00\x02\x02\x0a'],
  ])('is answered where it is no TLS, and counts as refused: %s', (_, bytes, answer) => {
    const { connection, socket, refused, begun } = start('passthrough')
    connection.wire.received(Buffer.from(bytes))
    expect(socket.sent).toStartWith(answer)
    expect([refused.map(({ status }) => status), begun.length]).toEqual([[400], 0])
  })

  test('has a time for its hello', () => {
    const { connection, clock, socket, refused } = start('passthrough')
    connection.wire.received(helloFor('a').subarray(0, 9))
    clock.advance(headMs - 1000)
    connection.wire.received(helloFor('a').subarray(9, 12))
    expect(refused).toEqual([])
    clock.advance(2000)
    expect([refused.map(({ status }) => status), socket.hasShut]).toEqual([[408], true])
  })

  test('ends quietly where nothing came, in time or at all', () => {
    for (const how of ['late', 'end'] as const) {
      const { connection, clock, socket, refused } = start('passthrough')
      if (how === 'late') clock.advance(headMs + 1000)
      else connection.wire.peerEnded()
      expect([socket.sent, refused.length, socket.hasShut]).toEqual(['', 0, true])
    }
  })
})
