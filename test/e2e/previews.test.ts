/** Hosts that are served for a while: added by the command, kept over restarts and reloads, never in the way of what is configured. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { startDeployProcess, startOrigin } from '../support/deploy-process.ts'

setDefaultTimeout(60_000)

describe.if(process.platform === 'linux')('a preview', () => {
  test('is served by its own backend until it is removed, over a restart and a reload', async () => {
    const [main, pull] = [startOrigin(), startOrigin()]
    await using edge = await startDeployProcess([main])
    const ask = async (host: string): Promise<number> => (await fetch(edge.web, { headers: { host } })).status
    const servedBy = async (host: string): Promise<string> => {
      const before = pull.served
      expect(await ask(host)).toBe(200)
      return pull.served > before ? 'preview' : 'configured'
    }
    const added = await edge.command('preview', 'add', 'pr-1.example.org', pull.url, '--for', '2d').ended
    expect([added.code, added.out]).toEqual([
      0,
      expect.stringContaining(`pr-1.example.org is served by ${pull.url} until`),
    ])
    expect(await servedBy('pr-1.example.org')).toBe('preview')
    expect(await servedBy('PR-1.example.org:8080')).toBe('preview')
    expect(await servedBy('pr-2.example.org')).toBe('configured')
    edge.child.kill('SIGTERM')
    await edge.child.exited
    await using next = edge.again()
    await next.event('ready')
    expect(await servedBy('pr-1.example.org')).toBe('preview')
    expect((await edge.command('preview', 'list').ended).out).toContain('pr-1.example.org')
    const file = edge.files.path('smartedge.config.json')
    const before = readFileSync(file, 'utf8')
    const config = JSON.parse(before) as object
    writeFileSync(
      file,
      JSON.stringify({ ...config, routes: [{ match: { host: '*.example.org' }, pool: 'web' }, { pool: 'web' }] }),
    )
    await next.event('reloaded')
    expect(await servedBy('pr-1.example.org')).toBe('configured')
    const refused = await edge.command('preview', 'add', 'pr-2.example.org', pull.url, '--for', '2d').ended
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining('is a host of the configured route *.example.org'),
    ])
    writeFileSync(file, before)
    await next.event('reloaded')
    expect(await servedBy('pr-1.example.org')).toBe('preview')
    expect((await edge.command('preview', 'remove', 'pr-1.example.org').ended).code).toBe(0)
    expect(await servedBy('pr-1.example.org')).toBe('configured')
    const wrong = await edge.command('preview', 'add', '*.example.net', pull.url, '--for', '2d').ended
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('host must be one host')])
  })
})
