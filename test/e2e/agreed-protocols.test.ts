/** What backends over TLS are spoken to in, where that is agreed on in the handshake: with nginx, and with servers that do as they like. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import type { PoolConfig } from '../../core/config/config.ts'
import type { HealthPolicy } from '../../core/health/policy.ts'
import type { BackendProtocol } from '../../core/outbound/policy.ts'
import { createAuthority, LOCAL_NAMES } from '../support/authority.ts'
import { startTestEdge, type TestEdge } from '../support/edge.ts'
import { bytesOf } from '../support/http1-bytes.ts'
import { END_HEADERS, END_STREAM, headers, settings } from '../support/http2.ts'
import { makeMember } from '../support/make-backend.ts'
import { peerTls } from '../support/peer-tls.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { turn, turnUntil } from '../support/raw-peer.ts'
import { isMissing, NGINX_FOLDERS, type RealProxy, startNginx } from '../support/real-proxies.ts'
import { startTlsOrigin } from '../support/tls-origin.ts'

const folder = mkdtempSync(join(tmpdir(), 'smartedge-agreed-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Tells what it was asked in; `speaks`: over TLS, ` http2` or nothing. Leaves each connection after `requests`. */
function nginx(speaks: '' | ' http2', requests = 1000, port?: number): Promise<RealProxy> {
  const { cert, key } = peerTls().server
  writeFileSync(join(folder, 'cert.pem'), cert)
  writeFileSync(join(folder, 'key.pem'), key)
  return startNginx(
    (free) => `master_process off;
http { ${NGINX_FOLDERS} keepalive_requests ${requests}; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
  server { listen 127.0.0.1:${free} ssl${speaks}; location / { return 200 "$server_protocol $scheme $connection"; } } }`,
    port,
  )
}

const poolOf = (
  ports: readonly number[],
  protocol: BackendProtocol,
  pool: Partial<PoolConfig> = {},
): Partial<PoolConfig> => ({
  members: ports.map((port) => makeMember(port, { id: `https://127.0.0.1:${port}`, scheme: 'https' })),
  tls: peerTls().policy,
  protocol,
  ...pool,
})

const edgeOf = (ports: readonly number[], protocol: BackendProtocol, pool?: Partial<PoolConfig>): Promise<TestEdge> =>
  startTestEdge([], { pool: poolOf(ports, protocol, pool) })

/** Clients that ask without a pause until they are told to stop; what they got that they should not have. */
function keepAsking(edge: TestEdge, clients = 8) {
  const state = { requests: 0, isStopping: false }
  const answers = new Set<string>()
  const failures: string[] = []
  const loop = async (): Promise<void> => {
    while (!state.isStopping) {
      await using client = await connectTo(edge.port)
      for (let count = 0; count < 40 && !state.isStopping; count += 1) {
        const { status, body } = await ask(client, get())
        state.requests += 1
        if (status === 200) answers.add(body.split(' ')[0]!)
        else failures.push(`${status} ${body}`)
      }
    }
  }
  const loops = Promise.all(Array.from({ length: clients }, loop))
  const more = async (count: number): Promise<void> => {
    const until = state.requests + count
    while (state.requests < until) await turn()
  }
  const stop = async () => {
    state.isStopping = true
    await loops
    return { failures, answers: [...answers], requests: state.requests }
  }
  return { more, stop }
}

