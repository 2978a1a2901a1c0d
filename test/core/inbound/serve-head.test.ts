import { describe, expect, test } from 'bun:test'
import { MAX_FIELDS } from '../../../core/http1/limits.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'
import { headOf, type ServedRequest } from '../../../core/inbound/serve-head.ts'

const request = (overrides: Partial<ServedRequest> = {}): ServedRequest => ({
  method: 'GET',
  url: 'http://a/',
  headers: [['host', 'a']],
  body: null,
  ...overrides,
})

/** As the parser that judges all heads takes it. */
function judged(overrides: Partial<ServedRequest>): string {
  const bytes = headOf(request(overrides))
  const limits = { maxHeadBytes: 65_536, maxTargetBytes: 8192, maxFields: MAX_FIELDS }
  expect(new RequestHead(MAX_FIELDS).parse(bytes, 0, bytes.length, limits)).toBe(bytes.length)
  return bytes.toString('latin1')
}

const body = {}

describe('headOf', () => {
  test.each([
    ['http://a/b?c=%20', '/b?c=%20'],
    ['https://a:8443/', '/'],
    ['http://[::1]:80//b', '//b'],
    ['http://a', '/'],
    ['/bare', '/bare'],
  ])('takes %s for the target %s', (url, target) => {
    expect(judged({ url })).toBe(`GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`)
  })

  test('leaves out what is of the connection with Bun, and keeps bytes beyond ASCII as they came', () => {
    const headers: [string, string][] = [
      ['connection', 'x-hop'],
      ['expect', '100-continue'],
      ['host', 'a'],
      ['http2-settings', 'AAA'],
      ['te', 'trailers'],
      ['upgrade', 'h2c'],
      ['x-hop', 'caf\xe9'],
    ]
    expect(judged({ headers })).toBe('GET / HTTP/1.1\r\nconnection: x-hop\r\nhost: a\r\nx-hop: caf\xe9\r\n\r\n')
  })

  test('frames a body as the client has, or in chunks where it did not say', () => {
    const post = { method: 'POST', body }
    expect(judged(post)).toEndWith('host: a\r\ntransfer-encoding: chunked\r\n\r\n')
    expect(judged({ ...post, headers: [...request().headers, ['content-length', '3']] })).toEndWith(
      'content-length: 3\r\n\r\n',
    )
    expect(judged({ ...post, headers: [...request().headers, ['transfer-encoding', 'chunked']] })).toEndWith(
      'host: a\r\ntransfer-encoding: chunked\r\n\r\n',
    )
    expect(judged({ method: 'POST', headers: [...request().headers, ['content-length', '0']] })).toEndWith(
      'content-length: 0\r\n\r\n',
    )
  })

  test.each<[string, Partial<ServedRequest>]>([
    [
      'a body that Bun keeps to itself',
      {
        headers: [
          ['host', 'a'],
          ['content-length', '3'],
        ],
      },
    ],
    [
      'chunks that Bun keeps to itself',
      {
        headers: [
          ['host', 'a'],
          ['transfer-encoding', 'chunked'],
        ],
      },
    ],
    [
      'two lengths that were joined',
      {
        method: 'POST',
        body,
        headers: [
          ['host', 'a'],
          ['content-length', '3, 3'],
        ],
      },
    ],
    [
      'a length beside chunks',
      {
        method: 'POST',
        body,
        headers: [
          ['content-length', '3'],
          ['host', 'a'],
          ['transfer-encoding', 'chunked'],
        ],
      },
    ],
    [
      'two codings that were joined',
      {
        method: 'POST',
        body,
        headers: [
          ['host', 'a'],
          ['transfer-encoding', 'chunked, chunked'],
        ],
      },
    ],
    ['two hosts that were joined', { headers: [['host', 'a, b']] }],
    ['no host', { url: '/', headers: [] }],
    ['a host that holds a path', { url: '/', headers: [['host', 'a/b?']] }],
    ['a fragment', { url: 'http://a/b#c' }],
    [
      'a line break in a value',
      {
        headers: [
          ['host', 'a'],
          ['x', 'b\r\ny: c'],
        ],
      },
    ],
    [
      'a bare line feed in a value',
      {
        headers: [
          ['host', 'a'],
          ['x', 'b\nhost: c'],
        ],
      },
    ],
    [
      'a line break in a name',
      {
        headers: [
          ['host', 'a'],
          ['x: b\r\ny', 'c'],
        ],
      },
    ],
    ['a line break in a target', { url: 'http://a/b HTTP/1.1\r\ny: c\r\nz:' }],
    ['a line break in a method', { method: 'GET / HTTP/1.1\r\nx: y\r\nz:' }],
    [
      'a NUL in a value',
      {
        headers: [
          ['host', 'a'],
          ['x', 'b\0'],
        ],
      },
    ],
    [
      'what would become a line break as a byte',
      {
        headers: [
          ['host', 'a'],
          ['x', 'b\u010d\u010ay: c'],
        ],
      },
    ],
    ['a space in a target', { url: '/a b' }],
    [
      'a name that is none',
      {
        headers: [
          ['host', 'a'],
          ['x y', 'b'],
        ],
      },
    ],
    ['CONNECT', { method: 'CONNECT', url: 'http://a/' }],
  ])('refuses %s', (_, overrides) => {
    expect(() => judged(overrides)).toThrow()
  })

  test('says of a WebSocket that it can not be passed on', () => {
    const headers: [string, string][] = [
      ['connection', 'upgrade'],
      ['host', 'a'],
      ['upgrade', 'WebSocket'],
    ]
    expect(() => headOf(request({ headers }))).toThrow(expect.objectContaining({ status: 501 }))
  })

  test('takes a head of a megabyte in a moment', () => {
    const headers: [string, string][] = [
      ['host', 'a'],
      ['x', 'y'.repeat(1 << 20)],
    ]
    expect(headOf(request({ headers })).length).toBeGreaterThan(1 << 20)
  })
})

describe('a call of gRPC', () => {
  const typed = (type: string) =>
    request({ method: 'POST', body, headers: [...request().headers, ['content-type', type]] })

  test.each([
    'application/grpc',
    'application/grpc+proto',
    'Application/GRPC;x=1',
    'application/grpc, application/grpc',
    'application/grpc x',
    'application/grpcx',
  ])('goes no further, and so do what may pass for one: %s', (type) => {
    expect(() => headOf(typed(type))).toThrow('"engine": "serve" can not pass gRPC on: it has no trailers')
  })

  test.each(['application/grpc-web', 'application/grpc-web-text+proto', 'text/application/grpc', ''])(
    'is not what has the type %p',
    (type) => expect(headOf(typed(type)).toString('latin1')).toContain(`content-type: ${type}\r\n`),
  )
})
