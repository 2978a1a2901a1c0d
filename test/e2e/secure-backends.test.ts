/** Backends over TLS: who is taken for a backend, what becomes of requests where nobody is, and certificates that change. */
import { afterAll, describe, expect, onTestFinished, test } from 'bun:test'
import { mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { loadConfig } from '../../core/config/load.ts'
import { type PoolConfig } from '../../core/config/config.ts'
import { startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { createAuthority, type Issued, LOCAL_NAMES, selfSigned, type Wish } from '../support/authority.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge-secure-')))
const ours = createAuthority()
const others = createAuthority('Strangers')
const issue = (changes: Wish = {}): Issued => ours.issue({ names: LOCAL_NAMES, ...changes })
const good = issue()
const PAST = { notBefore: Date.now() - 200_000, notAfter: Date.now() - 100_000 }
const caFile = join(folder, 'ca.pem')
writeFileSync(caFile, ours.cert)
afterAll(() => rmSync(folder, { recursive: true }))

/** A backend that answers with its name; returns its port. */
function serve(issued: Issued, name = 'hello', port = 0): number {
  const { cert, key } = issued
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    tls: { cert, key },
    fetch: () => new Response(name),
  })
  onTestFinished(() => server.stop(true))
  return server.port ?? 0
}

/** Somebody who does as they like with whoever connects. */
async function serveRaw(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const poolOf = (ports: readonly number[], pool: Partial<PoolConfig> = {}): Partial<PoolConfig> => ({
  members: ports.map((port) => makeMember(port, { id: `https://127.0.0.1:${port}`, scheme: 'https' })),
  tls: { ca: [caFile], serverName: undefined, shown: undefined, verifies: true },
  ...pool,
})

const edgeOf = (ports: readonly number[], pool?: Partial<PoolConfig>): Promise<TestEdge> =>
  startTestEdge([], { pool: poolOf(ports, pool) })

describe('a backend over TLS', () => {
  test('serves one request after the other over one connection', async () => {
    await using edge = await edgeOf([serve(good)])
    await using client = await connectTo(edge.port)
    for (let count = 0; count < 20; count += 1) expect((await ask(client, get())).body).toBe('hello')
    expect(edge.backend()).toMatchObject({ requests: 20, connections: 1, responses: { '2xx': 20 } })
  })

  test('may be upgraded to a WebSocket', async () => {
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      tls: { cert: good.cert, key: good.key },
      fetch: (request, at) => (at.upgrade(request) ? undefined : new Response('no', { status: 400 })),
      websocket: { message: (socket, message) => void socket.send(message) },
    })
    onTestFinished(() => server.stop(true))
    await using edge = await edgeOf([server.port ?? 0])
    const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/`)
    const echo = new Promise<string>((resolve) => socket.on('message', (data: Buffer) => resolve(data.toString())))
    socket.on('open', () => socket.send('x'.repeat(300_000)))
    expect((await echo).length).toBe(300_000)
    socket.close()
    await turnUntil(() => edge.counters.tunnelsOpen === 0, 'the end of the tunnel')
  })

  test.each<readonly [string, () => number | Promise<number>, string, string]>([
    ['of another name', () => serve(issue({ names: ['b.example'] })), 'tls-name', 'it is for DNS:b.example'],
    ['whose certificate has expired', () => serve(issue(PAST)), 'tls-expired', 'certificate has expired'],
    ['that strangers vouch for', () => serve(others.issue({ names: LOCAL_NAMES })), 'tls-untrusted', 'nobody we trust'],
    ['that vouches for itself', () => serve(selfSigned({ names: LOCAL_NAMES })), 'tls-untrusted', 'nobody we trust'],
    [
      'that speaks plain HTTP',
      () => serveRaw((socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
      'tls-handshake',
      'does it speak plain HTTP there?',
    ],
    [
      'that sends garbage',
      () => serveRaw((socket) => void socket.write('w'.repeat(100_000))),
      'tls-handshake',
      'no TLS',
    ],
    [
      'that leaves in the handshake',
      () => serveRaw((socket) => void socket.once('data', () => socket.destroy())),
      'tls-handshake',
      'in the middle of the handshake',
    ],
  ])(
    '%s is none: clients get 502 with a code, operators all of it, and no byte was sent',
    async (_what, start, code, words) => {
      await using edge = await edgeOf([await start()], { passive: { failures: 1, retryAfterMs: 10_000 } })
      await using client = await connectTo(edge.port)
      const { status, body } = await ask(client, get())
      expect([status, body]).toEqual([502, `502 Bad Gateway: no connection to a backend: ${code}\n`])
      expect(edge.backend()).toMatchObject({ failures: { connect: 1 }, tlsFailures: 1 })
      expect(edge.backend().why).toContain(`${code}: `)
      expect(edge.backend().why).toContain(words)
      expect(edge.events.find(({ kind }) => kind === 'backend-down')).toMatchObject({ detail: edge.backend().why })
    },
  )

  test('that never ends its handshake costs its time for a connection', async () => {
    let hellos = 0
    const port = await serveRaw((socket) => void socket.on('data', () => (hellos += 1)))
    await using edge = await edgeOf([port])
    await using client = await connectTo(edge.port)
    client.send(get())
    await turnUntil(() => hellos > 0, 'a hello')
    edge.clock.advance(3000)
    const { status, body } = await nextResponse(client)
    expect([status, body]).toEqual([502, '502 Bad Gateway: no connection to a backend: tls-timeout\n'])
    expect(edge.backend().tlsFailures).toBe(1)
  })

  test('that is none costs no request where another is one, whatever its method', async () => {
    await using edge = await edgeOf([serve(others.issue({ names: LOCAL_NAMES }), 'stranger'), serve(good)])
    await using client = await connectTo(edge.port)
    const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc'
    for (const request of [get(), POST]) expect((await ask(client, request)).body).toBe('hello')
  })

  test('is checked over TLS too', async () => {
    const health = {
      check: { kind: 'http', path: '/', host: undefined, expect: [{ from: 200, to: 399 }] },
      intervalMs: 1000,
      jitterRatio: 0,
      timeoutMs: 1000,
      rise: 1,
      fall: 1,
      initially: 'usable',
      maxConcurrent: 10,
    } as const
    await using edge = await edgeOf([serve(good), serve(issue({ names: ['b.example'] }))], { health })
    edge.clock.advance(100)
    await turnUntil(() => edge.backend(0).lastCheck !== null && edge.backend(1).lastCheck !== null, 'two checks')
    expect(edge.backend(0).lastCheck).toMatchObject({ passed: true, detail: '200 OK' })
    expect(edge.backend(1).lastCheck).toMatchObject({
      passed: false,
      detail: 'tls-name: its certificate is not for 127.0.0.1, it is for DNS:b.example',
    })
  })
})

describe('files of TLS that are saved', () => {
  test('are live by themselves: whom we trust, and what we show', async () => {
    await using stack = new AsyncDisposableStack()
    const here = realpathSync(mkdtempSync(join(folder, 'live-')))
    const save = (name: string, text: string): void => {
      writeFileSync(join(here, `${name}.new`), text)
      renameSync(join(here, `${name}.new`), join(here, name))
    }
    save('ca.pem', ours.cert)
    let port = serve(good)
    const path = join(here, 'edge.json')
    const config = {
      listeners: { web: { address: '127.0.0.1:0' } },
      admin: false,
      pools: { web: { backends: [`https://127.0.0.1:${port}`], tls: { ca: './ca.pem' } } },
    }
    writeFileSync(path, JSON.stringify(config))
    const place = { path, kind: 'config' } as const
    const loaded = loadConfig({ place, cwd: here, env: {} })
    if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded.problems))
    const told: { events: EdgeEvent[]; wake: () => void } = { events: [], wake: () => undefined }
    const emit = (event: EdgeEvent): void => {
      told.events.push(event)
      told.wake()
    }
    const next = async (kind: EdgeEvent['kind']): Promise<EdgeEvent> => {
      for (;;) {
        const at = told.events.findIndex((event) => event.kind === kind)
        if (at >= 0) return told.events.splice(at, 1)[0]!
        await new Promise<void>((resolve) => (told.wake = resolve))
      }
    }
    const files = { place, cwd: here, env: {}, isWatched: true, onceRead: undefined }
    const edge = await startEdge({ config: loaded.config, files, emit })
    stack.defer(() => edge.kill())
    const address = edge.addresses[0]?.address
    const url = `http://127.0.0.1:${address?.kind === 'tcp' ? address.port : 0}`
    const asked = () => fetch(url).then(({ status }) => status)
    expect(await asked()).toBe(200)
    // Whom strangers vouch for is no backend any more, though a connection from before is open.
    save('ca.pem', others.cert)
    expect(await next('reloaded')).toMatchObject({ origin: 'watch', summary: 'pools.web.tls read anew' })
    expect(await asked()).toBe(502)
    save('ca.pem', 'no certificate\n')
    expect(JSON.stringify(await next('reload-failed'))).toContain('must hold certificates in PEM')
    expect(await asked()).toBe(502)
    save('ca.pem', ours.cert + others.cert)
    await next('reloaded')
    expect(await asked()).toBe(200)
    port = serve(others.issue({ names: LOCAL_NAMES }), 'another')
    config.pools.web.backends = [`https://127.0.0.1:${port}`]
    writeFileSync(path, JSON.stringify(config))
    await next('reloaded')
    expect(await fetch(url).then((response) => response.text())).toBe('another')
  })
})
