import { describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect } from 'node:http2'
import type { ListenerConfig } from '../../core/config/config.ts'
import type { AccessPolicy } from '../../core/admission/policy.ts'
import { anyRequest, startTestEdge, tcpListener, testPool } from '../support/edge.ts'
import { PIECE, startGrpcServer } from '../support/grpc-server.ts'
import { framesOf, message, readWebResponse, type WebResponse } from '../support/grpc-web.ts'
import { closedPort } from '../support/ports.ts'
import { chunked, connectTo } from '../support/raw-client.ts'
import { stillness, turnUntil } from '../support/raw-peer.ts'

const BINARY = 'application/grpc-web+proto'
const TEXT = 'application/grpc-web-text+proto'
const OK = { 'grpc-status': '0' }
const MIB = 1024 * 1024

function startEdge(
  ports: readonly number[],
  route: { access?: AccessPolicy; grpcWeb?: boolean } = {},
  listener: Partial<ListenerConfig> = {},
) {
  const listeners = [{ ...tcpListener('web', 0), http2: true as const, ...listener }]
  const pools = [testPool(ports, { protocol: 'h2c' })]
  const timeouts = { requestMs: undefined, tryMs: undefined, deadline: 'grpc-timeout', backend: {} } as const
  const routes = [{ match: anyRequest, pool: 'web', priority: 5, timeouts, grpcWeb: true, ...route }]
  return startTestEdge(ports, { config: { listeners, pools, routes } })
}

const encoded = (type: string, body: Buffer): string | Buffer => (type === TEXT ? body.toString('base64') : body)

/** What keeps no connection. */
const post = (port: number, method: string, headers: Readonly<Record<string, string>>, body: Buffer | string) =>
  fetch(`http://127.0.0.1:${port}/t.T/${method}`, { method: 'POST', headers, body, keepalive: false })

/** One call over HTTP/1.1. */
const call = async (port: number, method: string, type: string, body: Buffer, headers = {}): Promise<WebResponse> =>
  readWebResponse(
    await post(port, method, { 'content-type': type, 'x-grpc-web': '1', ...headers }, encoded(type, body)),
  )

