import { describe, expect, test } from 'bun:test'
import { NO_UPGRADE } from '../../../core/outbound/http2-upgrade.ts'
import * as type from '../../../core/http2/frames.ts'
import * as setting from '../../../core/http2/settings.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { backendTimeouts } from '../../support/http1-ends.ts'
import {
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  goAway,
  headers,
  ping,
  reset,
  windowUpdate,
  type Fields,
} from '../../support/http2.ts'
import { http2Backend } from '../../support/http2-backend.ts'
import { inEvent } from '../../support/memory-socket.ts'

const status = (code: number, more: Fields = []): Fields => [[':status', String(code)], ...more]
const head = (id: number, more: Fields = [], flags = END_HEADERS): string => headers(id, status(200, more), flags)
const grpc: Fields[number] = ['content-type', 'application/grpc']
const POST = 'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
const REQUEST =
  'HEADERS 1 end :method=GET :scheme=http :authority=a :path=/ via=1.1 smartedge x-forwarded-host=a x-request-id=id'

describe('a request', () => {
  test('begins its connection, and is its head without what belongs to HTTP/1', () => {
    const { lines } = http2Backend().begin(
      'GET /p?q HTTP/1.1\r\nhost:  b:8 \r\nConnection: x-hop\r\nX-Hop: 1\r\nTE: trailers\r\nX-Kept: a\r\n\r\n',
    )
    expect(lines).toEqual([
      'SETTINGS',
      'WINDOW_UPDATE 0 +983041',
      'HEADERS 1 end :method=GET :scheme=http :authority=b:8 :path=/p?q x-kept=a via=1.1 smartedge x-forwarded-host=b:8 x-request-id=id te=trailers',
      'SETTINGS ack',
    ])
  })

  test.each(['GET', 'POST', 'PUT', 'COPY', 'LOCK', 'MOVE', 'GOT', 'get'])('keeps its method: %s', (method) => {
    const { lines } = http2Backend().begin(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect(lines[2]).toStartWith(`HEADERS 1 end :method=${method} :scheme=http`)
  })

  test('has its body sent as data, as far as the windows let it', () => {
    const backend = http2Backend()
    const { end, stream, sink } = backend.begin(POST, [setting.INITIAL_WINDOW_SIZE, 4])
    inEvent(() => {
      stream.sendBody(bytesOf('abcdef'), 0, 6)
      stream.sendEnd(undefined)
    })
    expect(end.got()).toEqual(['DATA 1 abcd'])
    expect(sink.log).toEqual(['connected', 'blocked'])
    expect(end.send(windowUpdate(1, 10))).toEqual(['DATA 1 end ef'])
  })

  test('goes over the connection that is there, at once', () => {
    const backend = http2Backend()
    const { end } = backend.begin()
    const second = backend.ask()
    expect(second.stream.isReused).toBe(true)
    expect(end.got()[0]).toStartWith('HEADERS 3 end :method=GET')
    expect(backend.ends).toHaveLength(1)
  })

  test('goes over another connection when the backend takes no more streams', () => {
    const backend = http2Backend()
    backend.begin(undefined, [setting.MAX_CONCURRENT_STREAMS, 1])
    backend.ask()
    expect(backend.ends).toHaveLength(2)
    expect(backend.counters.connections).toBe(2)
  })

  test('finds no room where no more connections may be opened', () => {
    const backend = http2Backend({ maxConnections: 1 })
    const { end } = backend.begin(undefined, [setting.MAX_CONCURRENT_STREAMS, 1])
    expect([backend.pool.hasRoom, backend.pool.open('any')]).toEqual([false, undefined])
    end.send(head(1, [], END_HEADERS | END_STREAM))
    expect(backend.pool.hasRoom).toBe(true)
  })

  test('that is given up is reset, and harms no other', () => {
    const backend = http2Backend()
    const { end, stream } = backend.begin()
    const second = backend.ask()
    end.got()
    inEvent(() => stream.abort())
    expect(end.got()).toEqual(['RST_STREAM 1 CANCEL'])
    end.send(head(1) + data(1, 'late', END_STREAM) + head(3) + data(3, 'ok', END_STREAM))
    expect([second.sink.log, second.sink.body]).toEqual([['response 200', 'end'], 'ok'])
  })

  test('that is given up before its connection is there ends that', () => {
    const backend = http2Backend()
    const { stream } = backend.ask()
    inEvent(() => stream.abort())
    expect([backend.counters.connections, backend.wires[0]!.connecting]).toEqual([0, undefined])
  })

  test('to switch protocols is not passed on', () => {
    const backend = http2Backend()
    const { end } = backend.begin()
    const { sink } = backend.askToSwitch()
    expect(sink.log).toEqual([`protocol: ${NO_UPGRADE}`])
    expect(end.got()).toEqual([])
  })
})

describe('a response', () => {
  test.each([
    [
      'with a length',
      head(1, [['content-length', '2']]) + data(1, 'ok', END_STREAM),
      ['connected', 'response 200', 'end'],
      'ok',
    ],
    [
      'without one',
      head(1) + data(1, 'o') + data(1, 'k') + data(1, '', END_STREAM),
      ['connected', 'response 200', 'end'],
      'ok',
    ],
    ['that is its head alone', head(1, [], END_HEADERS | END_STREAM), ['connected', 'response 200', 'end'], ''],
    [
      'behind interim ones',
      headers(1, status(103), END_HEADERS) + head(1) + data(1, 'ok', END_STREAM),
      ['connected', 'interim 103', 'response 200', 'end'],
      'ok',
    ],
    [
      'with trailers',
      head(1) + data(1, 'ok') + headers(1, [['grpc-status', '0']]),
      ['connected', 'response 200', 'end grpc-status: 0'],
      'ok',
    ],
    [
      'padded',
      head(1) + frame(type.DATA, END_STREAM | type.FLAG_PADDED, 1, '\x02ok\0\0'),
      ['connected', 'response 200', 'end'],
      'ok',
    ],
  ] as const)('%s, whole and byte by byte', (_, sent, log, body) => {
    for (const pieceBytes of [Infinity, 1]) {
      const { end, sink } = http2Backend().begin()
      end.send(sent, pieceBytes)
      expect([sink.log, sink.body]).toEqual([[...log], body])
    }
  })

  test.each([
    ['alone, at once', head(1, [grpc, ['grpc-status', '14']], END_HEADERS | END_STREAM), '', 14],
    ['alone, though it is missing', head(1, [grpc], END_HEADERS | END_STREAM), '', 2],
    ['in its trailers', head(1, [grpc]), headers(1, [['grpc-status', '14']]), 14],
    ['in its trailers, whatever the head says', head(1, [grpc, ['grpc-status', '0']]), data(1, '', END_STREAM), 2],
    ['nowhere, when it is no call', head(1, [['grpc-status', '14']], END_HEADERS | END_STREAM), '', undefined],
  ] as const)('to a call tells its status %s', (_, first, last, code) => {
    const { end, stream, sink } = http2Backend().begin(POST)
    let known: unknown = -1
    sink.onResponse = () => void (known = stream.grpcStatus)
    end.send(first)
    expect(known).toBe(last === '' ? code : undefined)
    end.send(last)
    expect(stream.grpcStatus).toBe(code)
  })

  test('to HEAD has no content, whatever its length says', () => {
    const { end, sink } = http2Backend().begin('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n')
    end.send(head(1, [['content-length', '5']], END_HEADERS | END_STREAM))
    expect(sink.log).toEqual(['connected', 'response 200', 'end'])
  })

  test('is held back, within its window, while its client takes no more', () => {
    const { end, stream, sink } = http2Backend().begin()
    end.send(head(1))
    inEvent(() => stream.pauseResponse())
    expect(end.send(data(1, 'a'.repeat(16_384)).repeat(3))).toEqual([])
    expect(sink.body).toBe('')
    inEvent(() => stream.resumeResponse())
    expect([sink.body.length, end.got()]).toEqual([49_152, ['WINDOW_UPDATE 1 +32768']])
    end.send(data(1, 'b', END_STREAM))
    expect(sink.log.at(-1)).toBe('end')
  })

  test('that ends while it is held back ends when it is taken', () => {
    const { end, stream, sink } = http2Backend().begin()
    end.send(head(1))
    inEvent(() => stream.pauseResponse())
    end.send(data(1, 'ab', END_STREAM))
    expect(sink.log.at(-1)).toBe('response 200')
    inEvent(() => stream.resumeResponse())
    expect([sink.body, sink.log.at(-1)]).toEqual(['ab', 'end'])
  })

  test('before the end of its request ends that as well', () => {
    const { end, sink, stream } = http2Backend().begin(POST)
    expect(end.send(head(1) + data(1, 'no', END_STREAM))).toEqual(['RST_STREAM 1 CANCEL'])
    expect(sink.log).toEqual(['connected', 'response 200', 'end'])
    inEvent(() => stream.sendBody(bytesOf('more'), 0, 4))
    expect(end.got()).toEqual([])
  })
})

describe('a backend that refuses', () => {
  test.each([
    ['one stream', reset(1, 7), 'reset: the backend reset the stream (REFUSED_STREAM)', true],
    ['one stream for another reason', reset(1, 2), 'reset: the backend reset the stream (INTERNAL_ERROR)', false],
    ['all that it has not begun', goAway(0), 'reset: the backend leaves (NO_ERROR)', true],
  ])('%s', (_, sent, told, wasRefused) => {
    const { end, stream, sink } = http2Backend().begin()
    end.send(sent)
    expect([sink.log.at(-1), stream.wasRefused, stream.hasBegun]).toEqual([told, wasRefused, false])
  })

  test('and leaves answers what it has begun', () => {
    const backend = http2Backend()
    const { end, sink } = backend.begin()
    const second = backend.ask()
    end.send(goAway(1))
    expect(second.stream.wasRefused).toBe(true)
    end.send(head(1) + data(1, 'ok', END_STREAM))
    expect([sink.log.at(-1), end.socket.hasShut]).toEqual(['end', true])
    backend.ask()
    expect(backend.ends).toHaveLength(2)
  })
})

describe('time', () => {
  test('for a response runs from the end of its request', () => {
    const backend = http2Backend()
    const { end, sink } = backend.begin()
    for (let second = 0; second < 29; second += 1) {
      backend.clock.advance(1000)
      end.send(ping())
    }
    backend.clock.advance(2000)
    expect(sink.log.at(-1)).toBe(`timeout: no response within ${backendTimeouts.responseMs} ms`)
    expect(end.got()).toContain('RST_STREAM 1 CANCEL')
  })

  test('of a silent backend is asked about, and ends with its connection', () => {
    const backend = http2Backend()
    const { end, sink } = backend.begin()
    backend.clock.advance(20_500)
    expect(end.got()).toContain('PING are you?')
    end.send(ping('are you?', type.FLAG_ACK))
    expect(sink.log).toEqual(['connected'])
    const second = http2Backend({ timeouts: { ...backendTimeouts, responseMs: 3_600_000 } })
    const asked = second.begin()
    second.clock.advance(31_000)
    expect([asked.sink.log.at(-1), asked.end.socket.closing]).toEqual([
      'timeout: the backend did not answer a PING, or took nothing',
      'reset',
    ])
  })

  test('of a connection that nobody uses is that of one that is kept alive', () => {
    const backend = http2Backend()
    const { end } = backend.begin()
    end.send(head(1, [], END_HEADERS | END_STREAM))
    backend.clock.advance(3900)
    expect(end.socket.isOpen).toBe(true)
    backend.clock.advance(500)
    expect([end.got(), end.socket.isOpen, backend.counters.connections]).toEqual([['GOAWAY 0 NO_ERROR'], false, 0])
  })

  test('makes a connection too old for another request while it still has one', () => {
    const backend = http2Backend({ timeouts: { ...backendTimeouts, maxAgeMs: 1000 } })
    backend.begin()
    backend.clock.advance(2000)
    backend.ask()
    expect(backend.ends).toHaveLength(2)
  })

  test('makes a connection too old for another request', () => {
    const backend = http2Backend({ timeouts: { ...backendTimeouts, maxAgeMs: 1000, keepAliveMs: 60_000 } })
    const { end } = backend.begin()
    backend.clock.advance(2000)
    end.send(head(1, [], END_HEADERS | END_STREAM))
    expect(end.socket.hasShut).toBe(true)
    backend.ask()
    expect(backend.ends).toHaveLength(2)
  })
})

test('the smallest request is a frame of one block', () => {
  const { lines } = http2Backend().begin()
  expect(lines[2]).toBe(REQUEST)
})
