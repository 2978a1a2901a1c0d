/** WebSockets to backends in HTTP/2 (extended CONNECT, RFC 8441): in bytes, and to HAProxy. */
import { describe, expect, onTestFinished, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import * as codes from '../../core/http2/errors.ts'
import { ENABLE_CONNECT_PROTOCOL } from '../../core/http2/settings.ts'
import { NO_UPGRADE } from '../../core/outbound/http2-upgrade.ts'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { contentOf, data, END_HEADERS, END_STREAM, headers, reset, settings, windowUpdate } from '../support/http2.ts'
import { type Http2Origin, startOrigin } from '../support/http2-origin.ts'
import { http2Peer } from '../support/http2-peer.ts'
import { makeMember } from '../support/make-backend.ts'
import { peerTls } from '../support/peer-tls.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { isMissing, startHaproxy } from '../support/real-proxies.ts'

const pool = { protocol: 'h2c' as const }
const config = { listeners: [{ ...tcpListener('web', 0), http2: true }] }
const TAKES: readonly [number, number] = [ENABLE_CONNECT_PROTOCOL, 1]
/** Key and proof of RFC 6455 1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const PROOF = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const UPGRADE = get(
  '/chat',
  `Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n`,
)
const switched = (more: readonly (readonly [string, string])[] = [], flags = END_HEADERS): string =>
  headers(1, [[':status', '200'], ...more], flags)

/** A tunnel that stands: its client, and its backend. */
async function open(stack: AsyncDisposableStack) {
  const backend = stack.use(startOrigin(Infinity, TAKES))
  const edge = stack.use(await startTestEdge([backend.port], { config, pool }))
  const client = stack.use(await connectTo(edge.port, { staysOpen: true }))
  client.send(UPGRADE)
  const origin = await backend.origin()
  await origin.line('HEADERS 1')
  origin.peer.send(switched())
  expect((await nextResponse(client)).status).toBe(101)
  return { edge, client, origin }
}

const gone = (edge: { readonly counters: { readonly tunnelsOpen: number } }): Promise<void> =>
  turnUntil(() => edge.counters.tunnelsOpen === 0, 'the end of the tunnel')

describe('a WebSocket to a backend in HTTP/2', () => {
  test('is asked for once it is known that the backend takes it, and is a 101 for the client', async () => {
    await using backend = startOrigin(0)
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port, { staysOpen: true })
    client.send(UPGRADE)
    const origin = await backend.origin()
    await origin.line('SETTINGS')
    expect(origin.lines.filter((line) => line.startsWith('HEADERS'))).toEqual([])
    origin.peer.send(settings(TAKES))
    const asked = await origin.line('HEADERS 1')
    expect(asked).toStartWith(
      'HEADERS 1 :method=CONNECT :protocol=websocket :scheme=http :authority=a :path=/chat sec-websocket-version=13 via=',
    )
    expect(asked).not.toContain('sec-websocket-key')
    origin.peer.send(
      switched([
        ['sec-websocket-accept', 'another'],
        ['x-room', '1'],
        ['content-length', '7'],
        ['sec-websocket-accept', 'more'],
      ]),
    )
    const response = await nextResponse(client)
    expect(response.head).toStartWith('HTTP/1.1 101 Switching Protocols\r\n')
    const names = ['upgrade', 'sec-websocket-accept', 'x-room', 'content-length']
    expect(names.map((name) => valuesOf(response, name))).toEqual([['websocket'], [PROOF], ['1'], []])
    client.send('hello')
    await origin.line('DATA 1 hello')
    origin.peer.send(data(1, 'good day'))
    await client.expectBytes('good day')
    expect(edge.counters.tunnelsOpen).toBe(1)
    client.end()
    await origin.line('DATA 1 end')
    origin.peer.send(data(1, 'bye', END_STREAM))
    await client.expectBytes('bye')
    await gone(edge)
    expect(edge.backend()).toMatchObject({ upgrades: 1, failures: { total: 0 } })
  })

  test('and other requests share a connection', async () => {
    await using stack = new AsyncDisposableStack()
    const { edge, client, origin } = await open(stack)
    await using other = await connectTo(edge.port)
    other.send(get())
    await origin.line('HEADERS 3')
    origin.peer.send(headers(3, [[':status', '204']], END_HEADERS | END_STREAM))
    expect((await nextResponse(other)).status).toBe(204)
    origin.peer.send(data(1, 'still here'))
    await client.expectBytes('still here')
    expect(edge.backend().connections).toBe(1)
    client.reset()
    await origin.line('RST_STREAM 1 CANCEL')
    await gone(edge)
  })

  test.each([
    ['is reset', (origin: Http2Origin) => origin.peer.send(reset(1, codes.INTERNAL_ERROR))],
    ['loses its connection', (origin: Http2Origin) => origin.peer.reset()],
  ])('that %s at the backend is reset at the client', async (_, end) => {
    await using stack = new AsyncDisposableStack()
    const { edge, client, origin } = await open(stack)
    end(origin)
    await turnUntil(() => client.closing !== undefined, 'the end at the client')
    expect(client.closing).toBe('reset')
    await gone(edge)
  })

  test('that ends with its head is one that says nothing', async () => {
    await using backend = startOrigin(Infinity, TAKES)
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port, { staysOpen: true })
    client.send(UPGRADE)
    const origin = await backend.origin()
    await origin.line('HEADERS 1')
    origin.peer.send(switched([], END_HEADERS | END_STREAM))
    expect((await nextResponse(client)).status).toBe(101)
    await turnUntil(() => client.hasEnded, 'the end at the client')
    client.end()
    await gone(edge)
  })

  test('is held back by the windows of the backend', async () => {
    await using stack = new AsyncDisposableStack()
    const { edge, client, origin } = await open(stack)
    client.send('x'.repeat(200_000))
    const size = (): number => (origin.look(), contentOf(origin.lines))
    await turnUntil(() => size() === 65_535, 'a full window')
    origin.peer.send(windowUpdate(1, 1_000_000) + windowUpdate(0, 1_000_000))
    await turnUntil(() => size() === 200_000, 'the rest')
    client.reset()
    await gone(edge)
  })

  test('that the backend declines is a response', async () => {
    await using backend = startOrigin(Infinity, TAKES)
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    client.send(UPGRADE)
    const origin = await backend.origin()
    await origin.line('HEADERS 1')
    origin.peer.send(headers(1, [[':status', '403']], END_HEADERS) + data(1, 'no', END_STREAM))
    const { status, body } = await nextResponse(client)
    expect([status, body]).toEqual([403, 'no'])
    expect(edge.counters.tunnelsOpen).toBe(0)
  })

  test.each([
    ['the backend takes none', [], UPGRADE],
    ['the backend takes none, and says so', [[ENABLE_CONNECT_PROTOCOL, 0] as const], UPGRADE],
    ['it is to something else', [TAKES], get('/', 'Connection: Upgrade\r\nUpgrade: x\r\n')],
    ['it is to several', [TAKES], get('/', 'Connection: Upgrade\r\nUpgrade: websocket, x\r\n')],
  ])('is answered with 502 where %s', async (_, said, request) => {
    await using backend = startOrigin(Infinity, ...said)
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    const { status, body } = await ask(client, request)
    expect([status, body]).toEqual([502, `502 Bad Gateway: ${NO_UPGRADE}\n`])
  })

  test('comes from a client in HTTP/2 as well', async () => {
    await using backend = startOrigin(Infinity, TAKES)
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    const two = http2Peer(client)
    const asked = [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':scheme', 'http'],
      [':path', '/chat'],
      [':authority', 'a'],
    ] as const
    two.send(headers(1, asked, END_HEADERS) + data(1, 'early'))
    const origin = await backend.origin()
    await origin.line('HEADERS 1 :method=CONNECT :protocol=websocket')
    origin.peer.send(switched())
    expect(await two.line('HEADERS 1')).not.toContain('sec-websocket')
    await origin.line('DATA 1 early')
    origin.peer.send(data(1, 'hello', END_STREAM))
    await two.line('DATA 1 end hello')
    two.send(data(1, '', END_STREAM))
    await gone(edge)
  })
})

