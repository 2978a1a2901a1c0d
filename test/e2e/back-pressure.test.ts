import { describe, expect, test } from 'bun:test'
import { ok } from '../support/raw-backend.ts'
import { get, nextResponse } from '../support/raw-client.ts'
import { stillness, turnUntil } from '../support/raw-peer.ts'
import { startRig, type Rig } from '../support/rig.ts'
import { DATE_LINE } from '../support/virtual-clock.ts'

const MIB = 1024 * 1024
const HUGE = 64 * MIB
/** What the kernel's buffers of two connections take, and one read of ours. */
const BOUND = 16 * MIB

const LARGE_HEADS = {
  maxHeadBytes: MIB,
  maxTargetBytes: 1024,
  maxFields: 256,
  maxConnections: 1000,
  maxReplayBytes: MIB,
}
const hugeHead = `HTTP/1.1 200 OK\r\nContent-Length: ${HUGE}\r\n\r\n`
const piece = Buffer.alloc(MIB, 'x')

function sendHuge(peer: { send(data: Buffer): void }): void {
  for (let count = 0; count < HUGE / MIB; count += 1) peer.send(piece)
}

/** Bytes the edge has taken from the backend, once it takes no more. */
const taken = (rig: Rig) => stillness(() => rig.edge.backend().bytesFromBackend)

