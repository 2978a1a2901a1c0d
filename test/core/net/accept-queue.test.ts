import { describe, expect, test } from 'bun:test'
import { acceptQueue } from '../../../core/net/accept-queue.ts'
import { turn, turnUntil } from '../../support/raw-peer.ts'

/** A listener of Bun's, and how many have come in. */
function listening() {
  const seen = { opened: 0 }
  const socket = { open: () => void (seen.opened += 1), data: () => undefined }
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket })
  const { fd } = server as unknown as { fd: number }
  const connect = () => Bun.connect({ hostname: '127.0.0.1', port: server.port, socket: { data: () => undefined } })
  return { fd, seen, connect, [Symbol.dispose]: () => server.stop(true) }
}

describe.skipIf(process.platform !== 'linux')('the queue of a listening socket', () => {
  test('holds those who have come and are not accepted yet', async () => {
    using listener = listening()
    const queue = acceptQueue()
    expect(queue.count(listener.fd)).toBe(0)
    // Whoever connects stands in the queue until this turn of the event loop is over.
    const clients = Array.from({ length: 3 }, listener.connect)
    expect(queue.count(listener.fd)).toBe(3)
    await turnUntil(() => listener.seen.opened === 3, 'three clients')
    expect(queue.count(listener.fd)).toBe(0)
    for (const client of await Promise.all(clients)) client.terminate()
  })

  test('may be closed behind those who stand in it', async () => {
    using listener = listening()
    const queue = acceptQueue()
    const early = listener.connect()
    queue.keepOut(listener.fd)
    let late = 'waiting'
    void listener.connect().then(
      () => (late = 'open'),
      () => (late = 'refused'),
    )
    expect(queue.count(listener.fd)).toBe(1)
    const client = await early
    await turnUntil(() => listener.seen.opened === 1, 'the early one')
    for (let turns = 0; turns < 50; turns += 1) await turn()
    // It tries again in a second, as after a lost packet.
    expect([listener.seen.opened, queue.count(listener.fd), late]).toEqual([1, 0, 'waiting'])
    client.terminate()
  })

  test('is empty where there is none', () => {
    const queue = acceptQueue()
    for (const fd of [-1, 0, 100_000]) {
      queue.keepOut(fd)
      expect(queue.count(fd)).toBe(0)
    }
  })
})
