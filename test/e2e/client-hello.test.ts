import { describe, expect, test } from 'bun:test'
import { inPieces } from '../support/in-pieces.ts'
import { connectTo } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { root, securely } from '../support/secure-edge.ts'
import { askSecurely, connectSecurely } from '../support/tls.ts'

function sized(size: number, bytes: Buffer): Buffer {
  const length = Buffer.alloc(size)
  length.writeUIntBE(bytes.length, 0, size)
  return Buffer.concat([length, bytes])
}

/** A ClientHello of that version, in one record or in several of 16 KiB. */
function helloOf(version: number, extensions = Buffer.alloc(0)): Buffer {
  const versionBytes = Buffer.from([version >> 8, version & 0xff])
  const ciphers = sized(2, Buffer.from([0xc0, 0x2b, 0xc0, 0x2f, 0, 0x2f]))
  const body = Buffer.concat([
    versionBytes,
    Buffer.alloc(32, 1),
    Buffer.from([0]),
    ciphers,
    Buffer.from([1, 0]),
    sized(2, extensions),
  ])
  return Buffer.concat([Buffer.from([1]), sized(3, body)])
}

function record(version: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([22, version >> 8, version & 0xff]), sized(2, content)])
}

/** With an extension (padding, RFC 7685) that fills it. */
function bigHello(size: number): Buffer {
  const hello = helloOf(0x0303, Buffer.concat([Buffer.from([0, 21]), sized(2, Buffer.alloc(size - 600))]))
  const pieces = Array.from({ length: Math.ceil(hello.length / 16_000) }, (_, index) =>
    hello.subarray(index * 16_000, (index + 1) * 16_000),
  )
  return Buffer.concat(pieces.map((piece) => record(0x0301, piece)))
}

describe('a ClientHello', () => {
  const hostile: readonly (readonly [string, Buffer])[] = [
    ['of SSL 2', Buffer.concat([Buffer.from([0x80, 46, 1, 0, 2, 0, 21, 0, 0, 0, 16]), Buffer.alloc(37, 7)])],
    ['of SSL 3', record(0x0300, helloOf(0x0300))],
    ['of TLS 1.1', record(0x0302, helloOf(0x0302))],
    ['of 64 KB', bigHello(64 * 1024)],
    ['of zeros', Buffer.alloc(4096)],
    ['of noise', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919 + 13) & 0xff))],
    ['that is another message', record(0x0303, Buffer.from([20, 0, 0, 0]))],
    ['that lies about its length', record(0x0303, Buffer.from([1, 0, 0, 200, 3, 3]))],
    ['that is an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40])],
  ]

  test.each(hostile)('%s comes to nothing, and others are served', async (_, bytes) => {
    await using rig = await securely()
    await using client = await connectTo(rig.edge.port)
    client.send(bytes)
    client.end()
    await client.expectClosed()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'its end')
    expect(rig.edge.counters.handshakesFailed).toMatchObject({ failed: 1 })
    expect((await askSecurely(rig.edge.port, { ca: root.cert })).text).toStartWith('HTTP/1.1 200')
  })

  test('may come in pieces of one byte', async () => {
    await using rig = await securely()
    await using between = inPieces(rig.edge.port)
    expect((await askSecurely(between.port, { ca: root.cert })).text).toStartWith('HTTP/1.1 200')
  })

  test('is waited for, but not for ever', async () => {
    await using rig = await securely({ handshakeTimeoutMs: 5000 })
    await using silent = await connectTo(rig.edge.port)
    await using begun = await connectTo(rig.edge.port)
    begun.send(record(0x0301, helloOf(0x0303)).subarray(0, 20))
    await turnUntil(() => rig.edge.counters.handshakesOpen === 2, 'both')
    rig.edge.clock.advance(4000)
    expect(rig.edge.counters.handshakesOpen).toBe(2)
    rig.edge.clock.advance(2000)
    await Promise.all([silent.expectClosed(), begun.expectClosed()])
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'their end')
    expect(rig.edge.counters.handshakesFailed).toMatchObject({ late: 2 })
  })

  test('that never comes costs nothing once its client has left', async () => {
    await using rig = await securely()
    await using client = await connectTo(rig.edge.port)
    await turnUntil(() => rig.edge.counters.handshakesOpen === 1, 'the client')
    client.end()
    await client.expectClosed()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'its end')
    expect(rig.edge.counters.handshakesFailed).toMatchObject({ failed: 1 })
  })

  test('has no time-out any more once the handshake is done', async () => {
    await using rig = await securely({ handshakeTimeoutMs: 1000 })
    const client = await connectSecurely(rig.edge.port, { ca: root.cert })
    await turnUntil(() => rig.edge.counters.handshakes === 1, 'the handshake')
    rig.edge.clock.advance(5000)
    expect((await client.ask()).slice(0, 12)).toBe('HTTP/1.1 200')
  })

  test('has the oldest handshake give way where too many are under way', async () => {
    await using rig = await securely({ maxHandshakes: 2 })
    await using first = await connectTo(rig.edge.port)
    await turnUntil(() => rig.edge.counters.handshakesOpen === 1, 'the first')
    await using second = await connectTo(rig.edge.port)
    await turnUntil(() => rig.edge.counters.handshakesOpen === 2, 'the second')
    expect((await askSecurely(rig.edge.port, { ca: root.cert })).text).toStartWith('HTTP/1.1 200')
    expect(await first.expectClosed()).toBe('reset')
    expect(second.closing).toBeUndefined()
    expect(rig.edge.counters).toMatchObject({ handshakes: 1, handshakesOpen: 1, handshakesFailed: { crowded: 1 } })
  })
})
