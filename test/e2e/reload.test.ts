import { describe, expect, test } from 'bun:test'
import { startReloadRig } from '../support/reload-rig.ts'
import { startSteadyLoad } from '../support/steady-load.ts'

describe('reloads under steady load', () => {
  test('lose no request and no WebSocket', async () => {
    const rig = await startReloadRig()
    try {
      const load = await startSteadyLoad(rig.url, 100)
      const kinds = await rig.reload(300, () => load.ping())
      const { requests, failures, tunnelsClosed } = await load.stop()
      expect(failures).toEqual([])
      expect(tunnelsClosed).toBe(0)
      expect(requests).toBeGreaterThan(500)
      expect(Object.keys(kinds).length).toBe(12)
      expect(rig.controller.state().generation.number).toBeGreaterThan(200)
      expect(rig.events.filter((event) => event.kind === 'fault')).toEqual([])
    } finally {
      await rig.end()
    }
  }, 60_000)
})
