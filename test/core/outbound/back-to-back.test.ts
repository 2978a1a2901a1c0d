import { describe, expect, test } from 'bun:test'
import type { BodyKind } from '../../../core/http1/framing.ts'
import type { ClientStream } from '../../../core/stream/client-stream.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import {
  backendSide,
  clientSide,
  recordRequest,
  type RecordedRequest,
  RecordedResponse,
} from '../../support/http1-ends.ts'
import { parseResponse } from '../../support/http1-heads.ts'
import { inEvent, joinInMemory } from '../../support/memory-socket.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

interface Message {
  readonly head: string
  readonly body?: string
  readonly trailers?: string
}

interface Hop {
  readonly request: Message
  readonly response: Message & { readonly kind: BodyKind }
  /** What the far ends must have got. */
  readonly got: { readonly request: string; readonly response: string; readonly persists: boolean }
}

const GET = { head: 'GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n' }
const OK = { head: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', body: 'hello', kind: 'length' } as const
const NO_BODY = { head: 'HTTP/1.1 204 No Content\r\n\r\n', kind: 'none' } as const
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

const hops: readonly (readonly [says: string, hop: Hop])[] = [
  ['no body either way', { request: GET, response: NO_BODY, got: { request: '', response: '', persists: true } }],
  ['a length', { request: GET, response: OK, got: { request: '', response: 'hello', persists: true } }],
  [
    'lengths both ways',
    {
      request: { head: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n', body: 'abc' },
      response: OK,
      got: { request: 'abc', response: 'hello', persists: true },
    },
  ],
  [
    'chunks both ways',
    {
      request: {
        head: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
        body: '3\r\nabc\r\n2\r\nde\r\n',
      },
      response: { head: CHUNKED, body: '5\r\nhello\r\n', kind: 'chunked' },
      got: { request: '3\r\nabc\r\n2\r\nde\r\n', response: '5\r\nhello\r\n', persists: true },
    },
  ],
  [
    'chunks without data',
    {
      request: { head: 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', body: '' },
      response: { head: CHUNKED, body: '', kind: 'chunked' },
      got: { request: '', response: '', persists: true },
    },
  ],
  [
    'an answer to HEAD that tells of a length',
    {
      request: { head: 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n' },
      response: { head: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', kind: 'none' },
      got: { request: '', response: '', persists: true },
    },
  ],
  [
    'a body of unknown length, which is chunked on this hop',
    {
      request: GET,
      response: { head: 'HTTP/1.1 200 OK\r\n\r\n', body: 'hello', kind: 'until-close' },
      got: { request: '', response: '5\r\nhello\r\n', persists: true },
    },
  ],
  [
    'Connection fields, which end here',
    {
      request: { head: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: x-odd\r\n\r\n' },
      response: {
        head: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n',
        body: 'hello',
        kind: 'length',
      },
      got: { request: '', response: 'hello', persists: true },
    },
  ],
]

function answer(stream: ClientStream, { head, body = '', kind }: Hop['response']): void {
  stream.sendHead(parseResponse(head), kind)
  if (body !== '') stream.sendBody(bytesOf(body), 0, body.length)
  stream.sendEnd(undefined)
}

/** Sends `times` requests over one connection, one behind the other's response. */
function run({ request, response }: Hop, pieceBytes: number, times: number) {
  const clock = virtualClock()
  const received: RecordedRequest[] = []
  const near = backendSide(clock)
  const far = clientSide(clock, (stream) => {
    const recorded = recordRequest(stream, () => answer(stream, response))
    received.push(recorded)
    if (stream.isWhole) answer(stream, response)
    else stream.resumeBody('chunks')
  })
  const link = joinInMemory(near.connection.wire, far.connection.wire)
  const answers: RecordedResponse[] = []
  for (let count = 0; count < times; count += 1) {
    const sink = new RecordedResponse()
    answers.push(sink)
    inEvent(() => {
      near.ask(sink, request.head)
      const body = bytesOf(request.body ?? '')
      if (body.length > 0) near.connection.sendBody(body, 0, body.length)
      near.connection.sendEnd(undefined)
    })
    link.flow(pieceBytes)
  }
  return { near, far, link, received, answers }
}

describe('two connections back to back', () => {
  for (const [says, hop] of hops) {
    test.each([1, 2, 3, 7, 16, Infinity])(`carry ${says}, in pieces of %p bytes, twice`, (pieceBytes) => {
      const { near, far, received, answers } = run(hop, pieceBytes, 2)
      for (const { body } of received) expect(body).toBe(hop.got.request)
      for (const { log, body } of answers) {
        expect(log).toEqual([`response ${hop.response.head.slice(9, 12)}`, 'end'])
        expect(body).toBe(hop.got.response)
      }
      expect(received).toHaveLength(2)
      expect(near.log).toEqual(['idle', 'idle'])
      expect([far.connection.isIdle, far.log]).toEqual([true, []])
    })
  }

  test('send the same bytes whatever pieces they come in', () => {
    for (const [, hop] of hops) {
      const sent = [1, 5, Infinity].map((pieceBytes) => run(hop, pieceBytes, 2).link.sent)
      expect(sent[1]).toEqual(sent[0])
      expect(sent[2]).toEqual(sent[0])
    }
  })

  test('carry trailers to who asks for them', () => {
    const clock = virtualClock()
    const near = backendSide(clock)
    const far = clientSide(clock, (stream) => {
      const recorded = recordRequest(stream, ({ log }) => {
        expect(log).toEqual(['end X-Sum: 1'])
        stream.sendHead(parseResponse(CHUNKED), 'chunked')
        stream.sendEnd(undefined)
      })
      recorded.stream.resumeBody('chunks')
    })
    const link = joinInMemory(near.connection.wire, far.connection.wire)
    const upstream = clientSide(clock, (stream) => {
      const relay = new RecordedResponse()
      const request = recordRequest(stream)
      request.onRequestEnd = (trailers) => inEvent(() => near.connection.sendEnd(trailers))
      inEvent(() => near.ask(relay, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'))
      stream.resumeBody('chunks')
    })
    inEvent(() =>
      upstream.connection.wire.received(
        bytesOf('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n'),
      ),
    )
    link.flow(1)
    expect(far.requests).toHaveLength(1)
    expect(link.sent[0]).toEndWith('0\r\nX-Sum: 1\r\n\r\n')
  })

  test('hand a chunked response on as data to who wants data', () => {
    const clock = virtualClock()
    const near = backendSide(clock)
    const far = clientSide(clock, (stream) => {
      answer(stream, { head: CHUNKED, body: '5\r\nhello\r\n3\r\n wo\r\n', kind: 'chunked' })
    })
    const link = joinInMemory(near.connection.wire, far.connection.wire)
    const sink = new RecordedResponse()
    inEvent(() => {
      near.ask(sink, GET.head, 'data')
      near.connection.sendEnd(undefined)
    })
    link.flow(1)
    expect([sink.body, sink.log]).toEqual(['hello wo', ['response 200', 'end']])
  })

  test('hand a chunked request on as data to who wants data', () => {
    const clock = virtualClock()
    const far = clientSide(clock, (stream) => {
      recordRequest(stream)
      stream.resumeBody('data')
    })
    const text = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'
    for (const byte of bytesOf(text)) inEvent(() => far.connection.wire.received(Buffer.from([byte])))
    expect((far.requests[0]!.sink as RecordedRequest).body).toBe('abcde')
  })
})
