import { describe, expect, test } from 'bun:test'
import type { ClientStream } from '../../../core/stream/client-stream.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { clientSide, recordRequest } from '../../support/http1-ends.ts'
import { parseResponse } from '../../support/http1-heads.ts'
import { accept, inEvent } from '../../support/memory-socket.ts'
import { DATE_LINE, virtualClock } from '../../support/virtual-clock.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n'

/** The stream of one request, and what its client has got. */
function streamOf(request: string) {
  const side = clientSide(virtualClock(), (stream) => recordRequest(stream))
  const socket = accept(side.connection.wire)
  const bytes = bytesOf(request)
  inEvent(() => side.connection.wire.received(bytes))
  const stream = side.requests[0]
  if (stream === undefined) throw new Error(`no request: ${socket.sent}`)
  return { stream, socket, bytes }
}

function answer(request: string, act: (stream: ClientStream) => void): string {
  const { stream, socket } = streamOf(request)
  inEvent(() => act(stream))
  return socket.sent
}

const chunked = (body: string) => (stream: ClientStream) => {
  stream.sendHead(parseResponse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), 'chunked')
  stream.sendBody(bytesOf(body), 0, body.length)
  stream.sendEnd(undefined)
}

const untilClose = (stream: ClientStream): void => {
  stream.sendHead(parseResponse('HTTP/1.1 200 OK\r\n\r\n'), 'until-close')
  stream.sendBody(bytesOf('hello'), 0, 5)
  stream.sendEnd(undefined)
}

describe('a response', () => {
  test.each([
    [
      'in chunks goes on as it came',
      `${GET}\r\n`,
      chunked('5\r\nhello\r\n'),
      `HTTP/1.1 200 OK\r\n${DATE_LINE}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ],
    [
      'in chunks goes as data to HTTP/1.0, and ends with the connection',
      'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      chunked('hello'),
      `HTTP/1.1 200 OK\r\n${DATE_LINE}Connection: close\r\n\r\nhello`,
    ],
    [
      'of unknown length is chunked here',
      `${GET}\r\n`,
      untilClose,
      `HTTP/1.1 200 OK\r\n${DATE_LINE}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ],
    [
      'of unknown length ends with the connection for HTTP/1.0',
      'GET / HTTP/1.0\r\n\r\n',
      untilClose,
      `HTTP/1.1 200 OK\r\n${DATE_LINE}Connection: close\r\n\r\nhello`,
    ],
  ])('%s', (_, request, act, sent) => {
    expect(answer(request, act)).toBe(sent)
  })

  test('before the final one is kept from HTTP/1.0', () => {
    const hints = (stream: ClientStream): void =>
      stream.sendInterim(parseResponse('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'))
    expect(answer(`${GET}\r\n`, hints)).toBe('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n')
    expect(answer('GET / HTTP/1.0\r\n\r\n', hints)).toBe('')
  })

  test('of our own ends the connection where it says so', () => {
    const { stream, socket } = streamOf(`${GET}\r\n`)
    inEvent(() => stream.refuse({ status: 429, detail: 'enough', closes: true }))
    expect(socket.sent).toContain('\r\nConnection: close\r\n')
    expect(socket.hasShut).toBe(true)
    const kept = streamOf(`${GET}\r\n`)
    inEvent(() => kept.stream.refuse({ status: 429, detail: 'enough' }))
    expect([kept.socket.sent.includes('Connection: close'), kept.socket.hasShut]).toEqual([false, false])
  })

  test('of our own is in the form that the client accepts, without a body to HEAD', () => {
    const refuse = (stream: ClientStream): void => stream.refuse({ status: 503, detail: 'none', retryAfterSeconds: 1 })
    expect(answer(`${GET}Accept: application/json\r\n\r\n`, refuse)).toContain('"detail":"none"')
    expect(answer(`${GET}\r\n`, refuse)).toEndWith('\r\n\r\n503 Service Unavailable: none\n')
    expect(answer('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', refuse)).toEndWith('\r\n\r\n')
  })
})

describe('the head of a request', () => {
  test('can be read again, with other messages read in between', () => {
    const { stream } = streamOf('GET /first HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n')
    const head = stream.readHead()
    head.parse(bytesOf(`${GET}\r\n`), 0, GET.length + 2, { maxHeadBytes: 100, maxTargetBytes: 100, maxFields: 10 })
    expect([stream.readHead().path, stream.readHead().hasField('x-a', '1')]).toEqual(['/first', true])
  })

  test('outlives the buffer that it came in beside a large body', () => {
    const body = 'b'.repeat(100_000)
    const { stream, bytes } = streamOf(`POST /kept HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${body}`)
    inEvent(() => stream.resumeBody('data'))
    // As a wire does with a large buffer that has gone out.
    bytes.fill(0)
    expect(stream.readHead().path).toBe('/kept')
  })
})
