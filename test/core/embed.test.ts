import { describe, expect, onTestFinished, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, type EdgeEvent, serve, VERSION } from '../../core/embed.ts'
import manifest from '../../package.json' with { type: 'json' }
import { startDocker } from '../support/docker.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** One that says what it is asked for; its URL. */
function backend(): string {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) => new Response(new URL(url).pathname),
  })
  onTestFinished(() => void server.stop(true))
  return `http://127.0.0.1:${server.port}`
}

const configFor = (backend: string) => ({
  listeners: { web: { address: '127.0.0.1:0' } },
  admin: false,
  pools: { web: { backends: [backend] } },
})

describe('serve', () => {
  test('serves a configuration that stands in the program, and ends', async () => {
    const events: EdgeEvent[] = []
    const edge = await serve({ config: configFor(backend()), onEvent: (event) => events.push(event) })
    onTestFinished(() => edge.kill())
    const { address } = edge.addresses[0] ?? {}
    if (address?.kind !== 'tcp') throw new Error('no port')
    expect(await (await fetch(`http://127.0.0.1:${address.port}/hello`)).text()).toBe('/hello')
    expect(edge.status().counters.requests).toBe(1)
    expect(events.map(({ kind }) => kind)).toContain('listening')
    expect(edge.reload).toBeUndefined()
    expect(edge.adminAddress).toBeUndefined()
    expect(await edge.drain()).toEqual({ cut: 0 })
  })

  test('takes what providers add, and tells of it', async () => {
    await using docker = startDocker()
    const { promise: told, resolve } = Promise.withResolvers<EdgeEvent>()
    const edge = await serve({
      config: { ...configFor(backend()), providers: { docker: { host: `unix://${docker.socket}` } } },
      onEvent: (event) => event.kind === 'reloaded' && resolve(event),
    })
    onTestFinished(() => edge.kill())
    const labels = { 'smartedge.port': '80', 'smartedge.route.host': 'a.test' }
    docker.run([{ name: 'a', networks: { host: '' }, labels }])
    docker.event('start', 'a')
    expect(await told).toMatchObject({ generation: 2, summary: expect.stringContaining('added: a.test to a') })
    expect(edge.status().pools.map(({ name }) => name)).toEqual(['web', 'a'])
  })

  test('follows no source of a fleet, and says who does', async () => {
    const failure = await serve({ config: 'etcd://ada:s3cret@127.0.0.1:1/edge' }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ConfigError)
    expect(String(failure)).toContain('smartedge run alone')
    expect(String(failure)).not.toContain('s3cret')
  })

  test('takes a file again when it is told to', async () => {
    const file = join(temporaryFolder(), 'edge.json')
    const config = configFor('${BACKEND}')
    writeFileSync(file, JSON.stringify(config))
    const edge = await serve({ config: file, env: { BACKEND: backend() }, watch: false })
    onTestFinished(() => edge.kill())
    writeFileSync(file, JSON.stringify({ ...config, pools: { api: config.pools.web } }))
    expect(await edge.reload?.()).toMatchObject({ kind: 'applied' })
    expect(edge.status().pools.map(({ name }) => name)).toEqual(['api'])
  })

  test('says all that is wrong with a configuration', async () => {
    const refused = serve({ config: { pools: {}, listener: {} }, cwd: '/nowhere' })
    const error = await refused.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ConfigError)
    expect(String(error)).toContain('pools ')
    expect(String(error)).toContain('listener is not a known key')
  })

  test('leaves nothing behind where only trying shows the fault', async () => {
    const taken = new URL(backend()).host
    const refused = serve({ config: { ...configFor('http://127.0.0.1:1'), listeners: { web: { address: taken } } } })
    const error = await refused.catch((error: unknown) => error)
    expect(String(error)).toMatch(/^Refusal: listeners\.web\.address: /)
  })

  test('tells the version', () => {
    expect(VERSION).toBe(manifest.version)
  })
})
