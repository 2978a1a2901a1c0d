import { describe, expect, test } from 'bun:test'
import type { Socket } from 'bun'
import { MAX_FIELDS } from '../../../core/http1/limits.ts'
import { ResponseHead } from '../../../core/http1/response-head.ts'
import { Http1Connection } from '../../../core/outbound/http1-connection.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { SocketOwner } from '../../../core/net/wire-socket.ts'
import type { ResponseSink } from '../../../core/stream/backend-stream.ts'
import { fail } from '../../support/fail.ts'
import { limits } from '../../support/http1-bytes.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A connection that is being opened, and what its sink and its owner have heard. */
function makeConnection() {
  const clock = virtualClock()
  const heard: string[] = []
  const sink: ResponseSink = {
    onMoved: fail,
    onConnected: () => void heard.push('connected'),
    onInterim: () => void heard.push('interim'),
    onResponse: () => void heard.push('response'),
    onResponseEnd: () => void heard.push('end'),
    onFailure: (cause, detail) => void heard.push(`${cause}: ${detail}`),
    onBackendBlocked: () => void heard.push('blocked'),
    onBody: () => void heard.push('body'),
  }
  const owner = {
    head: new ResponseHead(MAX_FIELDS),
    limits,
    timeouts: { connectMs: 2000, responseMs: 30_000, idleMs: 60_000, keepAliveMs: 4000, maxAgeMs: 300_000 },
    wheel: new TimerWheel(clock, fail),
    bodyForm: 'chunks' as const,
    counters: { bytesToBackend: 0, bytesFromBackend: 0 },
    onIdle: () => true,
    onUnused: () => false,
    onGone: () => void heard.push('gone'),
    onClosed: () => void heard.push('closed'),
  }
  const connection = new Http1Connection(owner)
  connection.sink = sink
  /** The connect succeeds after all. */
  function open(): void {
    const { wire } = connection
    const terminate = (): void => {
      heard.push('terminated')
      wire.closed(undefined)
    }
    wire.opened({ terminate } as unknown as Socket<SocketOwner>)
  }
  return { clock, heard, connection, open }
}

describe('a connection to a backend that is being opened', () => {
  test('tells its sink when it is open', () => {
    const { heard, open } = makeConnection()
    open()
    expect(heard).toEqual(['connected'])
  })

  test('fails with what the dialler says, and frees its place before that', () => {
    const { clock, heard, connection } = makeConnection()
    connection.wire.connectFailed({ isLocal: false, code: 'ECONNREFUSED', detail: 'ECONNREFUSED' })
    clock.advance(10_000)
    expect(heard).toEqual(['gone', 'closed', 'connect: ECONNREFUSED'])
  })

  test('tells a lack of our own from the backend’s fault', () => {
    const { heard, connection } = makeConnection()
    connection.wire.connectFailed({ isLocal: true, code: 'EMFILE', detail: 'EMFILE' })
    expect(heard).toEqual(['gone', 'closed', 'local: EMFILE'])
  })

  test('gives the connect up and frees its place when nobody waits any more', () => {
    const { clock, heard, connection } = makeConnection()
    connection.wire.connecting = () => void heard.push('given up')
    connection.abort()
    clock.advance(10_000)
    expect(heard).toEqual(['given up', 'gone', 'closed'])
  })
})
