/** Certificates by themselves, with pebble as the CA: it looks at the running edge, and clients do all the while. */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { AcmePolicy } from '../../core/acme/policy.ts'
import type { Config } from '../../core/config/config.ts'
import { apply } from '../../core/control/edge-control.ts'
import { type Edge, startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { anyRequest, tcpListener, testConfig, testPool } from '../support/edge.ts'
import { type Pebble, startPebble } from '../support/pebble.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { askSecurely, tlsPolicy } from '../support/tls.ts'

const NAME = 'www.example.org'

const acmePolicy = (pebble: Pebble, facts: Partial<AcmePolicy> = {}): AcmePolicy => ({
  email: undefined,
  directories: [{ url: pebble.directory, ca: pebble.ca, binding: undefined }],
  names: undefined,
  challenge: 'tls-alpn-01',
  dns: undefined,
  onDemand: undefined,
  storage: { kind: 'folder', folder: join(temporaryFolder(), 'acme') },
  ...facts,
})

/** Pebble looks at fixed ports: one for handshakes, one for plain HTTP. */
const configOf = (pebble: Pebble, acme: AcmePolicy, backend: number): Config =>
  testConfig({
    listeners: [
      { ...tcpListener('web', pebble.tlsPort), tls: { ...tlsPolicy([]), acme } },
      tcpListener('plain', pebble.httpPort),
    ],
    admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 0 }, token: undefined, open: true },
    routes: [
      { match: { ...anyRequest, host: NAME }, pool: 'web', priority: 5 },
      { match: anyRequest, pool: 'web', priority: 5 },
    ],
    pools: [testPool([backend])],
  })

async function site(config: Config) {
  const events: EdgeEvent[] = []
  const waiting = new Set<() => void>()
  const emit = (event: EdgeEvent): void => {
    events.push(event)
    for (const wake of waiting) wake()
  }
  const edge: Edge = await startEdge({ config, emit })
  const told = (kind: EdgeEvent['kind']): number => events.filter((event) => event.kind === kind).length
  const admin = edge.adminAddress
  return {
    edge,
    events,
    told,
    url: admin?.kind === 'tcp' ? `http://127.0.0.1:${admin.port}` : '',
    /** Resolves once it has been told so often. */
    async untilTold(kind: EdgeEvent['kind'], times = 1): Promise<void> {
      while (told(kind) < times) {
        const failure = events.find((event) => event.kind === 'certificate-failed' && kind !== event.kind)
        if (failure !== undefined) throw new Error(JSON.stringify(failure))
        await new Promise<void>((resolve) => waiting.add(resolve))
      }
    },
    async [Symbol.asyncDispose]() {
      await edge.drain()
    },
  }
}

/** What a client is shown; rejects where the handshake fails, or the certificate is not of that root. */
const shown = async (pebble: Pebble, ca: string): Promise<string> =>
  (await askSecurely(pebble.tlsPort, { ca, servername: NAME })).fingerprint

