import { describe, expect, test } from 'bun:test'
import * as setting from '../../../core/http2/settings.ts'
import { data, END_HEADERS, get, headers, post, PREFACE, reset, settings, windowUpdate } from '../../support/http2.ts'
import { connect, HEAD, headOf, send } from '../../support/http2-waiting.ts'
import { inEvent } from '../../support/memory-socket.ts'

const tunnel = (id: number): string =>
  headers(
    id,
    [
      [':method', 'CONNECT'],
      [':protocol', 'x'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'a'],
    ],
    END_HEADERS,
  )

describe('flow control', () => {
  const small = PREFACE + settings([setting.INITIAL_WINDOW_SIZE, 4])

  test('holds a response back, tells who feeds it, and lets it go on', () => {
    const client = connect({ isSilent: true })
    client.send(small + get(1))
    const lines = client.act(() => {
      client.stream().sendHead(headOf(HEAD), 'chunked')
      send(client.stream(), 'abcdef')
      send(client.stream(), 'gh')
      client.stream().sendEnd(undefined)
    })
    expect(lines).toEqual(['HEADERS 1 :status=200 date=now', 'DATA 1 abcd'])
    expect(client.request().log).toEqual(['blocked'])
    expect(client.send(windowUpdate(1, 3))).toEqual(['DATA 1 efg'])
    expect(client.send(windowUpdate(1, 100))).toEqual(['DATA 1 end h'])
  })

  test('says that there is room when all has gone', () => {
    const client = connect({ isSilent: true })
    client.send(small + get(1))
    client.act(() => {
      client.stream().sendHead(headOf(HEAD), 'chunked')
      send(client.stream(), 'abcdef')
    })
    client.send(windowUpdate(1, 10))
    expect(client.request().log).toEqual(['blocked', 'drained'])
    expect(client.stream().isBlocked).toBe(false)
  })

  test('of a client that takes nothing from the start stops the backend before its first byte', () => {
    const client = connect({ isSilent: true })
    client.send(PREFACE + settings([setting.INITIAL_WINDOW_SIZE, 0]) + get(1))
    client.act(() => client.stream().sendHead(headOf(HEAD), 'chunked'))
    expect(client.stream().isBlocked).toBe(true)
    client.send(windowUpdate(1, 1))
    expect(client.request().log).toEqual(['drained'])
  })

  test('gives back to all what a tunnel that is gone has not taken', () => {
    const client = connect({
      onRequest: (stream) =>
        stream.handOver(headOf('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n')).wire.pause(),
    })
    const lines = Array.from({ length: 20 }, (_, index) => {
      const id = 2 * index + 1
      return client.send(tunnel(id) + data(id, 'x'.repeat(16_384)).repeat(2) + reset(id))
    })
    expect(lines.flat().filter((line) => line.startsWith('WINDOW_UPDATE 0'))).toEqual(['WINDOW_UPDATE 0 +524288'])
  })

  test('gives each stream its turn', () => {
    const client = connect()
    client.send(get(1) + get(3))
    client.act(() => {
      for (const stream of client.requests) stream.sendHead(headOf(HEAD), 'chunked')
      send(client.stream(0), 'a'.repeat(65_535))
    })
    client.send(windowUpdate(1, 200_000) + windowUpdate(3, 200_000))
    client.act(() => {
      send(client.stream(0), 'a'.repeat(40_000))
      send(client.stream(1), 'b'.repeat(40_000))
    })
    expect(client.send(windowUpdate(0, 80_000))).toEqual([
      'DATA 1 (16384)',
      'DATA 3 (16384)',
      'DATA 1 (16384)',
      'DATA 3 (16384)',
      'DATA 1 (7232)',
      'DATA 3 (7232)',
    ])
  })

  test('gives each stream its turn also where room comes by the frame', () => {
    const client = connect()
    client.send(get(1) + get(3) + get(5))
    client.act(() => {
      for (const stream of client.requests) stream.sendHead(headOf(HEAD), 'chunked')
      send(client.stream(2), 'a'.repeat(65_535))
    })
    client.send(windowUpdate(1, 200_000) + windowUpdate(3, 200_000))
    client.act(() => {
      send(client.stream(0), 'a'.repeat(40_000))
      send(client.stream(1), 'b'.repeat(40_000))
    })
    const turns = Array.from({ length: 4 }, () => client.send(windowUpdate(0, 16_384)))
    expect(turns.flat()).toEqual(['DATA 1 (16384)', 'DATA 3 (16384)', 'DATA 1 (16384)', 'DATA 3 (16384)'])
  })

  test('of all streams together is that of their connection', () => {
    const client = connect()
    for (let id = 1; id < 33; id += 2) client.send(post(id) + data(id, 'a'.repeat(13_107)).repeat(5))
    expect(client.send(post(33) + data(33, 'a'.repeat(16)))).toEqual([])
    expect(client.send(data(33, 'a'))).toEqual(['GOAWAY 33 FLOW_CONTROL_ERROR'])
  })

  test('gives up a stream that takes nothing for too long', () => {
    const client = connect({ isSilent: true })
    client.send(small + get(1) + get(3))
    client.act(() => {
      client.stream().sendHead(headOf(HEAD), 'chunked')
      send(client.stream(), 'abcdef')
    })
    client.clock.advance(31_000)
    expect(client.got()).toContain('RST_STREAM 1 CANCEL')
    expect(client.request().log).toEqual(['blocked', 'gone'])
    expect(client.request(1).log).toEqual([])
  })
})