describe.skipIf(isMissing('nginx'))('nginx', () => {
  test.each([
    ['h2', ' http2', 'HTTP/2.0 https'],
    ['auto', ' http2', 'HTTP/2.0 https'],
    ['auto', '', 'HTTP/1.1 https'],
    ['http/1.1', ' http2', 'HTTP/1.1 https'],
  ] as const)('is spoken to as "%s" says where it has%s', async (protocol, speaks, answer) => {
    await using backend = await nginx(speaks)
    await using edge = await edgeOf([backend.port], protocol)
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).body).toStartWith(answer)
    expect((await ask(client, get())).body).toStartWith(answer)
    const http2Connections = answer.startsWith('HTTP/2') ? 1 : 0
    expect(edge.backend()).toMatchObject({ connections: 1, http2Connections, requests: 2, tlsFailures: 0 })
  })

  test.each([
    ['h2', 1],
    ['auto', 4],
  ] as const)('gets many requests at once over few connections: %s', async (protocol, most) => {
    await using backend = await nginx(' http2')
    await using edge = await edgeOf([backend.port], protocol)
    const clients = await Promise.all(Array.from({ length: 64 }, () => connectTo(edge.port)))
    const bodies = await Promise.all(clients.map((client) => ask(client, get()).then(({ body }) => body)))
    expect(new Set(bodies.map((body) => body.split(' ')[2])).size).toBeLessThanOrEqual(most)
    expect(edge.backend().connections).toBe(1)
    for (const client of clients) await client[Symbol.asyncDispose]()
  })

  test('that leaves its connections all the time costs no request', async () => {
    await using stack = new AsyncDisposableStack()
    const backends = [stack.use(await nginx(' http2', 7)), stack.use(await nginx('', 7))]
    await using edge = await edgeOf(
      backends.map(({ port }) => port),
      'auto',
      { strategy: { use: 'round-robin', options: undefined } },
    )
    const load = keepAsking(edge)
    await load.more(1500)
    const { failures, answers } = await load.stop()
    expect([failures, answers.toSorted()]).toEqual([[], ['HTTP/1.1', 'HTTP/2.0']])
  })

  test('costs no request when the protocol is changed under load, and changed back', async () => {
    await using stack = new AsyncDisposableStack()
    const backends = [stack.use(await nginx(' http2')), stack.use(await nginx(' http2'))]
    await using edge = await edgeOf(
      backends.map(({ port }) => port),
      'http/1.1',
      { strategy: { use: 'round-robin', options: undefined } },
    )
    const load = keepAsking(edge)
    await load.more(200)
    const seen: (string | undefined)[] = []
    for (const protocol of ['auto', 'h2', 'http/1.1', 'h2', 'auto', 'http/1.1'] as const) {
      const [web] = edge.edge.control.config.pools
      expect(await edge.apply({ pools: [{ ...web!, protocol }] })).toMatchObject({ kind: 'applied' })
      await load.more(100)
      await using client = await connectTo(edge.port)
      seen.push((await ask(client, get())).body.split(' ')[0])
    }
    const { failures } = await load.stop()
    expect([failures, seen]).toEqual([[], ['HTTP/2.0', 'HTTP/2.0', 'HTTP/1.1', 'HTTP/2.0', 'HTTP/2.0', 'HTTP/1.1']])
  })

  test('may be replaced at its port by one that speaks the other, and by the first again', async () => {
    let backend = await nginx('')
    const { port } = backend
    await using edge = await edgeOf([port], 'auto')
    await using client = await connectTo(edge.port)
    const asked = async (): Promise<string | undefined> => (await ask(client, get())).body.split(' ')[0]
    const seen = [await asked()]
    for (const speaks of [' http2', '', ' http2'] as const) {
      await backend[Symbol.asyncDispose]()
      backend = await nginx(speaks, 1000, port)
      seen.push(await asked())
    }
    await backend[Symbol.asyncDispose]()
    expect(seen).toEqual(['HTTP/1.1', 'HTTP/2.0', 'HTTP/1.1', 'HTTP/2.0'])
  })

  test.each<[BackendProtocol, '' | ' http2', string]>([
    ['h2', ' http2', '200'],
    ['auto', ' http2', '200'],
    ['auto', '', '200 OK'],
  ])('passes a check that asks for a page, in "%s" where it has%s', async (protocol, speaks, detail) => {
    await using backend = await nginx(speaks)
    await using edge = await edgeOf([backend.port], protocol, { health })
    edge.clock.advance(100)
    await turnUntil(() => edge.backend().lastCheck !== null, 'a check')
    expect(edge.backend().lastCheck).toMatchObject({ passed: true, detail })
  })
})

