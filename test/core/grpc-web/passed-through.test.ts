/** Responses to calls of gRPC-Web in the bytes of HTTP/1.1: whatever is in them, and however it came, is content. */
import { describe, expect, test } from 'bun:test'
import { grpcClient } from '../../../core/grpc-web/stream.ts'
import type { BodyKind } from '../../../core/http1/framing.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { clientSide, recordRequest } from '../../support/http1-ends.ts'
import { parseRequest, parseResponse } from '../../support/http1-heads.ts'
import { accept, inEvent } from '../../support/memory-socket.ts'
import { DATE_LINE, virtualClock } from '../../support/virtual-clock.ts'

const HELLO = '\0\0\0\0\x05hello'
const trailersOf = (lines: string) => parseResponse(`HTTP/1.1 200 OK\r\n${lines}\r\n`).fields

describe('what is no gRPC, to a client of HTTP/1', () => {
  const EVIL = '0\r\n\r\nHTTP/1.1 200 OK\r\nX-Evil: 1\r\nContent-Length: 0\r\n\r\n'
  const CHUNK = `${EVIL.length.toString(16)}\r\n${EVIL}\r\n`
  const CHUNKED = 'Transfer-Encoding: chunked\r\n'

  /** What its client gets of a response with that head and content. */
  function passed(version: string, head: string, kind: BodyKind, content: string, trailers?: string): string {
    const side = clientSide(virtualClock(), (stream) => recordRequest(stream))
    const socket = accept(side.connection.wire)
    const request = `POST /t.T/Get HTTP/${version}\r\nHost: a\r\nContent-Type: application/grpc-web\r\n\r\n`
    inEvent(() => side.connection.wire.received(bytesOf(request)))
    const stream = grpcClient(side.requests[0]!, parseRequest(request))
    inEvent(() => {
      stream.sendInterim(parseResponse('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'))
      stream.sendHead(parseResponse(`HTTP/1.1 ${head}\r\n\r\n`), kind)
      if (content !== '') stream.sendBody(bytesOf(content), 0, content.length)
      stream.sendEnd(trailers === undefined ? undefined : trailersOf(trailers))
    })
    return socket.sent
  }

  test.each([
    ['in chunks', `200 OK\r\n${CHUNKED}`, 'chunked', EVIL, `200 OK\r\n${DATE_LINE}${CHUNKED}\r\n${CHUNK}0\r\n\r\n`],
    ['in no chunk', `404 No\r\n${CHUNKED}`, 'chunked', '', `404 No\r\n${DATE_LINE}${CHUNKED}\r\n0\r\n\r\n`],
    ['to its end', '200 OK\r\n', 'until-close', EVIL, `200 OK\r\n${DATE_LINE}${CHUNKED}\r\n${CHUNK}0\r\n\r\n`],
    [
      'of known length',
      `200 OK\r\nContent-Length: ${EVIL.length}\r\n`,
      'length',
      EVIL,
      `200 OK\r\nContent-Length: ${EVIL.length}\r\n${DATE_LINE}\r\n${EVIL}`,
    ],
    ['with none', '204 Nothing\r\n', 'none', '', `204 Nothing\r\n${DATE_LINE}\r\n`],
    [
      'of gRPC by its type, in chunks',
      `503 Busy\r\nContent-Type: application/grpc\r\n${CHUNKED}`,
      'chunked',
      EVIL,
      `503 Busy\r\nContent-Type: application/grpc\r\n${DATE_LINE}${CHUNKED}\r\n${CHUNK}0\r\n\r\n`,
    ],
  ] as const)('has its content within what delimits it: %s', (_, head, kind, content, told) => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'
    expect(passed('1.1', head.slice(0, -2), kind, content)).toBe(`${interim}HTTP/1.1 ${told}`)
  })

  test('ends with the connection of one that knows no chunks', () => {
    expect(passed('1.0', `200 OK\r\n${CHUNKED}`.slice(0, -2), 'chunked', EVIL)).toBe(
      `HTTP/1.1 200 OK\r\n${DATE_LINE}Connection: close\r\n\r\n${EVIL}`,
    )
  })

  test('keeps its trailers to itself where the client has not asked for any', () => {
    const sent = passed('1.1', `200 OK\r\n${CHUNKED}`.slice(0, -2), 'chunked', 'hello', 'x-a: 1\r\n')
    expect(sent).toEndWith('\r\n5\r\nhello\r\n0\r\n\r\n')
  })

  test('of gRPC has its messages in chunks of ours, whatever is in them', () => {
    const sent = passed('1.1', `200 OK\r\nContent-Type: application/grpc\r\n${CHUNKED}`.slice(0, -2), 'chunked', HELLO)
    expect(sent).toContain(`Content-Type: application/grpc-web\r\n${DATE_LINE}${CHUNKED}\r\na\r\n${HELLO}\r\n`)
    expect(sent).toEndWith('\r\n0\r\n\r\n')
  })
})
