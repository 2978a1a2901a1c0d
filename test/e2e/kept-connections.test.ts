import { describe, expect, test } from 'bun:test'
import { ok } from '../support/raw-backend.ts'
import { ask, get } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { startRig } from '../support/rig.ts'

describe('a client that stays connected over a reload', () => {
  test('is trusted, or not, by the config in force', async () => {
    await using rig = await startRig({ answer: ok() })
    const forwarded = async () => {
      await ask(rig.client, get('/', 'X-Forwarded-For: 9.9.9.9\r\n'))
      return valuesOf(rig.backend.requests.at(-1)!, 'x-forwarded-for')
    }
    expect(await forwarded()).toEqual(['127.0.0.1'])
    await rig.edge.apply({ trustedProxies: ['127.0.0.0/8'] })
    expect(await forwarded()).toEqual(['9.9.9.9, 127.0.0.1'])
    await rig.edge.apply({ trustedProxies: ['10.0.0.0/8'] })
    expect(await forwarded()).toEqual(['127.0.0.1'])
    expect(rig.edge.counters.connectionsAccepted).toBe(1)
  })

  test('is held to the limits and timeouts in force', async () => {
    await using rig = await startRig({ answer: ok() })
    const { limits, timeouts } = rig.edge.edge.control.config
    const long = get(`/${'x'.repeat(2000)}`)
    expect((await ask(rig.client, long)).status).toBe(200)
    await rig.edge.apply({
      limits: { ...limits, maxTargetBytes: 1000 },
      timeouts: { ...timeouts, keepAliveMs: 1000 },
    })
    const other = await rig.connect()
    await ask(other, get())
    expect((await ask(rig.client, long)).status).toBe(414)
    rig.edge.clock.advance(1400)
    await other.expectEnd()
  })
})