const health: HealthPolicy = {
  check: { kind: 'http', path: '/', host: undefined, expect: [{ from: 200, to: 399 }] },
  intervalMs: 1000,
  jitterRatio: 0,
  timeoutMs: 1000,
  rise: 1,
  fall: 1,
  initially: 'usable',
  maxConcurrent: 10,
}

describe('a backend that agrees on nothing', () => {
  const WORDS = 'tls-alpn: it does not agree on HTTP/2 (ALPN): "protocol" may be "auto" or "http/1.1"'
  const answer = (socket: TLSSocket): void =>
    void socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))

  test.each([
    ['which knows of no ALPN', []],
    ['which has HTTP/1.1 alone', ['http/1.1']],
    ['which has something else', ['spdy/3', 'http/1.1']],
  ])('%s is no backend for "h2", and is spoken to in HTTP/1.1 by "auto"', async (_, protocols) => {
    const { port, picked } = await startTlsOrigin(protocols, answer)
    const passive = { failures: 1, retryAfterMs: 10_000 }
    await using edge = await edgeOf([port], 'h2', { passive, health })
    await using client = await connectTo(edge.port)
    const { status, body } = await ask(client, get())
    expect([status, body]).toEqual([502, '502 Bad Gateway: no connection to a backend: tls-alpn\n'])
    expect(edge.backend()).toMatchObject({
      failures: { connect: 1 },
      tlsFailures: 1,
      why: `a connect failure: ${WORDS}`,
    })
    expect(edge.events.find(({ kind }) => kind === 'backend-down')).toMatchObject({
      detail: `a connect failure: ${WORDS}`,
    })
    edge.clock.advance(100)
    await turnUntil(() => edge.backend().lastCheck !== null, 'a check')
    expect(edge.backend().lastCheck).toMatchObject({ passed: false, detail: WORDS })
    await using other = await edgeOf([port], 'auto')
    await using second = await connectTo(other.port)
    expect((await ask(second, get())).body).toBe('ok')
    expect(picked.at(-1)).toBe(protocols.length === 0 ? false : 'http/1.1')
  })

  test('as none in which it speaks HTTP/2 alone is told of to "http/1.1"', async () => {
    const { port } = await startTlsOrigin(['h2'], answer)
    await using edge = await edgeOf([port], 'http/1.1', { passive: { failures: 1, retryAfterMs: 10_000 } })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).body).toContain('tls-alpn')
    expect(edge.backend().why).toBe('a connect failure: tls-alpn: it does not agree on http/1.1 (ALPN)')
  })

  test('costs no request where another does', async () => {
    const [{ port }, good] = [await startTlsOrigin([], answer), await startTlsOrigin(['h2'], speakHttp2)]
    await using edge = await edgeOf([port, good.port], 'h2')
    await using client = await connectTo(edge.port)
    for (let count = 0; count < 3; count += 1)
      expect((await ask(client, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')).status).toBe(200)
  })
})

/** Answers every request at once: two hundred, and nothing. */
function speakHttp2(socket: TLSSocket): void {
  socket.write(bytesOf(settings()))
  let id = 1
  socket.on('data', (bytes: Buffer) => {
    // As many HEADERS as requests: each of ours here is one frame.
    for (let at = bytes.indexOf('PRI * ') === 0 ? 24 : 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
      if (bytes[at + 3] !== 1) continue
      socket.write(bytesOf(headers(id, [[':status', '200']], END_HEADERS | END_STREAM)))
      id += 2
    }
  })
}

describe('a backend that speaks something else than it agreed on', () => {
  test.each(['h2', 'auto'] as const)('HTTP/1.1 in place of HTTP/2: "%s" answers with 502', async (protocol) => {
    const { port } = await startTlsOrigin(['h2'], (socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
    )
    await using edge = await edgeOf([port], protocol)
    await using client = await connectTo(edge.port)
    const { status, body } = await ask(client, get())
    expect([status, body]).toEqual([502, expect.stringContaining('the backend answers in HTTP/1.x')])
    expect(edge.backend()).toMatchObject({ failures: { protocol: 1 } })
  })

  test('HTTP/2 in place of HTTP/1.1', async () => {
    const { port } = await startTlsOrigin(
      ['http/1.1'],
      (socket) => void socket.once('data', () => socket.write(bytesOf(settings()))),
    )
    await using edge = await edgeOf([port], 'auto')
    await using client = await connectTo(edge.port)
    const { status, body } = await ask(client, get())
    expect([status, body]).toEqual([502, expect.stringContaining('the backend speaks HTTP/2')])
    expect(edge.backend()).toMatchObject({ failures: { protocol: 1 } })
  })
})

describe('whose certificate does not do', () => {
  const others = createAuthority('Strangers')
  const past = { notBefore: Date.now() - 200_000, notAfter: Date.now() - 100_000 }

  test.each([
    ['tls-untrusted', others.issue({ names: LOCAL_NAMES })],
    ['tls-name', others.issue({ names: ['b.example'] })],
    ['tls-expired', others.issue({ names: LOCAL_NAMES, ...past })],
  ])('is no backend, whatever is agreed on: %s', async (code, { cert, key }) => {
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, tls: { cert, key }, fetch: () => new Response('no') })
    const caFile = join(folder, 'others.pem')
    writeFileSync(caFile, code === 'tls-untrusted' ? peerTls().server.cert : others.cert)
    const tls = { ca: [caFile], serverName: undefined, shown: undefined, verifies: true }
    for (const protocol of ['h2', 'auto'] as const) {
      await using edge = await edgeOf([server.port ?? 0], protocol, { tls })
      await using client = await connectTo(edge.port)
      expect((await ask(client, get())).body).toBe(`502 Bad Gateway: no connection to a backend: ${code}\n`)
      expect(edge.backend()).toMatchObject({ failures: { connect: 1 }, tlsFailures: 1 })
    }
    await server.stop(true)
  })
})

