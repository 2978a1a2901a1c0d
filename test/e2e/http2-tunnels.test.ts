import { describe, expect, test } from 'bun:test'
import type { Http2Choice } from '../../core/config/config.ts'
import { tcpListener } from '../support/edge.ts'
import { contentOf, data, END_HEADERS, END_STREAM, get, headers, reset, windowUpdate } from '../support/http2.ts'
import { http2Peer } from '../support/http2-peer.ts'
import { ok } from '../support/raw-backend.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { startRig, type RigOptions } from '../support/rig.ts'

const listening = (http2: Http2Choice) => ({ listeners: [{ ...tcpListener('web', 0), http2 }] })
const rigWith = (options: RigOptions = {}, http2: Http2Choice = true) =>
  startRig({ ...options, config: { ...listening(http2), ...options.config } })

const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\nX-Room: 1\r\n\r\n'
const CONNECT = headers(
  1,
  [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':scheme', 'http'],
    [':path', '/chat'],
    [':authority', 'a'],
    ['sec-websocket-version', '13'],
  ],
  END_HEADERS,
)

describe('a tunnel (RFC 8441)', () => {
  test('is a WebSocket for the backend, and passes bytes both ways', async () => {
    await using rig = await rigWith({ client: { staysOpen: true }, backend: { staysOpen: true } })
    const two = http2Peer(rig.client)
    two.send(CONNECT + data(1, 'early'))
    const { request, peer } = await rig.backend.next()
    expect(request.head).toStartWith('GET /chat HTTP/1.1\r\n')
    expect(valuesOf(request, 'upgrade')).toEqual(['websocket'])
    expect(valuesOf(request, 'sec-websocket-key')[0]).toHaveLength(24)
    peer.send(`${SWITCH}hello`)
    expect(await two.line('HEADERS 1')).toMatch(/^HEADERS 1 :status=200 x-room=1 date=/)
    await two.line('DATA 1 hello')
    await peer.expectBytes('early')
    two.send(data(1, 'more'))
    await peer.expectBytes('more')
    expect(rig.edge.counters.tunnelsOpen).toBe(1)
    two.send(data(1, '', END_STREAM))
    await turnUntil(() => peer.hasEnded, 'the end at the backend')
    peer.send('last words')
    peer.end()
    await two.line('DATA 1 end last words')
    await turnUntil(() => rig.edge.counters.tunnelsOpen === 0, 'the end of the tunnel')
    two.send(get(3))
    const next = await rig.backend.next()
    next.peer.send(ok())
    await two.line('DATA 3 end ok')
  })

  test('that its client resets is reset at the backend', async () => {
    await using rig = await rigWith({ client: { staysOpen: true }, backend: { staysOpen: true } })
    const two = http2Peer(rig.client)
    two.send(CONNECT)
    const { peer } = await rig.backend.next()
    peer.send(SWITCH)
    await two.line('HEADERS 1')
    two.send(reset(1))
    await turnUntil(() => peer.closing === 'reset', 'the reset at the backend')
  })

  test('is held back by windows, and by a backend that does not read', async () => {
    await using rig = await rigWith({ client: { staysOpen: true }, backend: { staysOpen: true } })
    const two = http2Peer(rig.client)
    two.send(CONNECT)
    const { peer } = await rig.backend.next()
    peer.send(SWITCH)
    await two.line('HEADERS 1')
    peer.send('x'.repeat(200_000))
    const size = (): number => contentOf(two.lines)
    await turnUntil(() => size() === 65_535, 'a full window')
    two.send(windowUpdate(1, 1_000_000) + windowUpdate(0, 1_000_000))
    await turnUntil(() => size() === 200_000, 'the rest')
  })

  test('of another protocol than one that we would pass on is refused', async () => {
    await using rig = await rigWith({ answer: ok() })
    const two = http2Peer(rig.client)
    two.send(
      headers(
        1,
        [
          [':method', 'CONNECT'],
          [':protocol', 'h2c'],
          [':scheme', 'http'],
          [':path', '/'],
          [':authority', 'a'],
        ],
        END_HEADERS,
      ),
    )
    expect(await two.line('HEADERS 1')).toContain(':status=501')
  })

  test('that the backend declines is a response', async () => {
    await using rig = await rigWith({ answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno' })
    const two = http2Peer(rig.client)
    two.send(CONNECT)
    expect(await two.line('HEADERS 1')).toContain(':status=403')
    expect(await two.line('DATA 1')).toBe('DATA 1 end no')
  })
})