test.skipIf(isMissing('haproxy'))('passes to HAProxy in HTTP/2 over TLS, and through it', async () => {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, at) => (at.upgrade(request) ? undefined : new Response('no', { status: 400 })),
    websocket: { message: (socket, message) => void socket.send(message) },
  })
  onTestFinished(() => server.stop(true))
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-behind-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { cert, key } = peerTls().server
  writeFileSync(join(folder, 'both.pem'), cert + key)
  await using proxy = await startHaproxy(
    (port) =>
      `  timeout tunnel 20s\nfrontend f\n  bind 127.0.0.1:${port} ssl crt ${folder}/both.pem alpn h2\n  default_backend b\nbackend b\n  server s 127.0.0.1:${server.port}`,
  )
  const members = [makeMember(proxy.port, { id: `https://127.0.0.1:${proxy.port}`, scheme: 'https' })]
  await using edge = await startTestEdge([], { pool: { members, tls: peerTls().policy, protocol: 'h2' } })
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/`)
  const echo = new Promise<string>((resolve) => socket.on('message', (said: Buffer) => resolve(said.toString())))
  socket.on('open', () => socket.send('x'.repeat(300_000)))
  expect((await echo).length).toBe(300_000)
  expect(edge.backend()).toMatchObject({ connections: 1 })
  socket.close()
  await gone(edge)
})