describe('a socket that takes no more', () => {
  test('stops all streams, and starts them again', () => {
    const client = connect()
    client.send(get(1) + get(3))
    client.socket.room = 10
    client.act(() => {
      client.stream(0).sendHead(headOf(HEAD), 'chunked')
      send(client.stream(0), 'abc')
    })
    expect([client.request(0).log, client.request(1).log]).toEqual([['blocked'], ['blocked']])
    client.socket.room = Infinity
    inEvent(() => client.connection.wire.drained())
    expect([client.request(0).log, client.request(1).log]).toEqual([
      ['blocked', 'drained'],
      ['blocked', 'drained'],
    ])
    expect(client.got()).toEqual(['HEADERS 1 :status=200 date=now', 'DATA 1 abc'])
  })

  test('is given up when it takes nothing for too long', () => {
    const client = connect()
    client.send(get(1))
    client.socket.room = 0
    client.act(() => client.stream(0).sendHead(headOf(HEAD), 'chunked'))
    client.clock.advance(31_000)
    expect([client.socket.closing, client.request().log]).toEqual(['reset', ['blocked', 'gone']])
  })
})

describe('100 streams side by side', () => {
  const IDS = Array.from({ length: 100 }, (_, index) => 2 * index + 1)
  const begun = () => {
    const client = connect()
    client.send(IDS.map((id) => get(id)).join(''))
    client.act(() => {
      for (const stream of client.requests) stream.sendHead(headOf(HEAD), 'chunked')
    })
    return client
  }
  /** Streams that the frames are of, in order. */
  const order = (lines: readonly string[]): number[] =>
    lines.filter((line) => line.startsWith('DATA')).map((line) => Number(line.split(' ')[1]))

  test('are each sent a frame before any is sent its second', () => {
    const client = begun()
    client.send(IDS.map((id) => windowUpdate(id, 100_000)).join(''))
    // The first takes the connection's window, and has much more to send than all others.
    client.act(() => {
      send(client.stream(0), 'a'.repeat(160_000))
      for (const stream of client.requests.slice(1)) send(stream, 'b'.repeat(20_000))
    })
    const lines = client.send(windowUpdate(0, 100 * 16_384))
    expect(order(lines)).toEqual([...IDS])
    expect(order(client.send(windowUpdate(0, 1_000_000)))).toEqual([...IDS, 1, 1, 1, 1])
  })

  test('are not held up by those whose clients or backends stand still', () => {
    const client = begun()
    client.send(windowUpdate(0, 2 ** 30))
    // Every other client takes no more than the first 64 KiB; every third backend says nothing.
    const isStill = (index: number): boolean => index % 2 === 0
    const isSilent = (index: number): boolean => index % 3 === 0
    client.act(() => {
      for (const [index, stream] of client.requests.entries())
        if (!isSilent(index)) send(stream, 'x'.repeat(isStill(index) ? 80_000 : 60_000))
    })
    const lines = client.act(() => {
      for (const [index, stream] of client.requests.entries())
        if (!isSilent(index) && !isStill(index)) {
          send(stream, 'end')
          stream.sendEnd(undefined)
        }
    })
    const ended = IDS.filter((_, index) => !isSilent(index) && !isStill(index))
    expect(lines).toEqual(ended.map((id) => `DATA ${id} end end`))
    expect(client.requests.filter((stream) => stream.isBlocked).length).toBe(33)
  })
})
