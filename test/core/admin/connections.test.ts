import { describe, expect, test } from 'bun:test'
import { maxAdminConnections } from '../../../core/admin/connections.ts'
import type { AdminSource } from '../../../core/admin/source.ts'
import type { Controller } from '../../../core/control/contract.ts'
import { asStatus, fakeAdminSource } from '../../support/admin-source.ts'
import { adminServer, portOf } from '../../support/admin-server.ts'
import { connectTo, nextResponse } from '../../support/raw-client.ts'
import { type RawPeer, turnUntil } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
const reload = 'POST /api/reload HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Three connections at most, and reloads that end when told. */
async function start(source: Partial<AdminSource> = {}) {
  const { promise, resolve } = Promise.withResolvers<void>()
  let reloads = 0
  const control = {
    async reload() {
      reloads += 1
      await promise
      return { kind: 'refused', problems: [], omitted: 0 }
    },
  } as unknown as Controller
  const surroundings = { clock: virtualClock(), maxConnections: 3 }
  const server = await adminServer({ source: fakeAdminSource({ control, ...source }), surroundings })
  const stack = new AsyncDisposableStack()
  const connect = async (): Promise<RawPeer> => stack.use(await connectTo(portOf(server)))
  return { server, connect, reloads: () => reloads, finish: resolve, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('connections to the admin API', () => {
  test('are a share of what may be open, within bounds', () => {
    expect([64, 256, 1024, 65_536, undefined].map(maxAdminConnections)).toEqual([16, 16, 64, 128, 128])
  })

  test('are few: the one that has waited longest without a request gives way', async () => {
    await using api = await start()
    const clients = [await api.connect(), await api.connect(), await api.connect()]
    const [first, second, third] = clients as [RawPeer, RawPeer, RawPeer]
    // Half a head is no request.
    second.send('GET /health HT')
    first.send(get('/health'))
    await nextResponse(first)
    const fourth = await api.connect()
    fourth.send(get('/health'))
    expect((await nextResponse(fourth)).status).toBe(200)
    expect(await second.expectClosed()).toBe('reset')
    for (const client of [first, third, fourth]) {
      client.send(get('/health'))
      expect((await nextResponse(client)).status).toBe(200)
    }
  })

  test('of hundreds that only knock keep nobody out who asks', async () => {
    await using api = await start()
    for (let knocks = 0; knocks < 200; knocks += 1) {
      const client = await api.connect()
      client.send('G')
    }
    const client = await api.connect()
    client.send(get('/health'))
    expect((await nextResponse(client)).status).toBe(200)
  })

  test('with a request under way stay; while all are, another is turned away', async () => {
    await using api = await start()
    const busy = [await api.connect(), await api.connect(), await api.connect()]
    for (const client of busy) client.send(reload)
    await turnUntil(() => api.reloads() === 3, 'three reloads')
    const refused = await api.connect()
    expect((await nextResponse(refused)).status).toBe(503)
    api.finish()
    for (const client of busy) expect((await nextResponse(client)).status).toBe(422)
    const [first] = busy as [RawPeer]
    const next = await api.connect()
    next.send(get('/health'))
    expect((await nextResponse(next)).status).toBe(200)
    expect(await first.expectClosed()).toBe('reset')
  })

  test('with a pipelined request under way stay, too', async () => {
    await using api = await start()
    const client = await api.connect()
    client.send(get('/health') + reload)
    await turnUntil(() => api.reloads() === 1, 'the reload')
    for (let knocks = 0; knocks < 5; knocks += 1) await api.connect()
    api.finish()
    expect((await nextResponse(client)).status).toBe(200)
    expect((await nextResponse(client)).status).toBe(422)
  })

  test('stay with a request behind one that was refused for want of room, too', async () => {
    const text = 'x'.repeat(16 * 1024 ** 2)
    await using api = await start({ status: () => asStatus(text) })
    const slow = [await api.connect(), await api.connect()]
    for (const client of slow) {
      client.pause()
      client.send(get('/api/status'))
    }
    const client = await api.connect()
    client.send(get('/health'))
    await nextResponse(client)
    client.send(get('/api/status') + reload)
    await turnUntil(() => api.reloads() === 1, 'the reload')
    for (let knocks = 0; knocks < 5; knocks += 1) await api.connect()
    api.finish()
    expect((await nextResponse(client)).status).toBe(503)
    expect((await nextResponse(client)).status).toBe(422)
  })

  test('are answered once more at most when the API closes, and cut when it stops', async () => {
    await using api = await start()
    const [asking, idle] = [await api.connect(), await api.connect()]
    idle.send(get('/health'))
    await nextResponse(idle)
    asking.send(reload)
    await turnUntil(() => api.reloads() === 1, 'the reload')
    api.server.close()
    idle.send(get('/health'))
    expect((await nextResponse(idle)).head).toContain('Connection: close')
    api.finish()
    expect((await nextResponse(asking)).head).toContain('Connection: close')
    const { port } = { port: portOf(api.server) }
    expect(
      await connectTo(port).then(
        () => 'open',
        () => 'refused',
      ),
    ).toBe('refused')
    api.server.stop()
    expect(['ended', 'reset']).toContain(await asking.expectClosed())
  })
})
