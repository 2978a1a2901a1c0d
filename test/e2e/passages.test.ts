/** Large bodies of known length: where the system can do it, they pass from socket to socket within the kernel. */
import { describe, expect, test } from 'bun:test'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readlinkSync } from 'node:fs'
import type { Arrival } from '../support/raw-backend.ts'
import { get, nextResponse } from '../support/raw-client.ts'
import { type RawPeer, stillness, turnUntil } from '../support/raw-peer.ts'
import { startRig } from '../support/rig.ts'
import { systemTransport } from '../support/transports.ts'

const MIB = 1024 * 1024
const body = randomBytes(8 * MIB)
const hashOf = (bytes: Buffer | string): string =>
  createHash('sha256')
    .update(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    .digest('hex')
const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`
const upload = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`

const countPipes = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('pipe:')
    } catch {
      return false
    }
  }).length

/** Sends it in pieces that come in bulk. */
function sendWhole(peer: RawPeer, start: string): void {
  peer.send(start)
  peer.send(body)
}

const answerWith =
  (...pieces: readonly (string | Buffer)[]) =>
  ({ peer }: Arrival): void => {
    for (const piece of pieces) peer.send(piece)
  }

describe('a large response', () => {
  test('arrives as it was and is counted to the byte, request after request', async () => {
    await using rig = await startRig({ answer: answerWith(head, body) })
    for (let time = 0; time < 3; time += 1) {
      rig.client.send(get())
      const response = await nextResponse(rig.client)
      expect(hashOf(response.body)).toBe(hashOf(body))
    }
    expect(rig.edge.backend().bytesFromBackend).toBe(3 * (head.length + body.length))
    expect(rig.edge.counters.bytesToClients).toBeGreaterThan(3 * body.length)
    expect(rig.backend.connections).toHaveLength(1)
  })

  test.skipIf(systemTransport.name === 'bun')('passes through a pipe, which is kept', async () => {
    await using rig = await startRig({ answer: answerWith(head, body) })
    const before = countPipes()
    for (let time = 0; time < 2; time += 1) {
      rig.client.send(get())
      await nextResponse(rig.client)
    }
    expect(countPipes() - before).toBe(2)
  })

  test('that is longer than it said costs the backend its connection, and nobody else anything', async () => {
    await using rig = await startRig({ answer: answerWith(head, Buffer.concat([body, Buffer.from('HTTP/1.1 200')])) })
    for (let time = 0; time < 2; time += 1) {
      rig.client.send(get())
      expect(hashOf((await nextResponse(rig.client)).body)).toBe(hashOf(body))
    }
    expect(rig.backend.connections).toHaveLength(2)
  })

  test('that ends early is seen as truncated', async () => {
    await using rig = await startRig({
      answer({ peer }) {
        peer.send(head)
        peer.send(body.subarray(0, 5 * MIB))
        peer.end()
      },
      client: { onlyCounts: true },
    })
    rig.client.send(get())
    expect(await rig.client.expectClosed()).toBe('reset')
    expect(rig.edge.counters.truncated).toBe(1)
  })

  test('whose client leaves ends the request at the backend, too', async () => {
    await using rig = await startRig({ client: { onlyCounts: true } })
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send(head)
    // Not all of it: then it might be over before the client leaves.
    peer.send(body.subarray(0, 4 * MIB))
    await turnUntil(() => rig.client.receivedBytes > MIB, 'some of it')
    rig.client.reset()
    expect(await peer.expectClosed()).toBe('reset')
    expect(rig.edge.counters.abandoned).toBe(1)
  })

  test('whose client reads slowly is held back, and timed by the client', async () => {
    await using rig = await startRig({ client: { onlyCounts: true } })
    rig.client.pause()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * MIB}\r\n\r\n`)
    for (let count = 0; count < 8; count += 1) peer.send(body)
    await stillness(() => rig.edge.backend().bytesFromBackend)
    expect(rig.edge.backend().bytesFromBackend).toBeLessThan(16 * MIB)
    rig.edge.clock.advance(31_000)
    rig.client.resume()
    expect(await rig.client.expectClosed()).toBe('reset')
    expect(await peer.expectClosed()).toBe('reset')
  })

  test('that trickles behind a fast beginning arrives all the same', async () => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send(head)
    peer.send(body.subarray(0, MIB))
    await turnUntil(() => rig.client.receivedBytes > MIB, 'the beginning')
    for (let at = MIB; at < MIB + 2000; at += 100) {
      peer.send(body.subarray(at, at + 100))
      await turnUntil(() => rig.client.receivedBytes > at + 100, 'the next piece')
    }
    peer.send(body.subarray(MIB + 2000))
    expect(hashOf((await nextResponse(rig.client)).body)).toBe(hashOf(body))
  })
})

describe('a large request', () => {
  test('arrives as it was and is counted to the byte', async () => {
    await using rig = await startRig({ answer: answerWith('HTTP/1.1 204 No Content\r\n\r\n') })
    for (let time = 0; time < 2; time += 1) {
      sendWhole(rig.client, upload)
      expect((await nextResponse(rig.client)).status).toBe(204)
      expect(hashOf(rig.backend.requests[time]?.body ?? '')).toBe(hashOf(body))
    }
    expect(rig.edge.counters.bytesFromClients).toBe(2 * (upload.length + body.length))
  })

  test('may be followed by another at once', async () => {
    await using rig = await startRig({ answer: answerWith('HTTP/1.1 204 No Content\r\n\r\n') })
    sendWhole(rig.client, upload)
    rig.client.send(get('/second'))
    expect((await nextResponse(rig.client)).status).toBe(204)
    expect((await nextResponse(rig.client)).status).toBe(204)
    expect(rig.backend.requests.map(({ target }) => target)).toEqual(['/', '/second'])
  })

  test('whose backend dies is answered, and the connection ends', async () => {
    await using rig = await startRig({ backend: { onlyCounts: true } })
    sendWhole(rig.client, upload)
    const peer = await rig.backend.connection(0)
    await turnUntil(() => peer.receivedBytes > MIB, 'some of it')
    peer.reset()
    expect((await nextResponse(rig.client)).status).toBe(502)
  })

  test('whose client leaves ends at the backend, too', async () => {
    await using rig = await startRig({ backend: { onlyCounts: true } })
    rig.client.send(upload)
    rig.client.send(body.subarray(0, 4 * MIB))
    const peer = await rig.backend.connection(0)
    await turnUntil(() => peer.receivedBytes > MIB, 'some of it')
    rig.client.reset()
    expect(await peer.expectClosed()).toBe('reset')
  })
})
