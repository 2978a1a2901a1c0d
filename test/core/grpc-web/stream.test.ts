import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { ProtocolError } from '../../../core/errors.ts'
import { grpcClient } from '../../../core/grpc-web/stream.ts'
import { FakeClient } from '../../support/fake-streams.ts'
import { byteByByte, bytesOf, textOf } from '../../support/http1-bytes.ts'
import { message } from '../../support/grpc-web.ts'
import { parseRequest, parseResponse } from '../../support/http1-heads.ts'

const HELLO = '\0\0\0\0\x05hello'
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')
const trailersOf = (lines: string) => parseResponse(`HTTP/1.1 200 OK\r\n${lines}\r\n`).fields
const frame = (lines: string): string => `\x80\0\0\0${String.fromCharCode(lines.length)}${lines}`
const headOf = (lines = '') => parseResponse(`HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\n${lines}\r\n`)

/** A call whose body is to come, and who answers it. */
function call(type = 'application/grpc-web', fields = 'Content-Length: 100\r\n') {
  const request = `POST /t.T/Get HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n${fields}\r\n`
  const client = new FakeClient(request)
  client.isWhole = false
  const stream = grpcClient(client, parseRequest(request))
  const heard: string[] = []
  stream.sink = {
    onRequestBody: (bytes, start, end) => void heard.push(textOf(bytes.subarray(start, end))),
    onRequestEnd: () => void heard.push('end'),
    onRequestFault: ({ status, message }) => void heard.push(`${status} ${message}`),
    onClientBlocked: (isBlocked) => void heard.push(isBlocked ? 'blocked' : 'drained'),
    onClientGone: () => void heard.push('gone'),
  }
  function sends(...pieces: readonly (string | Buffer)[]): void {
    for (const piece of pieces) {
      const bytes = typeof piece === 'string' ? bytesOf(piece) : piece
      client.sink.onRequestBody(bytes, 0, bytes.length)
    }
  }
  function ends(): void {
    client.isWhole = true
    client.sink.onRequestEnd(undefined)
  }
  const answers = (text: string): void => stream.sendBody(bytesOf(text), 0, text.length)
  return { client, stream, heard, sends, ends, answers }
}

const TEXT = 'application/grpc-web-text+proto'

describe('a call of gRPC-Web', () => {
  test('is a call of gRPC to whoever answers it', () => {
    const { stream, client } = call(TEXT)
    const { fields } = stream.readHead()
    expect(fields.valueNamed('content-type')).toBe('application/grpc+proto')
    expect(fields.isChunked).toBe(true)
    expect([stream.readLine().protocol, stream.bodyForm, stream.peer]).toEqual(['HTTP/1.1', 'data', client.peer])
  })

  test.each(['application/grpc', 'text/plain'])('is not what has the type %p', (type) => {
    const { stream, client } = call(type)
    expect(stream).toBe(client)
  })

  test('is not what asks for another protocol', () => {
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web\r\n\r\n'
    const client = new FakeClient(request)
    client.isUpgrade = true
    expect(grpcClient(client, parseRequest(request))).toBe(client)
  })
})