describe('an upgrade', () => {
  const UPGRADE = get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')
  /** Switches, and says everything twice. */
  const echo = (socket: TLSSocket): void => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.on('data', (bytes: Buffer) => socket.write(Buffer.concat([bytes, bytes])))
    })
  }

  test('has a connection of its own, in HTTP/1.1, where all else is HTTP/2', async () => {
    const { port, picked } = await startTlsOrigin(['h2', 'http/1.1'], (socket) =>
      socket.alpnProtocol === 'h2' ? speakHttp2(socket) : echo(socket),
    )
    await using edge = await edgeOf([port], 'auto')
    await using plain = await connectTo(edge.port)
    expect((await ask(plain, get())).status).toBe(200)
    await using client = await connectTo(edge.port)
    expect((await ask(client, UPGRADE)).status).toBe(101)
    client.send('abc')
    await client.expectBytes('abcabc')
    expect((await ask(plain, get())).status).toBe(200)
    expect(picked).toEqual(['h2', 'http/1.1'])
  })

  test('is a 502 where HTTP/2 alone is spoken', async () => {
    const { port } = await startTlsOrigin(['h2'], speakHttp2)
    for (const [protocol, words] of [
      ['h2', '"protocol" of its pool may be "auto"'],
      ['auto', 'tls-alpn'],
    ] as const) {
      await using edge = await edgeOf([port], protocol)
      await using client = await connectTo(edge.port)
      const { status, body } = await ask(client, UPGRADE)
      expect([status, body]).toEqual([502, expect.stringContaining(words)])
    }
  })
})
