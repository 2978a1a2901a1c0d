import { describe, expect, test } from 'bun:test'
import type { Socket } from 'bun'
import { MAX_FIELDS } from '../../../core/http1/limits.ts'
import { ResponseHead } from '../../../core/http1/response-head.ts'
import { Http1Connection } from '../../../core/outbound/http1-connection.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { Wire } from '../../../core/net/wire.ts'
import type { ResponseSink } from '../../../core/stream/backend-stream.ts'
import { fail } from '../../support/fail.ts'
import { limits } from '../../support/http1-bytes.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A connection that is being opened, and what its sink and its owner have heard. */
function makeConnection() {
  const clock = virtualClock()
  const heard: string[] = []
  const sink: ResponseSink = {
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
    timeouts: { connectMs: 2000, responseMs: 30_000, idleMs: 60_000, keepAliveMs: 4000 },
    wheel: new TimerWheel(clock, fail),
    counters: { bytesToBackend: 0, bytesFromBackend: 0 },
    onIdle: () => true,
    onGone: () => void heard.push('gone'),
  }
  const connection = new Http1Connection(owner)
  connection.sink = sink
  /** The connect succeeds after all. */
  function open(): void {
    const { wire } = connection
    const terminate = (): void => {
      heard.push('terminated')
      wire.closed(true)
    }
    wire.opened({ terminate } as unknown as Socket<Wire>)
  }
  return { clock, heard, connection, open }
}

describe('a connection to a backend that is being opened', () => {
  test('tells its sink when it is open', () => {
    const { heard, open } = makeConnection()
    open()
    expect(heard).toEqual(['connected'])
  })

  test('fails when it takes too long, and is cut when it opens after all', () => {
    const { clock, heard, open } = makeConnection()
    clock.advance(1900)
    expect(heard).toEqual([])
    clock.advance(400)
    expect(heard).toEqual(['connect: no connection within 2000 ms'])
    open()
    expect(heard.slice(1)).toEqual(['terminated', 'gone'])
  })

  test('keeps its place until the system gives it up, and fails once', () => {
    const { clock, heard, connection } = makeConnection()
    clock.advance(2300)
    connection.wire.connectFailed('ETIMEDOUT')
    expect(heard).toEqual(['connect: no connection within 2000 ms', 'gone'])
  })

  test('fails with the reason of the system', () => {
    const { clock, heard, connection } = makeConnection()
    connection.wire.connectFailed('ECONNREFUSED')
    clock.advance(10_000)
    expect(heard).toEqual(['connect: ECONNREFUSED', 'gone'])
  })

  test.each(['opens', 'fails'])('tells nobody when it %s after nobody waits any more', (how) => {
    const { clock, heard, connection, open } = makeConnection()
    connection.abort()
    if (how === 'opens') open()
    else connection.wire.connectFailed('ECONNREFUSED')
    clock.advance(10_000)
    expect(heard.filter((what) => what !== 'terminated')).toEqual(['gone'])
  })
})