describe('its body', () => {
  test('in bytes passes as it is', () => {
    const { heard, sends, ends } = call()
    sends(HELLO.slice(0, 3), HELLO.slice(3))
    ends()
    expect(heard).toEqual([HELLO.slice(0, 3), HELLO.slice(3), 'end'])
  })

  test('in chunks is in chunks again for who takes it so, whatever is in it', () => {
    const { stream, heard, sends, ends } = call(TEXT)
    stream.resumeBody('chunks')
    const evil = '0\r\n\r\nGET /evil'
    sends(base64(`\0\0\0\0\x0e${evil}`))
    ends()
    expect(heard).toEqual([`13\r\n\0\0\0\0\x0e${evil}\r\n`, 'end'])
  })

  test('in text passes in bytes, as soon as they are known', () => {
    const { heard, sends, ends } = call(TEXT)
    sends(...byteByByte(base64(HELLO) + base64(HELLO)))
    ends()
    expect(heard.join('')).toBe(`${HELLO}${HELLO}end`)
    expect(heard).not.toContain('')
  })

  test('may be nothing', () => {
    const { heard, ends } = call()
    ends()
    expect(heard).toEqual(['end'])
  })

  test.each([
    ['garbage for text', TEXT, '%%%%', '400 the body of a call in text form must be base64 (RFC 4648 4)'],
    [
      'flags that are no message’s',
      'application/grpc-web',
      '\x80\0\0\0\0',
      '400 the flags of a message must be 0 to 1, got 128',
    ],
    ['such flags in text', TEXT, base64('\x80\0\0'), '400 the flags of a message must be 0 to 1, got 128'],
    ['half a prefix', 'application/grpc-web', '\0\0', '400 the body ends within a message'],
    ['less than it says', 'application/grpc-web', '\0\xff\xff\xff\xffhello', '400 the body ends within a message'],
    ['half a group', TEXT, base64(HELLO).slice(0, -1), '400 the body ends within a message'],
    ['half a group behind a message', TEXT, `${base64(HELLO)}AA`, '400 the body ends within a message'],
    ['half a message in text', TEXT, base64(HELLO.slice(0, 6)), '400 the body ends within a message'],
  ])('is refused for %s, once', (_, type, sent, fault) => {
    const { client, heard, sends, ends } = call(type)
    sends(sent)
    ends()
    sends('more')
    client.sink.onRequestFault(new ProtocolError('late'))
    expect(heard.at(-1)).toBe(fault)
    expect(heard.filter((line) => /^\d{3} /.test(line))).toHaveLength(1)
  })

  test.each([
    ['application/grpc-web', HELLO],
    [TEXT, base64(HELLO)],
  ])('is bounded by its bytes: %s', (type, sent) => {
    for (const [maxBytes, last] of [
      [10, 'end'],
      [9, '413 a body may have at most 9 bytes here'],
    ] as const) {
      const { stream, heard, sends, ends } = call(type)
      stream.limitBody(maxBytes)
      sends(sent)
      ends()
      expect(heard.at(-1)).toBe(last)
    }
  })

  test('is held back, and its client’s leaving told', () => {
    const { client, stream, heard } = call(TEXT)
    stream.resumeBody('chunks')
    stream.pauseBody()
    client.sink.onClientBlocked(true)
    client.sink.onClientBlocked(false)
    client.sink.onRequestFault(new ProtocolError('too slow', 408))
    client.sink.onClientGone()
    expect(client.log).toEqual(['resume data', 'pause'])
    expect(heard).toEqual(['blocked', 'drained', '408 too slow', 'gone'])
  })
})

test('whatever its body is, is refused once at most, and not before what was sound has passed', () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((content) => message(Buffer.from(content))),
    fc.uint8Array({ maxLength: 12 }).map((garbage) => Buffer.from(garbage)),
  )
  const form = fc.constantFrom('application/grpc-web', TEXT)
  fc.assert(
    fc.property(form, fc.array(part), fc.boolean(), (type, parts, isEncoded) => {
      const { heard, sends, ends } = call(type)
      const sent = isEncoded ? parts.map((bytes) => bytesOf(bytes.toString('base64'))) : parts
      sends(...sent)
      ends()
      const last = heard.pop()
      expect(last).toMatch(/^(?:end|400 .*)$/)
      const passed = heard.join('')
      expect(heard.some((line) => /^\d{3} the /.test(line))).toBe(false)
      const whole = type === TEXT ? Buffer.concat(isEncoded ? parts : []) : Buffer.concat(sent)
      if (type !== TEXT || isEncoded) expect(textOf(whole)).toStartWith(passed)
      if (last === 'end' && (type !== TEXT || isEncoded)) expect(textOf(whole)).toBe(passed)
    }),
  )
})

