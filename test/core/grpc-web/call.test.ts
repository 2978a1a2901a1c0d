import { describe, expect, test } from 'bun:test'
import { grpcHeadOf, webCallOf } from '../../../core/grpc-web/call.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'
import { bytesOf, limits, textOf } from '../../support/http1-bytes.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const callOf = (fields: string) => webCallOf(parseRequest(`POST /t.T/Get HTTP/1.1\r\nHost: a\r\n${fields}\r\n`))
const type = (value: string, more = '') => callOf(`Content-Type: ${value}\r\n${more}`)
const accept = (value: string) => `Accept: ${value}\r\n`

describe('a call of gRPC-Web', () => {
  test.each([
    ['application/grpc-web', 'binary', ''],
    ['application/grpc-web+proto', 'binary', '+proto'],
    ['Application/GRPC-Web+json; charset=utf-8', 'binary', '+json'],
    ['application/grpc-web-text', 'text', ''],
    ['application/grpc-web-text+proto ; x=1', 'text', '+proto'],
  ] as const)('is told by its type: %p', (value, form, suffix) => {
    expect(type(value)).toEqual({ request: form, response: form, suffix })
  })

  test.each([
    'application/grpc',
    'application/grpc+proto',
    'application/grpc-webx',
    'application/grpc-web+',
    'application/grpc-web+proto x',
    'application/grpc-web-texts',
    'text/application/grpc-web',
    `application/grpc-web+${'x'.repeat(65)}`,
    'application/json',
    '',
  ])('is no request of the type %p', (value) => expect(type(value)).toBeUndefined())

  test('is no request without a type', () => expect(callOf('')).toBeUndefined())

  test.each([
    ['application/grpc-web', 'application/grpc-web-text', 'text'],
    ['application/grpc-web-text', 'application/grpc-web+proto', 'binary'],
    ['application/grpc-web-text', '*/*', 'text'],
    ['application/grpc-web', 'text/html, application/grpc-web-text;q=1', 'text'],
    ['application/grpc-web', '', 'binary'],
  ] as const)('%p may ask for its response in another form: %p', (value, asked, response) => {
    expect(type(value, accept(asked))?.response).toBe(response)
  })

  test.each(['HEAD', 'GET', 'PUT', 'OPTIONS', 'post'])('is no %s', (method) => {
    const head = parseRequest(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web\r\n\r\n`)
    expect(webCallOf(head)).toBeUndefined()
  })

  test('is none where one more field has no room', () => {
    const head = new RequestHead(2)
    const bytes = bytesOf('POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web\r\n\r\n')
    head.parse(bytes, 0, bytes.length, limits)
    expect(webCallOf(head)).toBeUndefined()
  })
})

/** What the head becomes, behind its first line and Host. */
function become(fields: string, version = '1.1'): string {
  const head = parseRequest(`POST /t.T/Get HTTP/${version}\r\nHost: a\r\n${fields}\r\n`)
  const bytes = grpcHeadOf(head, webCallOf(head)!)
  const first = 'POST /t.T/Get HTTP/1.1\r\nHost: a\r\n'
  expect(textOf(bytes)).toStartWith(first)
  return textOf(bytes).slice(first.length)
}

describe('its head', () => {
  const BINARY = 'Content-Type: application/grpc-web+proto\r\n'
  const TEXT = 'content-type: application/grpc-web-text\r\n'
  test.each([
    ['without a body', BINARY, 'Content-Type: application/grpc+proto\r\nTE: trailers\r\n\r\n'],
    [
      'keeps metadata and a length in bytes',
      `grpc-timeout: 1S\r\n${BINARY}Content-Length: 7\r\nX-A: b\r\n`,
      'grpc-timeout: 1S\r\nContent-Length: 7\r\nX-A: b\r\nContent-Type: application/grpc+proto\r\nTE: trailers\r\n\r\n',
    ],
    [
      'has no length that was one of text',
      `${TEXT}Content-Length: 8\r\n`,
      'Content-Type: application/grpc\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    [
      'without a body in text',
      `${TEXT}Content-Length: 0\r\n`,
      'Content-Type: application/grpc\r\nTE: trailers\r\n\r\n',
    ],
    [
      'keeps its chunks',
      `Transfer-Encoding: chunked\r\n${BINARY}`,
      'Content-Type: application/grpc+proto\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['has each type left out', `${TEXT}${TEXT}`, 'Content-Type: application/grpc\r\nTE: trailers\r\n\r\n'],
    [
      'has what belongs to the hop left out',
      `Connection: x-hop, te\r\nX-Hop: 1\r\nTE: gzip\r\n${TEXT}`,
      'Content-Type: application/grpc\r\nTE: trailers\r\n\r\n',
    ],
  ])('%s', (_, fields, expected) => expect(become(fields)).toBe(expected))

  test('is of a version that has chunks', () => expect(become(TEXT, '1.0')).toEndWith('TE: trailers\r\n\r\n'))
})
