/** A process past its bounds refuses what matters least, and serves the rest. */
import { describe, expect, test } from 'bun:test'
import type { OverloadConfig } from '../../core/config/config.ts'
import { ok } from '../support/raw-backend.ts'
import { ask, get, nextResponse } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { startRig } from '../support/rig.ts'

const route = (path: string | undefined, priority: number) => ({
  match: { host: undefined, path, methods: undefined, headers: [] },
  pool: 'web',
  priority,
})

/** Nothing is so small. */
const overload: OverloadConfig = { lagMs: undefined, memory: { kind: 'bytes', bytes: 1 } }

describe('an overloaded process', () => {
  test('refuses the requests of the least important route, and of no other before all of these', async () => {
    const routes = [route('/reports', 1), route(undefined, 9)]
    await using rig = await startRig({ answer: ok(), config: { routes, overload } })
    for (let look = 0; look < 22; look += 1) rig.edge.clock.advance(100)
    for (let count = 0; count < 20; count += 1) {
      const refused = await ask(rig.client, get('/reports', 'Accept: application/json\r\n'))
      expect([refused.status, valuesOf(refused, 'retry-after')]).toEqual([503, ['1']])
      expect(JSON.parse(refused.body).detail).toBe('the balancer is overloaded')
      expect((await ask(rig.client, get('/'))).status).toBe(200)
    }
    expect(rig.edge.counters).toMatchObject({ shed: 20, unavailable: 0 })
    expect(rig.edge.edge.status().overload).toEqual({ shedding: true, lagMs: 0 })
    expect(rig.edge.events.filter(({ kind }) => kind.startsWith('overload'))).toHaveLength(1)
  })

  test('looks no more once it has ended', async () => {
    await using rig = await startRig({ config: { overload } })
    const { clock, edge, events } = rig.edge
    edge.kill()
    await rig.client.expectClosed()
    clock.advance(10_000)
    expect(events.filter(({ kind }) => kind === 'overload')).toEqual([])
  })

  test('serves everybody again once its bounds are taken away, what it has begun in any case', async () => {
    await using rig = await startRig({ config: { overload } })
    rig.client.send(get('/begun'))
    const begun = await rig.backend.next()
    for (let look = 0; look < 40; look += 1) rig.edge.clock.advance(100)
    begun.peer.send(ok('begun'))
    expect((await nextResponse(rig.client)).body).toBe('begun')
    await rig.edge.apply({ overload: undefined })
    rig.client.send(get('/again'))
    const again = await rig.backend.next()
    again.peer.send(ok('again'))
    expect((await nextResponse(rig.client)).body).toBe('again')
    expect(rig.edge.edge.status().overload).toBeNull()
  })
})
