import { describe, expect, test } from 'bun:test'
import * as type from '../../../core/http2/frames.ts'
import * as setting from '../../../core/http2/settings.ts'
import {
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  number32,
  ping,
  settings,
  windowUpdate,
  type Fields,
} from '../../support/http2.ts'
import { http2Backend } from '../../support/http2-backend.ts'
import { inEvent } from '../../support/memory-socket.ts'

const status = (code: number, more: Fields = []): Fields => [[':status', String(code)], ...more]
const head = (id: number, more: Fields = [], flags = END_HEADERS): string => headers(id, status(200, more), flags)
describe('a response that breaks the rules fails, and that alone', () => {
  test.each([
    ['no :status', headers(1, [['x', '1']])],
    ['a :status of four digits', headers(1, [[':status', '2000']])],
    ['a 101', headers(1, status(101), END_HEADERS)],
    ['two of them', headers(1, [...status(200), [':status', '200']])],
    ['a :path', headers(1, [...status(200), [':path', '/']])],
    ['an upper-case name', headers(1, status(200, [['X-A', '1']]))],
    ['a field with CRLF', headers(1, status(200, [['x', 'a\r\nb: c']]))],
    ['transfer-encoding', headers(1, status(200, [['transfer-encoding', 'chunked']]))],
    ['connection', headers(1, status(200, [['connection', 'close']]))],
    ['an interim one that is the last', headers(1, status(103))],
    ['content before a head', data(1, 'a')],
    ['more content than its length', head(1, [['content-length', '1']]) + data(1, 'ab')],
    ['less content than its length', head(1, [['content-length', '3']]) + data(1, 'ab', END_STREAM)],
    ['no content for its length', head(1, [['content-length', '3']], END_HEADERS | END_STREAM)],
    [
      'two lengths',
      headers(
        1,
        status(200, [
          ['content-length', '1'],
          ['content-length', '2'],
        ]),
        END_HEADERS,
      ),
    ],
    ['trailers that do not end it', head(1) + headers(1, [['x', '1']], END_HEADERS)],
    ['a pseudo-field in trailers', head(1) + headers(1, [[':status', '200']])],
    ['a window widened by nothing', head(1) + windowUpdate(1, 0)],
    [
      'too many fields',
      headers(
        1,
        status(
          200,
          Array.from({ length: 300 }, () => ['a', 'b'] as const),
        ),
      ),
    ],
  ])('%s', (_, sent) => {
    const backend = http2Backend()
    const { end, sink } = backend.begin()
    const second = backend.ask()
    end.got()
    const lines = end.send(sent)
    expect(sink.log.at(-1)).toStartWith('protocol: ')
    expect(lines.at(-1)).toStartWith('RST_STREAM 1')
    end.send(head(3) + data(3, 'ok', END_STREAM))
    expect(second.sink.log).toEqual(['response 200', 'end'])
  })
})

test('more content than its window fails a response', () => {
  const { end, stream, sink } = http2Backend().begin()
  end.send(head(1))
  inEvent(() => stream.pauseResponse())
  expect(end.send(data(1, 'a'.repeat(16_384)).repeat(4))).toEqual(['RST_STREAM 1 FLOW_CONTROL_ERROR'])
  expect(sink.log.at(-1)).toStartWith('protocol: ')
})

describe('what a failed response has sent', () => {
  const PIECE = 'x'.repeat(4096)
  const SENT = 40 * 4 * PIECE.length
  /** What the backend is told that it may send anew on all streams together. */
  const widenedBy = (lines: readonly string[]): number =>
    lines.reduce((sum, line) => sum + Number(/^WINDOW_UPDATE 0 \+(\d+)$/.exec(line)?.[1] ?? 0), 0)

  test('is given back to its connection, which others use', () => {
    const backend = http2Backend()
    const { end } = backend.begin()
    const lines = Array.from({ length: 40 }, (_, index) => {
      if (index > 0) backend.ask()
      const id = 2 * index + 1
      return end.send(
        headers(
          id,
          [
            [':status', '200'],
            ['content-length', '1'],
          ],
          END_HEADERS,
        ) + data(id, PIECE.repeat(4)),
      )
    })
    expect(widenedBy(lines.flat())).toBe(524_288)
  })

  test('is given back once where it is given up while it is passed on', () => {
    const backend = http2Backend()
    const { end, ...first } = backend.begin()
    const lines = Array.from({ length: 40 }, (_, index) => {
      const { stream, sink } = index === 0 ? first : backend.ask()
      const id = 2 * index + 1
      stream.pauseResponse()
      const sent = end.send(headers(id, [[':status', '200']], END_HEADERS) + data(id, PIECE).repeat(4))
      sink.onBody = () => stream.abort()
      inEvent(() => stream.resumeResponse())
      return [...sent, ...end.got()]
    })
    expect(widenedBy(lines.flat())).toBe(SENT - 131_072)
  })
})

describe('a backend that breaks the connection loses all that is under way', () => {
  test.each([
    ['PING of 4 bytes', ping('1234')],
    ['PUSH_PROMISE', frame(type.PUSH_PROMISE, END_HEADERS, 1, number32(2) + block(status(200)))],
    ['a stream that was never asked for', head(99)],
    ['an even stream', head(2)],
    ['a block that is no HPACK', frame(type.HEADERS, END_HEADERS, 1, '\xff\xff\xff\xff')],
    ['a frame of 16 MB', frame(type.HEADERS, END_HEADERS, 1, '', 0xff_ffff)],
    ['200 pings too many', ping().repeat(201)],
    ['SETTINGS without end', settings().repeat(60)],
    ['CONTINUATION without end', frame(type.HEADERS, 0, 1) + frame(type.CONTINUATION, 0, 1, 'a').repeat(70)],
    ['a setting that asks to be pushed to', settings([setting.ENABLE_PUSH, 1])],
  ])('%s', (_, sent) => {
    const backend = http2Backend()
    const { end, sink } = backend.begin()
    const second = backend.ask()
    end.send(sent)
    expect(sink.log.at(-1)).toStartWith('protocol: the backend broke HTTP/2')
    expect(second.sink.log.at(-1)).toStartWith('protocol: the backend broke HTTP/2')
    expect([end.socket.hasShut, backend.counters.connections]).toEqual([true, 0])
  })

  test('what is no HTTP/2 at all', () => {
    const backend = http2Backend()
    const { sink } = backend.ask()
    backend.ends[0]!.open()
    backend.ends[0]!.send('HTTP/1.1 400 Bad Request\r\n\r\n')
    expect(sink.log.at(-1)).toStartWith('protocol: the backend broke HTTP/2')
  })
})
