/** What `"engine": "serve"` can not do, in bytes: what docs/engines.md says of it must stay true, and nothing may be smuggled by it. */
import { describe, expect, test } from 'bun:test'
import { tcpListener } from '../support/edge.ts'
import {
  data,
  END_HEADERS,
  END_STREAM,
  type Fields,
  GET,
  get as getHttp2,
  headers,
  post as postHttp2,
} from '../support/http2.ts'
import { http2Peer } from '../support/http2-peer.ts'
import { ok } from '../support/raw-backend.ts'
import { ask, get, nextResponse, post, postChunks } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { startRig } from '../support/rig.ts'

const served = { listeners: [{ ...tcpListener('web', 0), engine: 'serve' as const }] }
const rigWith = (answer: string) => startRig({ answer, config: served })

describe('targets come normalised', () => {
  test.each([
    ['/a/../b', '/b'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/./b', '/a/b'],
    ['/a\\b', '/a/b'],
    ['/"<>', '/%22%3C%3E'],
    ['/\xff', '/%EF%BF%BD'],
    ['/caf\xc3\xa9', '/caf%C3%A9'],
    ['/%41%2f', '/%41%2f'],
    ['//b/c', '//b/c'],
    ['http://other/c', '/c'],
  ])('%s is %s', async (sent, target) => {
    await using rig = await rigWith(ok())
    expect((await ask(rig.client, get(sent))).status).toBe(200)
    expect(rig.backend.requests[0]?.target).toBe(target)
    // A target in absolute-form loses its authority.
    expect(valuesOf(rig.backend.requests[0]!, 'host')).toEqual(['a'])
  })
})

test('fields come in lower case, in another order, and joined where they stand twice', async () => {
  await using rig = await rigWith(ok())
  await ask(rig.client, get('/', 'X-B: 1\r\nX-A: 2\r\nX-B: 3\r\n'))
  const own = rig.backend.requests[0]!.fields.filter(([name]) => /^x-[ab]$/i.test(name))
  expect(own).toEqual([
    ['x-a', '2'],
    ['x-b', '1, 3'],
  ])
})

describe('what our judge of heads refuses, though Bun lets it through', () => {
  test.each([
    ['two Hosts', get('/', 'Host: b\r\n')],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    ['a Host that holds user info', 'GET / HTTP/1.1\r\nHost: b@a\r\n\r\n'],
    ['two lengths', post('abc', '/', 'Content-Length: 3\r\n')],
    ['a fragment', get('/a#b')],
    ['HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n'],
    ['the body of a GET', get('/', 'Content-Length: 3\r\n') + 'abc'],
    ['chunks of a GET', get('/', 'Transfer-Encoding: chunked\r\n') + '3\r\nabc\r\n0\r\n\r\n'],
    ['the body of a HEAD', get('/', 'Content-Length: 3\r\n').replace('GET', 'HEAD') + 'abc'],
    // And what it does not.
    ['a length beside chunks', postChunks(['abc'], 'Content-Length: 3\r\n')],
    ['a list of lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc'],
    ['two codings', postChunks(['abc'], 'Transfer-Encoding: chunked\r\n')],
    ['a coding beside chunked', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a folded line', get('/', 'X: a\r\n b\r\n')],
    ['a space before a colon', get('/', 'X : a\r\n')],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['OPTIONS for the server', get('*').replace('GET', 'OPTIONS')],
  ])('%s', async (_, bytes) => {
    await using rig = await rigWith(ok())
    rig.client.send(bytes)
    await rig.client.expectClosed()
    expect(rig.client.text).toMatch(/^HTTP\/1\.1 (?:400|505)/)
    expect(rig.client.text.match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1)
    expect(rig.backend.requests).toEqual([])
  })
})

describe('what Bun answers by itself', () => {
  test.each([
    ['a head of 16 KiB and more', `X: ${'a'.repeat(16_384)}\r\n`],
    ['a head of 199 fields', Array.from({ length: 198 }, (_, index) => `X-${index}: a\r\n`).join('')],
  ])('%s: 431', async (_, lines) => {
    await using rig = await rigWith(ok())
    rig.client.send(get('/', lines))
    await rig.client.expectClosed()
    expect(rig.client.text).toStartWith('HTTP/1.1 431')
  })

  test.each([
    ['a method that it does not know', get().replace('GET', 'BREW')],
    ['a method in lower case', get().replace('GET', 'get')],
  ])('%s: the end of the connection, without a word', async (_, bytes) => {
    await using rig = await rigWith(ok())
    rig.client.send(bytes)
    await rig.client.expectClosed()
    expect([rig.client.text, rig.backend.requests]).toEqual(['', []])
  })

  test('Expect, before its route has said a word', async () => {
    await using rig = await startRig({ config: { ...served, routes: [] } })
    rig.client.send(get('/', 'Expect: 100-continue\r\nContent-Length: 3\r\n').replace('GET', 'PUT'))
    expect((await nextResponse(rig.client)).status).toBe(100)
    expect((await nextResponse(rig.client)).status).toBe(404)
  })

  test('a request behind another that is under way: the end of both', async () => {
    await using rig = await startRig({ config: served })
    rig.client.send(get('/1') + get('/2'))
    await rig.client.expectClosed()
    expect(rig.client.text).toBe('')
  })

  test('a client that ends its side as it waits: the end', async () => {
    await using rig = await startRig({ config: { ...served, halfClose: 'answer' }, client: { staysOpen: true } })
    rig.client.send(get())
    await rig.backend.next()
    rig.client.end()
    await rig.client.expectClosed()
    expect(rig.client.text).toBe('')
  })

  test('trailers of a request: 400, and the end', async () => {
    await using rig = await startRig({ config: served })
    rig.client.send(postChunks(['abc'], '', 'X-Sum: 1\r\n'))
    await rig.client.expectClosed()
    expect(rig.client.text).toStartWith('HTTP/1.1 400')
  })
})

describe('what can not go out', () => {
  test('a WebSocket: 501', async () => {
    await using rig = await rigWith(ok())
    const response = await ask(rig.client, get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'))
    expect([response.status, response.body]).toEqual([
      501,
      '501 Not Implemented: "engine": "serve" can not pass WebSockets on\n',
    ])
  })

  test('another upgrade, which is ignored', async () => {
    await using rig = await rigWith(ok())
    expect((await ask(rig.client, get('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n'))).status).toBe(200)
    expect(valuesOf(rig.backend.requests[0]!, 'upgrade')).toEqual([])
  })

  test('the Date of a HEAD, where its backend tells none', async () => {
    await using rig = await rigWith('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
    expect(valuesOf(await ask(rig.client, get().replace('GET', 'HEAD')), 'date')).toEqual([])
  })

  test('interim responses', async () => {
    await using rig = await rigWith(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok()}`)
    expect((await ask(rig.client, get())).status).toBe(200)
  })

  test('trailers', async () => {
    await using rig = await rigWith(
      'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n',
    )
    expect((await ask(rig.client, get('/', 'TE: trailers\r\n'))).body).toBe('abc')
    expect(rig.client.text).not.toMatch(/x-sum/i)
    expect(valuesOf(rig.backend.requests[0]!, 'te')).toEqual([])
  })

  test('the length of what comes in pieces', async () => {
    await using rig = await startRig({ config: served })
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc')
    await rig.client.until(() => (rig.client.text.includes('abc') ? true : undefined), 'the first piece')
    peer.send('def')
    const response = await nextResponse(rig.client)
    expect([response.body, valuesOf(response, 'content-length')]).toEqual(['abcdef', []])
    expect(valuesOf(response, 'transfer-encoding')).toEqual(['chunked'])
  })

  test('a field in several lines, but for Set-Cookie; and the reason', async () => {
    await using rig = await rigWith(
      'HTTP/1.1 200 Fine\r\nContent-Length: 0\r\nVary: a\r\nVary: b\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n',
    )
    const response = await ask(rig.client, get())
    expect([valuesOf(response, 'vary'), valuesOf(response, 'set-cookie')]).toEqual([['a, b'], ['a', 'b']])
    expect(rig.client.text).toStartWith('HTTP/1.1 200 OK\r\n')
  })
})

test('a backend is asked nothing that nobody has asked', async () => {
  await using rig = await startRig({ config: served, answer: ok() })
  rig.client.send(post('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'))
  expect((await nextResponse(rig.client)).status).toBe(200)
  expect(rig.backend.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(['POST /'])
})

describe('over HTTP/2, what would be smuggled', () => {
  const overHttp2 = { listeners: [{ ...served.listeners[0]!, http2: true as const }] }
  const withBody = (...more: Fields) => postHttp2(1, more) + data(1, 'abc', END_STREAM)

  test.each<[string, string]>([
    ['a line break in a value', getHttp2(1, [['x', 'a\r\ny: b']])],
    ['a bare line feed in a value', getHttp2(1, [['x', 'a\ny: b']])],
    ['a NUL in a value', getHttp2(1, [['x', 'a\0b']])],
    ['a line break in a name', getHttp2(1, [['x: a\r\ny', 'b']])],
    ['an upper-case name', getHttp2(1, [['X-Y', 'b']])],
    ['a name with a colon', getHttp2(1, [['x:y', 'b']])],
    ['a length that is less', withBody(['content-length', '2'])],
    ['a length that is more', withBody(['content-length', '5'])],
    ['two lengths', withBody(['content-length', '3'], ['content-length', '5'])],
    ['no number of a length', withBody(['content-length', '+3'])],
    ['transfer-encoding', withBody(['transfer-encoding', 'chunked'])],
    ['connection', getHttp2(1, [['connection', 'x-forwarded-for']])],
    ['another host', getHttp2(1, [['host', 'b']])],
    [
      'a line break in a path',
      headers(1, [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':authority', 'a'],
        [':path', '/ HTTP/1.1\r\ny: b'],
      ]),
    ],
    [
      'a path that is none',
      headers(1, [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':authority', 'a'],
        [':path', 'b'],
      ]),
    ],
    [
      'two paths',
      headers(1, [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':authority', 'a'],
        [':path', '/'],
        [':path', '/b'],
      ]),
    ],
    [
      'a line break in a method',
      headers(1, [
        [':method', 'GET / HTTP/1.1\r\ny: b'],
        [':scheme', 'http'],
        [':authority', 'a'],
        [':path', '/'],
      ]),
    ],
    [
      'an authority with a path',
      headers(1, [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':authority', 'a/b'],
        [':path', '/'],
      ]),
    ],
    [
      'no authority',
      headers(1, [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/'],
      ]),
    ],
  ])('%s', async (_, bytes) => {
    await using rig = await startRig({ config: overHttp2, answer: ok() })
    const two = http2Peer(rig.client)
    two.send(bytes)
    await turnUntil(
      () => /:status=4\d\d|RST_STREAM 1|GOAWAY/.test(two.lines.join('\n')),
      two.lines.join('\n') || 'an answer',
    )
    expect(rig.backend.requests).toEqual([])
  })

  test('the body of a GET is lost where no length told of it', async () => {
    await using rig = await startRig({ config: overHttp2, answer: ok() })
    const two = http2Peer(rig.client)
    two.send(headers(1, GET, END_HEADERS) + data(1, 'abc', END_STREAM))
    expect(await two.line('HEADERS 1')).toContain(':status=200')
    expect(rig.backend.requests.map(({ method, body }) => [method, body])).toEqual([['GET', '']])
    expect(valuesOf(rig.backend.requests[0]!, 'transfer-encoding')).toEqual([])
  })
})
