import { describe, expect, test } from 'bun:test'
import { WebSocket, WebSocketServer } from 'ws'
import { startTestEdge } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { ok } from '../support/raw-backend.ts'
import { ask, get, nextResponse } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { type RawPeer, stillness, turnUntil } from '../support/raw-peer.ts'
import { startRig, type Rig, type RigOptions } from '../support/rig.ts'
import { DATE_LINE } from '../support/virtual-clock.ts'

const ASK = get('/chat', 'Connection: Upgrade\r\nUpgrade: echo\r\n')
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

const open = { client: { staysOpen: true }, backend: { staysOpen: true } } as const

/** A tunnel that stands: what the client sends, `peer` gets, and the other way round. */
async function startTunnel(options: RigOptions = {}): Promise<{ rig: Rig; peer: RawPeer }> {
  const rig = await startRig({ ...open, ...options })
  rig.client.send(ASK)
  const { peer } = await rig.backend.next()
  peer.send(SWITCH)
  expect((await nextResponse(rig.client)).status).toBe(101)
  return { rig, peer }
}

describe('an upgrade', () => {
  test('reaches the backend with what it asks for', async () => {
    await using rig = await startRig({ ...open, answer: SWITCH })
    rig.client.send(get('/chat', 'Connection: keep-alive, Upgrade\r\nUpgrade: a/1, b\r\nSec-WebSocket-Key: x\r\n'))
    expect((await nextResponse(rig.client)).head).toBe(SWITCH)
    const request = rig.backend.requests[0]!
    expect(valuesOf(request, 'connection')).toEqual(['Upgrade'])
    expect(valuesOf(request, 'upgrade')).toEqual(['a/1, b'])
    expect(valuesOf(request, 'sec-websocket-key')).toEqual(['x'])
  })

  test('that the backend declines leaves the connection as it was', async () => {
    await using rig = await startRig({ answer: ok('no') })
    expect((await ask(rig.client, ASK)).head).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${DATE_LINE}\r\n`)
    expect(rig.client.hasEnded).toBe(false)
    expect(rig.edge.counters).toMatchObject({ tunnels: 0, requests: 1 })
  })

  test.each([
    [
      'h2c',
      get('/', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n'),
    ],
    ['h2c among others', get('/', 'Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n')],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'],
    ['a body', 'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 3\r\n\r\nabc'],
    ['no Connection option', get('/', 'Upgrade: echo\r\n')],
  ])('with %s goes on without it, and a 101 is a 502', async (_, request) => {
    await using rig = await startRig({ answer: SWITCH })
    expect((await ask(rig.client, request)).status).toBe(502)
    const { head } = rig.backend.requests[0]!
    expect(head).not.toMatch(/^(upgrade|connection|http2-settings):/im)
    expect(rig.edge.counters.tunnels).toBe(0)
    expect(rig.edge.backend().failures).toMatchObject({ total: 1, protocol: 1 })
  })
})

describe('a tunnel', () => {
  test('passes bytes both ways, right behind the handshake and later', async () => {
    await using rig = await startRig(open)
    rig.client.send(`${ASK}early \x00\xff`)
    const { peer } = await rig.backend.next()
    peer.send(`${SWITCH}hello \x80\xff\r\n\r\n`)
    expect((await nextResponse(rig.client)).head).toBe(SWITCH)
    await rig.client.expectBytes('hello \x80\xff\r\n\r\n')
    await peer.expectBytes('early \x00\xff')
    rig.client.send('GET / HTTP/1.1\r\n\r\n')
    await peer.expectBytes('GET / HTTP/1.1\r\n\r\n')
    peer.send(ok())
    await rig.client.expectBytes(ok())
    expect(rig.edge.counters).toMatchObject({ requests: 1, tunnels: 1, tunnelsOpen: 1 })
  })

  test('counts as in flight until it ends', async () => {
    const { rig, peer } = await startTunnel()
    await using _ = rig
    rig.edge.clock.advance(600_000)
    expect(rig.edge.backend().inflight).toBe(1)
    peer.close()
    rig.client.close()
    await turnUntil(() => rig.edge.backend().inflight === 0, 'the end of the tunnel')
    expect(rig.edge.counters.tunnelsOpen).toBe(0)
  })

  test.each(['client', 'backend'])('whose %s ends its side still passes the other', async (who) => {
    const { rig, peer } = await startTunnel()
    await using _ = rig
    const [first, second] = who === 'client' ? [rig.client, peer] : [peer, rig.client]
    first.send('last words')
    first.end()
    await second.expectBytes('last words')
    await second.expectEnd()
    for (const words of ['one', 'two']) {
      second.send(words)
      await first.expectBytes(words)
    }
    second.end()
    await first.expectEnd()
    expect(await first.expectClosed()).toBe('ended')
    await turnUntil(() => rig.edge.counters.tunnelsOpen === 0, 'the end of the tunnel')
    expect(rig.edge.counters.connectionsOpen).toBe(0)
  })

  test('whose client had ended its side before the 101 passes that on', async () => {
    await using rig = await startRig({ ...open, config: { halfClose: 'answer' } })
    rig.client.send(ASK)
    rig.client.end()
    const { peer } = await rig.backend.next()
    peer.send(`${SWITCH}hello`)
    expect((await nextResponse(rig.client)).status).toBe(101)
    await rig.client.expectBytes('hello')
    await peer.expectEnd()
    peer.send('bye')
    peer.end()
    await rig.client.expectBytes('bye')
    await rig.client.expectEnd()
    expect(await peer.expectClosed()).toBe('ended')
  })

  test.each(['client', 'backend'])('whose %s resets is reset on the other side', async (who) => {
    const { rig, peer } = await startTunnel()
    await using _ = rig
    const [first, second] = who === 'client' ? [rig.client, peer] : [peer, rig.client]
    first.reset()
    expect(await second.expectClosed()).toBe('reset')
    expect(rig.edge.backend().inflight).toBe(0)
  })

  test.each(['client', 'backend'])('whose %s does not read holds the other back, and loses nothing', async (who) => {
    const total = 64 * 1024 * 1024
    const { rig, peer } = await startTunnel({ client: { staysOpen: true } })
    await using _ = rig
    const [reader, writer] = who === 'client' ? [rig.client, peer] : [peer, rig.client]
    const before = reader.receivedBytes
    reader.pause()
    const piece = Buffer.alloc(1024 * 1024, 'x')
    for (let sent = 0; sent < total; sent += piece.length) writer.send(piece)
    const passed = () => rig.edge.backend().bytesFromBackend + rig.edge.counters.bytesFromClients
    expect(await stillness(passed)).toBeLessThan(16 * 1024 * 1024)
    writer.end()
    reader.resume()
    await reader.expectCount(before + total)
    await reader.expectEnd()
  })

  test('silent for too long is cut', async () => {
    const { rig, peer } = await startTunnel()
    await using _ = rig
    rig.edge.clock.advance(3_000_000)
    peer.send('ping')
    await rig.client.expectBytes('ping')
    rig.edge.clock.advance(3_000_000)
    rig.client.send('pong')
    await peer.expectBytes('pong')
    expect(rig.client.closing).toBeUndefined()
    rig.edge.clock.advance(3_601_000)
    expect(await rig.client.expectClosed()).toBe('reset')
    expect(await peer.expectClosed()).toBe('reset')
  })

  test('behind pipelined requests begins when it is their turn', async () => {
    await using rig = await startRig(open)
    rig.client.send(`${get('/1')}${ASK}early`)
    const first = await rig.backend.next()
    first.peer.send(ok('one'))
    expect((await nextResponse(rig.client)).body).toBe('one')
    const second = await rig.backend.next()
    second.peer.send(SWITCH)
    expect((await nextResponse(rig.client)).status).toBe(101)
    await second.peer.expectBytes('early')
  })
})

describe('a WebSocket', () => {
  test('works through the edge with messages of every size', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    })
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    // It speaks no TLS, whatever others do.
    await using edge = await startTestEdge([], { pool: { members: [makeMember(port, { scheme: 'http' })] } })
    const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/chat`)
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 3_000_000]) {
      const echo = new Promise<Buffer>((resolve) => socket.once('message', (data) => resolve(data as Buffer)))
      socket.send(Buffer.alloc(size, 'x'))
      expect((await echo).length).toBe(size)
    }
    expect(edge.backend().inflight).toBe(1)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.close(1000)
    expect(await closed).toBe(1000)
    await turnUntil(() => edge.backend().inflight === 0, 'the end of the tunnel')
    server.close()
  })
})