describe.each([BINARY, TEXT])('a call of %s', (type) => {
  test('has its message, and its trailers in the body', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    expect(await call(edge.port, 'Unary', type, message('hello'))).toEqual({
      status: 200,
      type,
      messages: [Buffer.from('hello')],
      trailers: { ...OK, 'grpc-message': 'OK', 'x-trailing': '2' },
    })
    expect(edge.counters.grpcResponses).toMatchObject({ OK: 1 })
  })

  test('by Bun.serve is the same', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port], {}, { engine: 'serve' })
    expect(await call(edge.port, 'Unary', type, message('hello'))).toMatchObject({
      messages: [Buffer.from('hello')],
      trailers: OK,
    })
  })

  test('over HTTP/2 is the same', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    const session = connect(`http://127.0.0.1:${edge.port}`)
    const stream = session.request({ ':method': 'POST', ':path': '/t.T/Unary', 'content-type': type })
    const head = once(stream, 'response')
    stream.end(encoded(type, message('hello')))
    const [fields] = (await head) as [Record<string, string>]
    expect(fields).toMatchObject({ ':status': 200, 'content-type': type, 'x-initial': '1' })
    const body = Buffer.concat(await stream.toArray()).toString('latin1')
    const [content = '', trailers = ''] = type === TEXT ? body.split(/(?<==)(?!=)/) : [body, '']
    const bytes =
      type === TEXT ? [Buffer.from(content, 'base64'), Buffer.from(trailers, 'base64')] : [Buffer.from(body, 'latin1')]
    expect(framesOf(Buffer.concat(bytes))).toMatchObject({ messages: [Buffer.from('hello')], trailers: OK })
    session.close()
    await once(session, 'close')
  })

  test('that fails says so there too', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    expect(await call(edge.port, 'Fail', type, message(''))).toMatchObject({
      status: 200,
      type,
      messages: [],
      trailers: { 'grpc-status': '5', 'grpc-message': 'not%20here:%20%C3%BC' },
    })
  })

  test('of 8 MB comes back whole', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    const large = Buffer.alloc(8_000_000, 'xyz')
    const { messages, trailers } = await call(edge.port, 'Unary', type, message(large))
    expect(trailers).toMatchObject(OK)
    expect(messages[0]?.equals(large)).toBe(true)
  })

  test('has every message of a stream', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    const { messages, trailers } = await call(edge.port, 'Stream', type, message('100'))
    expect(trailers).toMatchObject(OK)
    expect([messages.length, messages.every((one) => one.equals(PIECE))]).toEqual([100, true])
  })

  test('may send several messages, however their bytes come', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    await using client = await connectTo(edge.port)
    const bodies = ['abc', 'de', ''].map((content) => encoded(type, message(content)).toString('latin1'))
    const head = `POST /t.T/Collect HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`
    await client.sendByteByByte(head + chunked(bodies))
    const answer = encoded(type, message('5')).toString('latin1')
    await client.until(() => (client.text.includes(answer) ? true : undefined), 'the sum')
  })

  test('that nobody answers is told so there', async () => {
    await using edge = await startEdge([closedPort()])
    const { trailers } = await call(edge.port, 'Unary', type, message('hello'))
    expect(trailers).toEqual({ 'grpc-status': '14', 'grpc-message': 'no connection to a backend: ECONNREFUSED' })
  })

  test('whose deadline has passed is told so there', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    const { trailers } = await call(edge.port, 'Slow', type, message(''), { 'grpc-timeout': '0m' })
    expect(trailers).toMatchObject({ 'grpc-status': '4' })
  })

  test.each([
    ['cut within a message', message('hello').subarray(0, -1), 'the body ends within a message'],
    ['with trailers of its own', message('', 0x80), 'the flags of a message must be 0 to 1, got 128'],
    ['that is no message', Buffer.from('hello'), 'the flags of a message must be 0 to 1, got 104'],
  ])('%s is told so there', async (_, body, detail) => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    const { trailers } = await call(edge.port, 'Unary', type, body)
    expect(trailers).toEqual({ 'grpc-status': '13', 'grpc-message': detail })
    expect(edge.counters.badRequests).toBe(1)
  })

  test('that its client gives up is given up at the server, which was held back until then', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port])
    await using client = await connectTo(edge.port, { onlyCounts: true })
    const body = encoded(type, message(''))
    client.send(
      `POST /t.T/Endless HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`,
    )
    await client.expectCount(1000)
    client.pause()
    // What the kernel takes of it, in base64 a third less.
    expect(await stillness(() => edge.backend().bytesFromBackend)).toBeLessThan(16 * MIB)
    client.reset()
    await turnUntil(() => server.cancelled === 1, 'the end of the stream')
  })
})

describe('a route', () => {
  test('answers scripts of other origins by its own rule', async () => {
    await using server = await startGrpcServer()
    const cors = {
      origins: ['https://app.example.com'],
      methods: ['POST'],
      fields: ['content-type', 'x-grpc-web'],
      expose: ['grpc-status', 'grpc-message', 'x-initial'],
      credentials: false,
      maxAgeMs: 1000,
    }
    await using edge = await startEdge([server.port], { access: { cors } })
    const url = `http://127.0.0.1:${edge.port}/t.T/Fail`
    const origin = { origin: 'https://app.example.com' }
    const asked = { ...origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-grpc-web' }
    const preflight = await fetch(url, { method: 'OPTIONS', headers: asked, keepalive: false })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'content-type, x-grpc-web',
    ])
    const response = await post(edge.port, 'Fail', { ...origin, 'content-type': BINARY }, message(''))
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(response.headers.get('access-control-expose-headers')).toBe('grpc-status, grpc-message, x-initial')
    expect((await readWebResponse(response)).trailers).toMatchObject({ 'grpc-status': '5' })
  })

  test('that does not translate passes everything on as it is', async () => {
    await using server = await startGrpcServer()
    await using edge = await startEdge([server.port], { grpcWeb: false })
    const response = await post(edge.port, 'Unary', { 'content-type': BINARY }, message('hello'))
    // grpc-js takes whatever begins as gRPC's type does.
    expect(await readWebResponse(response)).toMatchObject({ type: 'application/grpc+proto', trailers: undefined })
  })
})
