import { describe, expect, test } from 'bun:test'
import type { ListenerConfig } from '../../core/config/config.ts'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { freePorts } from '../support/ports.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { turnUntil } from '../support/raw-peer.ts'

const statusAt = (host: string, port: number): Promise<number | string> =>
  fetch(`http://${host}:${port}/`, { headers: { connection: 'close' } }).then(
    ({ status }) => status,
    () => 'refused',
  )

describe('a listener with several addresses', () => {
  test('listens at all of them, and takes and leaves one by one', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    const [port = 0] = freePorts(1)
    const four = tcpListener('web', port)
    const six = (more: object = {}): ListenerConfig => ({
      ...four,
      address: { kind: 'tcp', host: '::', port, ...more },
    })
    const both = [{ ...four, address: { ...four.address, host: '0.0.0.0' } as const }, six({ isV6Only: true })]
    await using edge = await startTestEdge([backend.port], { config: { listeners: both } })
    const asked = async () => [await statusAt('127.0.0.1', port), await statusAt('[::1]', port)]
    expect(await asked()).toEqual([200, 200])
    expect(edge.edge.status().listeners.map(({ address }) => address)).toEqual([`0.0.0.0:${port}`, `[::]:${port}`])
    const go = async (listeners: readonly ListenerConfig[]) => {
      expect(await edge.apply({ listeners })).toMatchObject({ kind: 'applied' })
      // Who goes listens for a little while.
      edge.clock.advance(1000)
      await turnUntil(() => edge.edge.status().counters.connectionsOpen === 0, 'the end of those before')
    }
    await go([six()])
    expect(await asked()).toEqual([200, 200])
    await go(both)
    expect(await asked()).toEqual([200, 200])
    await go(both.slice(1))
    await turnUntil(() => edge.events.some(({ kind }) => kind === 'listening'), 'it to settle')
    expect((await asked())[1]).toBe(200)
  })

  test('has both as they were when another cannot be had', async () => {
    const [port = 0, taken = 0] = freePorts(2)
    const other = Bun.listen({ hostname: '127.0.0.1', port: taken, socket: { data() {} } })
    try {
      await using backend = startRawBackend({ answer: answering(ok()) })
      const dual: ListenerConfig = { ...tcpListener('web', port), address: { kind: 'tcp', host: '::', port } }
      await using edge = await startTestEdge([backend.port], { config: { listeners: [tcpListener('x', 0), dual] } })
      const next = [
        tcpListener('x', 0),
        { ...tcpListener('web', port), address: { kind: 'tcp', host: '0.0.0.0', port } } as const,
        { ...dual, address: { ...dual.address, isV6Only: true } as ListenerConfig['address'] },
        tcpListener('web', taken),
      ]
      expect(await edge.apply({ listeners: next })).toMatchObject({ kind: 'refused' })
      edge.clock.advance(1000)
      expect([await statusAt('127.0.0.1', port), await statusAt('[::1]', port)]).toEqual([200, 200])
    } finally {
      other.stop(true)
    }
  })
})
