import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../core/config/load.ts'
import { startEdge } from '../../core/edge.ts'
import { freePorts } from '../support/ports.ts'
import { startReloadRig } from '../support/reload-rig.ts'
import { startSteadyLoad } from '../support/steady-load.ts'

describe('the admin API', () => {
  test('moves and changes its token with the config, and answers who asked for it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'smartedge-admin-'))
    const path = join(folder, 'edge.json')
    const save = (admin: object | false) => {
      const listeners = { web: { address: '127.0.0.1:0' } }
      writeFileSync(path, JSON.stringify({ listeners, admin, pools: { web: { backends: [] } } }))
    }
    const [first, second] = freePorts(2).map((port) => `127.0.0.1:${port}`)
    save({ address: first })
    const place = { path, kind: 'config' } as const
    const env = { XDG_RUNTIME_DIR: folder }
    const tokens = (): string[] => readdirSync(join(folder, 'smartedge'))
    const loaded = loadConfig({ place, cwd: folder, env })
    if (loaded.kind !== 'config') throw new Error('the config has problems')
    const files = { place, cwd: folder, env, isWatched: false }
    const edge = await startEdge({ config: loaded.config, files, emit: () => undefined })
    const ask = async (method: string, url: string, token = ''): Promise<number> => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, connection: 'close' }
      return (await fetch(`http://${url}`, { method, headers })).status
    }
    try {
      expect(tokens()).toEqual([`admin-${first?.replace(':', '-')}.token`])
      save({ address: first, token: 'one' })
      expect(await ask('POST', `${first}/api/reload`)).toBe(200)
      expect([await ask('GET', `${first}/api/status`), await ask('GET', `${first}/api/status`, 'one')]).toEqual([
        401, 200,
      ])
      expect(tokens()).toEqual([])
      save({ address: second, token: 'two' })
      expect(await ask('POST', `${first}/api/reload`, 'one')).toBe(200)
      expect(await ask('GET', `${second}/api/status`, 'two')).toBe(200)
      expect(await ask('GET', `${first}/api/status`, 'one').catch(() => 'gone')).toBe('gone')
      const taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') })
      save({ address: `127.0.0.1:${taken.port}` })
      expect(await ask('POST', `${second}/api/reload`, 'two')).toBe(422)
      await taken.stop(true)
      expect(await ask('POST', `${second}/api/rollback`, 'two')).toBe(200)
      expect(await ask('GET', `${first}/api/status`, 'one')).toBe(200)
      save({ address: second })
      expect(await ask('POST', `${first}/api/reload`, 'one')).toBe(200)
      expect(tokens()).toEqual([`admin-${second?.replace(':', '-')}.token`])
      save(false)
      expect(await ask('POST', `${second}/api/reload`)).toBe(200)
      expect([edge.adminAddress, tokens()]).toEqual([undefined, []])
    } finally {
      edge.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

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
