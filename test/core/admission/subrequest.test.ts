import { describe, expect, test } from 'bun:test'
import { subrequestFields } from '../../../core/admission/subrequest.ts'
import { identityOf } from '../../support/heard.ts'
import { parseRequest } from '../../support/http1-heads.ts'

interface Case {
  readonly line?: string
  readonly lines?: string
  readonly trusted?: boolean
  readonly requestFields?: readonly string[]
  readonly responseFields?: readonly string[]
}

function told({ line = 'GET / HTTP/1.1', lines = '', trusted, requestFields, responseFields = [] }: Case = {}) {
  const head = parseRequest(`${line}\r\nHost: a.example:8080\r\n${lines}\r\n`)
  const fields = subrequestFields(head, identityOf('192.0.2.1', trusted), { requestFields, responseFields })
  return fields && Object.fromEntries(fields)
}

const usual = {
  'accept-encoding': 'identity',
  'user-agent': expect.stringMatching(/^smartedge\/\d/),
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'a.example:8080',
  'x-forwarded-method': 'GET',
  'x-forwarded-uri': '/',
  via: '1.1 smartedge',
}

describe('an auth service', () => {
  test('is told who asks and what for', () => {
    expect(told()).toEqual(usual)
    const line = 'DELETE /a//../b%2fc;d?q=1&r=\xe9 HTTP/1.0'
    const lines =
      'Authorization: Bearer x\r\nCookie: a=1\r\nUser-Agent: u\r\nX-Requested-With: y\r\nAccept: text/html\r\n'
    expect(told({ line, lines })).toEqual({
      ...usual,
      'x-forwarded-method': 'DELETE',
      'x-forwarded-uri': '/a//../b%2fc;d?q=1&r=\xe9',
      via: '1.0 smartedge',
      authorization: 'Bearer x',
      cookie: 'a=1',
      'user-agent': 'u',
      'x-requested-with': 'y',
      accept: 'text/html',
    })
  })

  test.each([
    ['GET http://b.example HTTP/1.1', 'b.example', '/'],
    ['GET http://b.example?q HTTP/1.1', 'b.example', '/?q'],
    ['GET http://b.example:81/a?q HTTP/1.1', 'b.example:81', '/a?q'],
    ['OPTIONS * HTTP/1.1', 'a.example:8080', '*'],
  ])('is told the host and the target of %j', (line, host, uri) => {
    expect(told({ line })).toMatchObject({ 'x-forwarded-host': host, 'x-forwarded-uri': uri })
  })

  test.each([
    'Connection: close\r\nKeep-Alive: 5\r\nTE: trailers\r\nTrailer: x\r\nUpgrade: websocket\r\n',
    'Content-Length: 5\r\nExpect: 100-continue\r\nContent-Encoding: gzip\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: x-named\r\nX-Named: 1\r\n',
    'Accept-Encoding: br\r\nRange: bytes=0-1\r\nIf-None-Match: "a"\r\nIf-Modified-Since: x\r\nIf-Range: x\r\n',
    'Proxy: http://evil\r\nProxy-Authorization: Basic x\r\nMax-Forwards: 3\r\n',
  ])('is told nothing of a body, the connection, or a response: %j', (lines) => {
    expect(told({ lines })).toEqual(usual)
  })

  test.each([
    'X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n',
    'X-Forwarded-Uri: /public\r\nX-Forwarded-Method: GET\r\nX_Forwarded_Uri: /public\r\n',
    'X-Original-URL: http://a/public\r\nX-Original-Method: GET\r\nX_Original_Uri: /public\r\nForwarded: host=evil\r\n',
  ])('is not told by a stranger how the request came: %j', (lines) => {
    expect(told({ lines })).toEqual(usual)
  })

  test('is told no host where there is none, whatever a stranger says of it', () => {
    const head = parseRequest('GET / HTTP/1.0\r\nX-Forwarded-Host: evil\r\n\r\n')
    const fields = subrequestFields(head, identityOf(), { requestFields: undefined, responseFields: [] })
    expect(fields?.map(([name]) => name)).not.toContain('x-forwarded-host')
  })

  test('is told by a trusted proxy how the request came to it, and by us what it asks for', () => {
    const lines =
      'X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b.example\r\nX-Forwarded-Uri: /x\r\n'
    const expected = {
      'x-forwarded-for': '198.51.100.7, 192.0.2.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'b.example',
      'x-forwarded-uri': '/',
    }
    expect(told({ trusted: true, lines })).toEqual({ ...usual, ...expected })
    expect(told({ trusted: true, lines, requestFields: ['cookie'] })).toEqual({ ...usual, ...expected })
    expect(told({ trusted: true })).toEqual(usual)
  })

  test('is told of chosen fields alone where some are chosen', () => {
    const lines = 'Cookie: a=1\r\nAuthorization: x\r\nX-A: 1\r\nConnection: close\r\n'
    expect(told({ lines, requestFields: ['cookie', 'connection', 'content-length'] })).toEqual({
      ...usual,
      cookie: 'a=1',
    })
    expect(told({ lines, requestFields: [] })).toEqual(usual)
  })

  test('is not told by the client what it is to say itself, but for credentials', () => {
    const lines = 'Remote-User: root\r\nRemote_User: root\r\nAuthorization: Basic x\r\nCookie: a=1\r\n'
    const responseFields = ['remote-user', 'authorization', 'cookie']
    expect(told({ lines, responseFields })).toEqual({ ...usual, authorization: 'Basic x', cookie: 'a=1' })
  })

  test('is told of lines of one name as one', () => {
    const lines = 'Cookie: a=1\r\nX-A: 1\r\ncookie: b=2\r\nx-a: 2\r\nVia: 1.0 one\r\nVia:\r\n'
    expect(told({ lines })).toEqual({ ...usual, cookie: 'a=1; b=2', 'x-a': '1, 2', via: '1.0 one, 1.1 smartedge' })
  })

  test('is not told of as many fields as nobody sends', () => {
    const many = (count: number): string => Array.from({ length: count }, (_, index) => `X-${index}: 1\r\n`).join('')
    expect(Object.keys(told({ lines: many(192) }) ?? {})).toHaveLength(200)
    expect(told({ lines: many(193) })).toBeUndefined()
  })
})