describe('a listener that orders its certificates', () => {
  test('gets one for the hosts of routes by a handshake, serves it at once, and finds it after a restart', async () => {
    await using pebble = await startPebble()
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    const config = configOf(pebble, acmePolicy(pebble), backend.port)
    const ca = await pebble.root()
    let first = ''
    {
      await using one = await site(config)
      expect(one.events).toContainEqual({ kind: 'certificates-missing', names: [NAME] })
      expect(one.edge.status().listeners).toMatchObject([{ missing: [NAME] }, { missing: [] }])
      await one.untilTold('certificate-issued')
      const { text, fingerprint } = await askSecurely(pebble.tlsPort, { ca, servername: NAME })
      expect(text).toEndWith('hello')
      expect(one.edge.status().listeners[0]).toMatchObject({ missing: [], certificates: [{ fingerprint }] })
      first = fingerprint
    }
    await pebble.stop()
    await using again = await site(config)
    expect(again.told('certificates-missing')).toBe(0)
    expect(await shown(pebble, ca)).toBe(first)
  })

  test('answers http-01 before all routes, and nothing else of the kind', async () => {
    await using pebble = await startPebble()
    await using backend = startRawBackend({ answer: answering(ok('of a backend')) })
    await using one = await site(configOf(pebble, acmePolicy(pebble, { challenge: 'http-01' }), backend.port))
    await one.untilTold('certificate-issued')
    expect(backend.requests).toHaveLength(0)
    const metrics = await (await fetch(`${one.url}/metrics`)).text()
    expect(metrics).toMatch(/^smartedge_requests_total [1-9]/m)
    expect(metrics).not.toMatch(/^smartedge_route_requests_total\{.*\} [1-9]/m)
    const other = await fetch(`http://127.0.0.1:${pebble.httpPort}/.well-known/acme-challenge/unknown`)
    expect(await other.text()).toBe('of a backend')
  })

  test('answers http-01 where everything else is led to https', async () => {
    await using pebble = await startPebble()
    const config = configOf(pebble, acmePolicy(pebble, { challenge: 'http-01' }), 1)
    const [web, plain] = config.listeners
    if (web === undefined || plain === undefined) throw new Error('two listeners')
    await using one = await site({ ...config, listeners: [web, { ...plain, redirect: { port: 443 } }] })
    await one.untilTold('certificate-issued')
    const url = `http://127.0.0.1:${pebble.httpPort}/.well-known/acme-challenge/unknown`
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(308)
  })

  test('renews under load without a failed request, and the new one counts from the next handshake on', async () => {
    await using pebble = await startPebble()
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    await using one = await site(configOf(pebble, acmePolicy(pebble), backend.port))
    await one.untilTold('certificate-issued')
    const ca = await pebble.root()
    const before = await shown(pebble, ca)
    const failures: unknown[] = []
    const ending = new AbortController()
    let requests = 0
    const client = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        const { text } = await askSecurely(pebble.tlsPort, { ca, servername: NAME }).catch((error: unknown) => ({
          text: String(error),
        }))
        requests += 1
        if (!text.endsWith('hello')) failures.push(text)
      }
    }
    const clients = Array.from({ length: 4 }, client)
    for (const times of [2, 3]) {
      const answer = await fetch(`${one.url}/api/certificates/${NAME}/renew`, { method: 'POST' })
      expect(answer.status).toBe(202)
      await one.untilTold('certificate-issued', times)
    }
    expect(await shown(pebble, ca)).not.toBe(before)
    ending.abort()
    await Promise.all(clients)
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(0)
  })

  test('goes on with the old one when the CA is away, and says so', async () => {
    await using pebble = await startPebble()
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    const config = configOf(pebble, acmePolicy(pebble), backend.port)
    await using one = await site(config)
    await one.untilTold('certificate-issued')
    const ca = await pebble.root()
    const before = await shown(pebble, ca)
    await pebble.stop()
    await fetch(`${one.url}/api/certificates/${NAME}/renew`, { method: 'POST' })
    await one.untilTold('certificate-failed')
    expect(one.edge.status().counters).toMatchObject({ certificatesIssued: 1, certificatesFailed: 1 })
    expect(await shown(pebble, ca)).toBe(before)
    const listed = await (await fetch(`${one.url}/api/certificates`)).json()
    expect(listed).toMatchObject({
      certificates: [
        { name: NAME, failures: 1, detail: `${new URL(pebble.directory).host}: ECONNREFUSED`, source: 'acme' },
      ],
    })
    expect(JSON.stringify([listed, one.events])).not.toContain('PRIVATE')
  })

  test('follows a reload: names come and go, and without it none are ordered', async () => {
    await using pebble = await startPebble()
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    const acme = acmePolicy(pebble)
    const config = configOf(pebble, acme, backend.port)
    await using one = await site(config)
    await one.untilTold('certificate-issued')
    const names = [NAME, 'new.example.org']
    expect((await apply(one.edge.control, configOf(pebble, { ...acme, names }, backend.port))).kind).toBe('applied')
    await one.untilTold('certificate-issued', 2)
    const ca = await pebble.root()
    expect((await askSecurely(pebble.tlsPort, { ca, servername: 'new.example.org' })).text).toEndWith('hello')
    const [web, plain] = config.listeners
    if (web === undefined || plain === undefined) throw new Error('two listeners')
    await apply(one.edge.control, { ...config, listeners: [{ ...web, tls: tlsPolicy([]) }, plain] })
    const listed = await (await fetch(`${one.url}/api/certificates`)).json()
    expect(listed).toEqual({ certificates: [] })
    expect(shown(pebble, ca)).rejects.toThrow()
  })

  test('orders for a name that nobody configured where a URL agrees, as handshakes ask for it', async () => {
    await using pebble = await startPebble()
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    const asked: string[] = []
    using askable = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch({ url }) {
        const name = new URL(url).searchParams.get('domain') ?? ''
        asked.push(name)
        return new Response('', { status: name === 'some.example.net' ? 200 : 404 })
      },
    })
    const acme = acmePolicy(pebble, { names: [NAME], onDemand: `http://127.0.0.1:${askable.port}/` })
    await using one = await site(configOf(pebble, acme, backend.port))
    await one.untilTold('certificate-issued')
    const ca = await pebble.root()
    const ask = async (servername: string): Promise<string> =>
      await askSecurely(pebble.tlsPort, { ca, servername }).then(
        ({ text }) => text.slice(-5),
        () => 'none',
      )
    const names = ['some.example.net', 'other.example.net', 'no-name', 'some.example.net']
    for (const name of names) expect(await ask(name)).toBe('none')
    await one.untilTold('certificate-issued', 2)
    expect(await ask('some.example.net')).toBe('hello')
    expect(await ask('other.example.net')).toBe('none')
    // Once in a handshake, and once before it is ordered.
    expect(asked.toSorted()).toEqual(['other.example.net', 'some.example.net', 'some.example.net'])
  })
})
