import { describe, expect, test } from 'bun:test'
import { countQueued } from '../../../core/net/accept-queue.ts'
import { turnUntil } from '../../support/raw-peer.ts'

describe.skipIf(process.platform !== 'linux')('the queue of a listening socket', () => {
  test('holds those who have come and are not accepted yet', async () => {
    let opened = 0
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { open: () => void (opened += 1), data: () => undefined },
    })
    const { fd } = server as unknown as { fd: number }
    expect(countQueued(fd)).toBe(0)
    // Whoever connects stands in the queue until this turn of the event loop is over.
    const clients = Array.from({ length: 3 }, () =>
      Bun.connect({ hostname: '127.0.0.1', port: server.port, socket: { data: () => undefined } }),
    )
    expect(countQueued(fd)).toBe(3)
    await turnUntil(() => opened === 3, 'three clients')
    expect(countQueued(fd)).toBe(0)
    for (const client of await Promise.all(clients)) client.terminate()
    server.stop(true)
  })

  test('is empty where there is none', () => {
    for (const fd of [undefined, -1, 100_000]) expect(countQueued(fd)).toBe(0)
    expect(countQueued(0)).toBe(0)
  })
})
