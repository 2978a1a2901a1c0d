import { describe, expect, test } from 'bun:test'
import { origins, type OriginsOptions } from '../../cli/commands/origins.ts'
import { localOrigins } from '../../cli/origins/local-origins.ts'
import { startOrigins } from '../../cli/origins/start-origins.ts'
import { tryNext } from '../../cli/origins/try-next.ts'
import { plainProfile } from '../../bench/backend.ts'
import type { Config } from '../../core/config/config.ts'
import { fakeIo } from '../support/service-io.ts'

const options: OriginsOptions = { servers: 3, startPort: 0, host: '127.0.0.1' }

describe('origins command', () => {
  test('serves until a signal comes, each named by its port', async () => {
    const io = fakeIo()
    const result = origins(io, options)
    await io.written('http://')
    const urls = io.out().trimEnd().split('\n')
    const names = []
    for (const url of urls) names.push(((await (await fetch(url)).json()) as { backend: string }).backend)
    expect(names).toEqual(urls.map((url) => `origin-${new URL(url).port}`))
    io.signal('SIGTERM')
    expect(await result).toBe(0)
    expect(io.watchers()).toBe(0)
    expect(await fetch(urls[0]!).catch(() => 'refused')).toBe('refused')
  })

  test('names the port that is taken, and leaves none behind', async () => {
    const taken = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const io = fakeIo()
    const startPort = taken.port! - 1
    // Should the port before it be taken too, the message names that one; either way it is one line.
    expect(await origins(io, { ...options, startPort, servers: 2 })).toBe(1)
    expect(io.err()).toMatch(/^smartedge: a test backend cannot listen on 127\.0\.0\.1:\d+: already in use\n$/)
    await taken.stop(true)
  })

  test('refuses a range that leaves the ports', async () => {
    const io = fakeIo()
    expect(await origins(io, { ...options, startPort: 65_535, servers: 2 })).toBe(2)
    expect(io.err()).toBe('smartedge: 2 servers from port 65535 would need port 65536\n')
  })

  test('starts all or none', async () => {
    const spec = (host: string) => ({ host, port: 0, profile: plainProfile })
    const attempt = startOrigins([spec('127.0.0.1'), spec('192.0.2.1')])
    expect(await attempt.catch((error: Error) => error.message)).toStartWith(
      'a test backend cannot listen on 192.0.2.1:0: ',
    )
  })
})

const member = (host: string, port: number) => ({ id: `${host}:${port}`, address: { kind: 'tcp', host, port } })
const configOf = (...pools: ReturnType<typeof member>[][]) =>
  ({ admin: undefined, listeners: [], pools: pools.map((members) => ({ members })) }) as unknown as Config

describe('origins of the demo', () => {
  test('are the members on this machine, once each', () => {
    const config = configOf(
      [member('localhost', 1), member('10.0.0.1', 2), member('127.0.0.1', 1)],
      [member('::1', 3), member('127.0.0.1.example', 4), member('localhost', 1)],
    )
    expect(localOrigins(config).map(({ host, port }) => [host, port])).toEqual([
      ['127.0.0.1', 1],
      ['::1', 3],
    ])
  })

  test('differ in latency', () => {
    const origins = localOrigins(configOf([member('localhost', 1), member('localhost', 2), member('localhost', 3)]))
    const means = origins.map(({ profile: { latencyMs } }) => (latencyMs.min + latencyMs.max) / 2)
    expect(means.every((mean, index) => index === 0 || mean > means[index - 1]!)).toBe(true)
  })

  test('are none in an empty configuration, nor for Unix sockets', () => {
    expect(localOrigins(configOf())).toEqual([])
    const unix = { id: 'unix:/x', address: { kind: 'unix', path: '/x' } } as never
    expect(localOrigins(configOf([unix]))).toEqual([])
  })
})

describe('what to try next', () => {
  const address = { kind: 'tcp', host: '0.0.0.0', port: 8080 } as const
  const means = (origins: number) => ({ command: 'smartedge', origins })
  const edge = { addresses: [{ listener: 'web', address }], adminAddress: undefined } as never

  test('uses the address that is listened on', () => {
    const text = tryNext(edge, configOf(), means(4))
    expect(text).toContain('\n  curl http://127.0.0.1:8080/  ')
    expect(text).not.toContain('status')
    expect(text).toContain('4 test backends answer')
    expect(tryNext(edge, configOf(), means(1))).toContain('1 test backend answers')
  })

  test('speaks HTTPS where the listener does, and passes over one that sends all others there', () => {
    const secure = { listener: 'secure', address: { ...address, port: 8443 } }
    const both = { addresses: [{ listener: 'web', address }, secure], adminAddress: undefined } as never
    const config = {
      ...configOf(),
      listeners: [
        { name: 'web', redirect: { port: 8443 } },
        { name: 'secure', tls: {} },
      ],
    }
    const text = tryNext(both, config as unknown as Config, means(1))
    expect(text).toContain('\n  curl -k https://127.0.0.1:8443/  ')
    expect(text).toContain('\n  curl -k -d hello https://127.0.0.1:8443/echo  ')
    expect(text).not.toContain(':8080')
  })

  test('offers status and metrics only where they work as printed', () => {
    const adminAddress = { kind: 'tcp', host: '127.0.0.1', port: 9901 } as const
    const withAdmin = { ...(edge as object), adminAddress } as never
    const config = (token?: string) => ({ ...configOf(), admin: { address: adminAddress, token } }) as unknown as Config
    expect(tryNext(withAdmin, config(), means(4))).toContain('  smartedge status --url http://127.0.0.1:9901  ')
    expect(tryNext(withAdmin, config(), means(4))).toMatch(
      /\n {2}http:\/\/127\.0\.0\.1:9901\/ +# the same in a browser\n/,
    )
    expect(tryNext(withAdmin, config('s3cret'), means(4))).not.toMatch(/status|metrics|browser|s3cret/)
  })

  test('is nothing when no listener is on TCP', () => {
    expect(tryNext({ addresses: [] } as never, configOf(), means(0))).toBe('')
  })
})