describe('its response', () => {
  const END = frame('grpc-status: 0\r\nx-a: 1\r\n')

  test('in bytes has its trailers behind the messages', () => {
    const { client, stream, answers } = call()
    stream.sendHead(headOf(), 'until-close')
    answers(HELLO)
    stream.sendEnd(trailersOf('grpc-status: 0\r\nx-a: 1\r\n'))
    expect(client.log).toEqual([
      'head 200 Content-Type: application/grpc-web\r\n',
      `body ${HELLO}`,
      `body ${END}`,
      'end',
    ])
  })

  test('in text has each piece by itself', () => {
    const { client, stream, answers } = call(TEXT)
    stream.sendHead(headOf(), 'until-close')
    answers(HELLO.slice(0, 4))
    answers(HELLO.slice(4))
    stream.sendEnd(trailersOf('grpc-status: 0\r\nx-a: 1\r\n'))
    const pieces = [HELLO.slice(0, 4), HELLO.slice(4), END].map((text) => `body ${base64(text)}`)
    expect(client.log).toEqual([`head 200 Content-Type: ${TEXT}\r\n`, ...pieces, 'end'])
  })

  test.each([
    ['application/grpc+json', 'application/grpc-web+json'],
    ['application/grpc; x=1', 'application/grpc-web'],
  ])('has the type that goes with %p', (type, told) => {
    const { client, stream } = call()
    stream.sendHead(parseResponse(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\n`), 'until-close')
    expect(client.log).toEqual([`head 200 Content-Type: ${told}\r\n`])
  })

  test('that is its trailers alone has them in its body', () => {
    const { client, stream } = call()
    stream.sendHead(headOf('grpc-status: 5\r\ngrpc-message: no\r\n'), 'none')
    stream.sendEnd(undefined)
    expect(client.log.slice(1)).toEqual([`body ${frame('grpc-status: 5\r\ngrpc-message: no\r\n')}`, 'end'])
  })

  test('without a status is none that went well', () => {
    const { client, stream } = call()
    stream.sendHead(headOf(), 'until-close')
    stream.sendEnd(undefined)
    expect(client.log[1]).toContain('grpc-status: 2\r\n')
  })

  test('that is no gRPC goes as it is', () => {
    const { client, stream, answers } = call(TEXT)
    stream.sendHead(
      parseResponse('HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n'),
      'length',
    )
    answers('no')
    stream.sendEnd(undefined)
    expect(client.log).toEqual(['head 404', 'body no', 'end'])
  })

  test.each([204, 304, 404, 503])('of gRPC that has the status %d, and so no trailers, goes as it is', (status) => {
    const { client, stream } = call()
    const head = `HTTP/1.1 ${status} Odd\r\nContent-Type: application/grpc\r\ngrpc-status: 5\r\n\r\n`
    stream.sendHead(parseResponse(head), 'none')
    stream.sendEnd(undefined)
    expect(client.log).toEqual([`head ${status}`, 'end'])
  })

  test('that breaks off between two messages tells why', () => {
    const { client, stream, answers } = call()
    stream.sendHead(headOf(), 'until-close')
    answers(HELLO)
    stream.cut({ status: 502, detail: 'it died' })
    expect(client.log.slice(2)).toEqual([`body ${frame('grpc-status: 14\r\ngrpc-message: it died\r\n')}`, 'end'])
  })

  test('that breaks off within a message is seen to', () => {
    const { client, stream, answers } = call()
    stream.sendHead(headOf(), 'until-close')
    answers(HELLO.slice(0, -1))
    stream.cut({ status: 502, detail: 'it died' })
    expect(client.log.at(-1)).toBe('cut')
  })
})

describe('a problem of ours', () => {
  const problem = { status: 503, detail: 'nobody', lines: 'X: 1\r\n', retryAfterSeconds: 1 }
  const told = frame('grpc-status: 14\r\ngrpc-message: nobody\r\n')

  test.each([
    ['application/grpc-web+proto', told],
    [TEXT, base64(told)],
  ])('is told as trailers are: %s', (type, text) => {
    const { client, stream } = call(type)
    const refused: unknown[] = []
    client.refuse = (one) => void refused.push(one)
    stream.refuse(problem)
    expect(refused).toEqual([{ ...problem, status: 200, content: { type, text } }])
    client.contentBytes = ({ content }) => content?.text.length ?? -1
    expect(stream.contentBytes(problem)).toBe(text.length)
  })

  test('is what it was where it has content of its own, or nothing has gone wrong', () => {
    const { client, stream } = call()
    const nothing = { type: undefined, text: '' }
    stream.refuse({ status: 204, detail: 'a preflight', content: nothing })
    stream.refuse({ status: 302, detail: 'elsewhere' })
    stream.refuse({ status: 401, detail: 'a page of its own', content: nothing })
    expect(client.log).toEqual(['refuse 204 a preflight', 'refuse 302 elsewhere', 'refuse 401 a page of its own'])
  })
})
