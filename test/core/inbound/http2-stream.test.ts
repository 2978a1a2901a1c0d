import { describe, expect, test } from 'bun:test'
import * as type from '../../../core/http2/frames.ts'
import * as setting from '../../../core/http2/settings.ts'
import type { ClientStream } from '../../../core/stream/client-stream.ts'
import { limits } from '../../support/http1-bytes.ts'
import {
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  GET,
  get,
  headers,
  post,
  POST,
  reset,
  FrameLog,
  PREFACE,
  settings,
  windowUpdate,
} from '../../support/http2.ts'
import { connect, HEAD, headOf, send } from '../../support/http2-waiting.ts'

describe('the head of a request', () => {
  const headText = (fields: Parameters<typeof headers>[1], flags = END_STREAM | END_HEADERS): string => {
    const client = connect()
    client.send(headers(1, fields, flags))
    const { bytes, start, fields: section } = client.stream().readHead()
    return bytes.toString('latin1', start, section.end)
  }

  test.each([
    ['is that of HTTP/1.1', GET, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'],
    [
      'keeps order, repeats and bytes of fields',
      [...GET, ['b', '2'], ['a', '\xe9'], ['b', '1']] as const,
      'GET / HTTP/1.1\r\nhost: a\r\nb: 2\r\na: \xe9\r\nb: 1\r\n\r\n',
    ],
    [
      'has one cookie of all crumbs, at its end',
      [...GET, ['cookie', 'a=1'], ['x', '1'], ['cookie', 'b=2; c=3']] as const,
      'GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\ncookie: a=1; b=2; c=3\r\n\r\n',
    ],
    [
      'has the host in place of an authority',
      [...GET.slice(0, 3), ['host', 'b:1']] as const,
      'GET / HTTP/1.1\r\nhost: b:1\r\n\r\n',
    ],
  ] as const)('%s', (_, fields, text) => expect(headText(fields)).toBe(text))

  test('tells of chunks where a body may follow and no length is known', () => {
    expect(headText(POST, END_HEADERS)).toBe('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n')
    expect(headText([...POST, ['content-length', '3']], END_HEADERS)).toBe(
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n',
    )
  })

  test('is there to be read again behind others', () => {
    const client = connect()
    client.send(get(1, [['x', 'first']]) + get(3, [['x', 'second']]))
    expect(client.stream(0).readHead().fields.valueNamed('x')).toBe('first')
    expect(client.stream(1).readHead().fields.valueNamed('x')).toBe('second')
    expect(client.stream(0).readLine()).toEqual({ method: 'GET', target: '/', protocol: 'HTTP/2' })
  })

  test.each([
    ['too many fields', { maxFields: 4 }, Array.from({ length: 5 }, (_, index) => [`x${index}`, '1'] as const)],
    ['too many crumbs of a cookie', { maxFields: 4 }, Array.from({ length: 5 }, () => ['cookie', 'a=1'] as const)],
    ['too many bytes', { maxHeadBytes: 200 }, [['x', 'a'.repeat(200)] as const]],
    [
      'too many bytes of crumbs',
      { maxHeadBytes: 200 },
      Array.from({ length: 20 }, () => ['cookie', 'a=12345678'] as const),
    ],
  ])('is refused with 431 for %s, and others go on', (_, less, fields) => {
    const client = connect({ limits: { ...limits, ...less } })
    expect(client.send(get(1, fields))[0]).toStartWith('HEADERS 1 :status=431')
    client.send(get(3))
    expect(client.requests).toHaveLength(1)
  })
})

describe('the body of a request', () => {
  test('waits until somebody takes it, and comes as data', () => {
    const client = connect()
    client.send(post(1) + data(1, 'ab') + data(1, 'c', END_STREAM))
    expect([client.request().body, client.stream().isWhole]).toEqual(['', false])
    client.act(() => client.stream().resumeBody('data'))
    expect([client.request().body, client.request().log, client.stream().isWhole]).toEqual(['abc', ['end'], true])
  })

  test('comes in chunks when these are asked for, and without them when its length is known', () => {
    const client = connect()
    client.send(post(1) + post(3, [['content-length', '3']]))
    client.act(() => client.requests.forEach((stream) => stream.resumeBody('chunks')))
    client.send(data(1, 'abc', END_STREAM) + data(3, 'abc', END_STREAM))
    expect([client.request(0).body, client.request(1).body]).toEqual(['3\r\nabc\r\n', 'abc'])
  })

  test('is held up by who takes it, and by nobody else', () => {
    const client = connect()
    client.send(post(1) + post(3))
    client.act(() => client.requests.forEach((stream) => stream.resumeBody('data')))
    client.act(() => client.stream(0).pauseBody())
    client.send(data(1, 'a') + data(3, 'b', END_STREAM))
    expect([client.request(0).body, client.request(1).log]).toEqual(['', ['end']])
    client.act(() => client.stream(0).resumeBody('data'))
    expect(client.request(0).body).toBe('a')
  })

  test('brings its trailers', () => {
    const client = connect()
    client.send(post(1))
    client.act(() => client.stream().resumeBody('data'))
    client.send(data(1, 'a') + headers(1, [['x-sum', '1']]))
    expect(client.request().log).toEqual(['end x-sum: 1'])
  })

  test('may be sent on for as much as has been taken, padding included', () => {
    const client = connect()
    client.send(post(1))
    const piece = data(1, 'a'.repeat(16_384))
    expect(client.send(piece.repeat(3))).toEqual([])
    expect(client.act(() => client.stream().resumeBody('data'))).toEqual(['WINDOW_UPDATE 1 +32768'])
    const padded = frame(type.DATA, type.FLAG_PADDED, 1, `\xff${'b'.repeat(100)}${'\0'.repeat(255)}`)
    expect(client.send(padded.repeat(60))).toEqual(['WINDOW_UPDATE 1 +32860'])
  })

  test('that nobody takes costs no more than its window', () => {
    const client = connect()
    client.send(post(1))
    expect(client.send(data(1, 'a'.repeat(16_384)).repeat(4))).toEqual(['RST_STREAM 1 FLOW_CONTROL_ERROR'])
    expect(client.request().log).toEqual(['gone'])
  })

  test('is refused when it grows beyond what its route allows', () => {
    const client = connect()
    client.send(post(1))
    client.act(() => {
      client.stream().limitBody(3)
      client.stream().resumeBody('data')
    })
    client.send(data(1, 'abcd'))
    expect(client.request().log).toEqual(['fault 413'])
  })

  test('that comes too slowly is a fault', () => {
    const client = connect()
    client.send(post(1))
    client.act(() => client.stream().resumeBody('data'))
    client.clock.advance(29_000)
    client.send(data(1, 'a'))
    client.clock.advance(29_000)
    expect(client.request().log).toEqual([])
    client.clock.advance(2000)
    expect(client.request().log).toEqual(['fault 408'])
  })

  test('costs the client its window on the connection only until it is reset', () => {
    const client = connect()
    const lines: string[] = []
    for (let id = 1; id < 2 * 40; id += 2) {
      client.send(post(id))
      lines.push(...client.send(data(id, 'a'.repeat(16_384)) + reset(id)))
    }
    expect(lines).toEqual(['WINDOW_UPDATE 0 +524288'])
  })
})

describe('a response', () => {
  test('has its fields in lower case, without those of a connection, and the date that it lacks', () => {
    const client = connect()
    client.send(get(1))
    const head = headOf(
      'HTTP/1.1 404 Not Found\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTransfer-Encoding: chunked\r\nX-Kept:  a b \r\n\r\n',
    )
    expect(client.act(() => client.stream().sendHead(head, 'chunked'))).toEqual([
      'HEADERS 1 :status=404 x-kept=a b date=Thu, 01 Jan 2026 00:00:00 GMT',
    ])
  })

  test('of one event is one write, its end told by its last frame', () => {
    const client = connect()
    client.send(get(1))
    const writes = client.socket.sent.length
    const lines = client.act(() => {
      client.stream().sendHead(headOf(HEAD), 'chunked')
      send(client.stream(), 'a')
      client.stream().sendEnd(undefined)
    })
    expect(lines).toEqual(['HEADERS 1 :status=200 date=now', 'DATA 1 end a'])
    expect(client.socket.sent.length).toBeGreaterThan(writes)
  })

  test.each(['HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified'])(
    'without a body ends with its head: %s',
    (line) => {
      const client = connect()
      client.send(get(1))
      const lines = client.act(() => {
        client.stream().sendHead(headOf(`${line}\r\nDate: now\r\n\r\n`), 'none')
        client.stream().sendEnd(undefined)
      })
      expect(lines).toEqual([`HEADERS 1 end :status=${line.slice(9, 12)} date=now`])
    },
  )

  test('may come behind interim ones', () => {
    const client = connect()
    client.send(get(1))
    const lines = client.act(() => {
      client.stream().sendInterim(headOf('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'))
      client.stream().sendHead(headOf(HEAD), 'none')
      client.stream().sendEnd(undefined)
    })
    expect(lines).toEqual(['HEADERS 1 :status=103 link=</a>', 'HEADERS 1 end :status=200 date=now'])
  })

  test('ends with its trailers, but for those that must not trail', () => {
    const trailers = connect()
    trailers.send(post(1))
    const seen = parseTrailers('grpc-status: 0\r\nset-cookie: x\r\n\r\n')
    const lines = trailers.act(() => {
      trailers.stream().sendHead(headOf(HEAD), 'chunked')
      send(trailers.stream(), 'a')
      trailers.stream().sendEnd(seen)
    })
    expect(lines).toEqual([
      'HEADERS 1 :status=200 date=now',
      'DATA 1 a',
      'HEADERS 1 end grpc-status=0',
      'RST_STREAM 1 NO_ERROR',
    ])
  })

  test('before the end of its request has the rest of that thrown away', () => {
    const client = connect()
    client.send(post(1))
    const lines = client.act(() => client.stream().refuse({ status: 413, detail: 'too much' }))
    expect(lines[0]).toStartWith('HEADERS 1 :status=413')
    expect(lines.slice(1)).toEqual(['DATA 1 end 413 Content Too Large: too much\n', 'RST_STREAM 1 NO_ERROR'])
    expect(client.send(data(1, 'late', END_STREAM))).toEqual([])
  })

  test('larger than a frame is cut into several, head included', () => {
    const client = connect()
    client.send(get(1))
    const lines = client
      .act(() => {
        client.stream().sendHead(headOf(`HTTP/1.1 200 OK\r\nDate: now\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`), 'chunked')
        send(client.stream(), 'b'.repeat(20_000))
      })
      .map((line) => line.slice(0, 20))
    expect(lines.filter((line) => line.startsWith('DATA'))).toEqual(['DATA 1 (16384)', 'DATA 1 (3616)'])
    expect(lines[0]).toStartWith('HEADERS 1')
    expect(lines[1]).toStartWith('CONTINUATION 1')
  })

  test('puts nothing into a table that its client does not keep', () => {
    const client = connect({ isSilent: true })
    client.send(PREFACE + settings([setting.HEADER_TABLE_SIZE, 0]) + get(1) + get(3) + get(5))
    for (const stream of client.requests) client.act(() => stream.sendHead(headOf(HEAD), 'chunked'))
    const lines = new FrameLog(0).read(client.socket.sent)
    expect(lines.slice(-3)).toEqual([1, 3, 5].map((id) => `HEADERS ${id} :status=200 date=now`))
  })

  test('that is cut is seen as cut', () => {
    const client = connect()
    client.send(get(1))
    client.act(() => client.stream().sendHead(headOf(HEAD), 'chunked'))
    expect(client.act(() => client.stream().cut())).toEqual(['RST_STREAM 1 INTERNAL_ERROR'])
  })

  const problem = { status: 502, detail: 'it died: ü' }
  test.each([
    [
      'for a call of gRPC by its trailers',
      'application/grpc',
      ['HEADERS 1 end grpc-status=14 grpc-message=it died: %C3%BC', 'RST_STREAM 1 NO_ERROR'],
    ],
    ['for anything else by a reset', 'text/plain', ['RST_STREAM 1 INTERNAL_ERROR']],
  ])('that is cut tells why %s', (_, type, told) => {
    const client = connect()
    client.send(post(1, [['content-type', type]]))
    client.act(() => client.stream().sendHead(headOf(HEAD), 'chunked'))
    expect(client.act(() => client.stream().cut(problem))).toEqual(told)
  })

  test('that is cut tells why behind what its window has not let through yet', () => {
    const client = connect()
    client.send(settings([setting.INITIAL_WINDOW_SIZE, 1]) + post(1, [['content-type', 'application/grpc']]))
    client.act(() => {
      client.stream().sendHead(headOf(HEAD), 'chunked')
      send(client.stream(), 'ab')
    })
    expect(client.act(() => client.stream().cut(problem))).toEqual([])
    expect(client.send(windowUpdate(1, 1))).toEqual([
      'DATA 1 b',
      'HEADERS 1 end grpc-status=14 grpc-message=it died: %C3%BC',
      'RST_STREAM 1 NO_ERROR',
    ])
  })

  test('that is cut once its client has gone tells nothing', () => {
    const client = connect()
    client.send(post(1, [['content-type', 'application/grpc']]))
    client.act(() => client.stream().sendHead(headOf(HEAD), 'chunked'))
    client.send(reset(1))
    expect(client.act(() => client.stream().cut(problem))).toEqual([])
  })
})

function parseTrailers(text: string) {
  const client = connect()
  client.send(post(1))
  client.act(() => client.stream().resumeBody('data'))
  const fields = text
    .trim()
    .split('\r\n')
    .map((line) => line.split(': ') as [string, string])
  let trailers: Parameters<ClientStream['sendEnd']>[0]
  client.stream().sink.onRequestEnd = (section) => void (trailers = section)
  client.send(headers(1, fields))
  return trailers
}

describe('a problem of ours', () => {
  test('is a status of gRPC for its clients, and nothing else', () => {
    const client = connect()
    client.send(post(1, [['content-type', 'application/grpc']]))
    const problem = { status: 503, detail: 'nobody is there', lines: 'X-Why: 1\r\n' }
    expect(client.stream().contentBytes(problem)).toBe(0)
    expect(client.act(() => client.stream().refuse(problem))).toEqual([
      'HEADERS 1 end :status=200 content-type=application/grpc grpc-status=14 grpc-message=nobody is there x-why=1 date=Thu, 01 Jan 2026 00:00:00 GMT',
      'RST_STREAM 1 NO_ERROR',
    ])
  })
})