describe('a client that does not read', () => {
  test.each([
    ['of a length', hugeHead],
    ['until the close', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('holds back a huge response %s, and gets it whole when it does', async (_, head) => {
    await using rig = await startRig({ client: { onlyCounts: true } })
    rig.client.pause()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send(head)
    sendHuge(peer)
    peer.end()
    expect(await taken(rig)).toBeLessThan(BOUND)
    rig.client.resume()
    await rig.client.expectCount(HUGE)
    await turnUntil(() => rig.edge.backend().responses['2xx'] === 1, 'the end of the response')
  })

  test('gets the last response of its connection whole, however late it reads', async () => {
    const body = 'x'.repeat(MIB)
    await using rig = await startRig({ answer: ok(body), client: { onlyCounts: true } })
    rig.client.pause()
    rig.client.send(get('/', 'Connection: close\r\n'))
    // The kernel holds all of it, and the edge waits for the client's end.
    await turnUntil(() => rig.edge.counters.bytesToClients > MIB, 'the response')
    rig.edge.clock.advance(3000)
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'the end of the wait')
    rig.client.resume()
    await rig.client.expectCount(MIB)
    await rig.client.expectEnd()
  })

  test('holds back chunks of any size', async () => {
    await using rig = await startRig({ client: { onlyCounts: true } })
    rig.client.pause()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    const small = Buffer.from('8\r\n12345678\r\n'.repeat(5000))
    for (let sent = 0; sent < 50 * MIB; sent += small.length) peer.send(small)
    expect(await taken(rig)).toBeLessThan(BOUND)
  })

  test('holds back a huge response that follows small ones', async () => {
    await using rig = await startRig({ client: { onlyCounts: true } })
    rig.client.pause()
    const small = ok('x'.repeat(20_000), DATE_LINE)
    for (let sent = 0; rig.edge.counters.bytesToClients === sent && sent < 50 * MIB; sent += small.length) {
      rig.client.send(get())
      const { peer } = await rig.backend.next()
      peer.send(small)
      const expected = sent + small.length
      await turnUntil(() => rig.edge.backend().bytesFromBackend >= expected, 'the response')
    }
    // The edge holds the tail of a small response now, and nothing is under way: the next is not to be begun.
    const before = rig.edge.backend().bytesFromBackend
    rig.client.send(get())
    await stillness(() => rig.edge.counters.bytesFromClients)
    expect(rig.edge.backend().requests * small.length).toBe(before)
    rig.client.resume()
    const { peer } = await rig.backend.next()
    peer.send(hugeHead)
    rig.client.pause()
    sendHuge(peer)
    expect((await taken(rig)) - before).toBeLessThan(BOUND)
  })

  test('holds back a huge response begun when it was blocked already', async () => {
    const small = ok('x'.repeat(20_000))
    let sent = 0
    let hasBegun = false
    await using rig = await startRig({
      client: { onlyCounts: true },
      answer({ peer }) {
        // The edge sends the next pipelined request and the last response's end in one event: does it hold some of it?
        hasBegun = rig.edge.counters.bytesToClients < sent
        peer.send(hasBegun ? hugeHead : small)
        if (hasBegun) sendHuge(peer)
        sent += small.length
      },
    })
    rig.client.pause()
    rig.client.send(get().repeat(2000))
    expect(await taken(rig)).toBeLessThan(BOUND)
    expect(hasBegun).toBe(true)
  })

  test('holds back interim responses', async () => {
    await using rig = await startRig({ client: { onlyCounts: true }, config: { limits: LARGE_HEADS } })
    rig.client.pause()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    const hint = Buffer.from(`HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(MIB - 100)}\r\n\r\n`)
    for (let count = 0; count < 64; count += 1) peer.send(hint)
    expect(await taken(rig)).toBeLessThan(BOUND)
  })

  test('is not taken for a backend that stands still', async () => {
    const timeouts = { connectMs: 2000, responseMs: 30_000, idleMs: 5000, keepAliveMs: 4000, maxAgeMs: 300_000 }
    await using rig = await startRig({ client: { onlyCounts: true }, pool: { timeouts } })
    rig.client.pause()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send(hugeHead)
    sendHuge(peer)
    await taken(rig)
    rig.edge.clock.advance(20_000)
    expect(rig.edge.backend()).toMatchObject({ failures: { total: 0 }, inflight: 1 })
    rig.client.resume()
    await rig.client.expectCount(HUGE)
  })
})

describe('a backend that does not read', () => {
  test.each([
    ['of a length', `Content-Length: ${HUGE}\r\n`, piece],
    ['in chunks', 'Transfer-Encoding: chunked\r\n', Buffer.from(`100000\r\n${piece.toString('latin1')}\r\n`)],
  ])('holds back a huge upload %s, and gets it whole when it does', async (_, lines, data) => {
    await using rig = await startRig({ backend: { onlyCounts: true } })
    rig.client.send(`POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)
    const peer = await rig.backend.connection(0)
    peer.pause()
    for (let count = 0; count < HUGE / MIB; count += 1) rig.client.send(data)
    if (data !== piece) rig.client.send('0\r\n\r\n')
    expect(await stillness(() => rig.edge.counters.bytesFromClients)).toBeLessThan(BOUND)
    peer.resume()
    await peer.expectCount(HUGE)
    peer.send(ok('done'))
    expect((await nextResponse(rig.client)).body).toBe('done')
  })

  test('is left at once when the client resets', async () => {
    await using rig = await startRig({ backend: { onlyCounts: true } })
    rig.client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${HUGE}\r\n\r\n`)
    const peer = await rig.backend.connection(0)
    peer.pause()
    for (let count = 0; count < HUGE / MIB; count += 1) rig.client.send(piece)
    await stillness(() => rig.client.sentBytes)
    rig.client.reset()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'the end of the client')
    expect(rig.edge.backend()).toMatchObject({ inflight: 0, abandoned: 1 })
  })

  test('for too long is a 504', async () => {
    await using rig = await startRig({ backend: { onlyCounts: true } })
    rig.client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${HUGE}\r\n\r\n`)
    const peer = await rig.backend.connection(0)
    peer.pause()
    for (let count = 0; count < 50; count += 1) rig.client.send(piece)
    await stillness(() => rig.edge.counters.bytesFromClients)
    rig.edge.clock.advance(59_000)
    expect(rig.client.text).toBe('')
    rig.edge.clock.advance(2000)
    expect((await nextResponse(rig.client)).status).toBe(504)
    expect(rig.edge.backend().failures).toMatchObject({ total: 1, timeout: 1 })
  })
})
