import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HealthPolicy } from '../../core/health/policy.ts'
import { anyRequest, startTestEdge, tcpListener, testPool, testRetry } from '../support/edge.ts'
import { GrpcClient } from '../support/grpc-client.ts'
import { makeMember } from '../support/make-backend.ts'
import { peerTls } from '../support/peer-tls.ts'
import { closedPort } from '../support/ports.ts'
import { turnUntil } from '../support/raw-peer.ts'

const PEER = join(dirname(fileURLToPath(import.meta.url)), '../support/grpc-peer.py')
const pool = { protocol: 'h2c' as const }
const config = { listeners: [{ ...tcpListener('web', 0), http2: true }] }

/** By the reference implementation. */
async function startServer(...files: readonly string[]) {
  const server = Bun.spawn(['/usr/bin/python3', PEER, 'serve', ...files], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const { value } = await server.stdout.getReader().read()
  const port = Number(new TextDecoder().decode(value))
  if (!(port > 0)) throw new Error(`apt-get install python3-grpcio: ${await server.stderr.text()}`)
  return {
    port,
    async [Symbol.asyncDispose]() {
      await server.stdin.end()
      await server.exited
    },
  }
}

/** What a client tells. */
async function call(manner: 'call' | 'fail', port: number): Promise<unknown> {
  const client = Bun.spawn(['/usr/bin/python3', PEER, manner, String(port)], { stdout: 'pipe', stderr: 'pipe' })
  const [told, failed] = await Promise.all([client.stdout.text(), client.stderr.text()])
  if (told === '') throw new Error(failed)
  return JSON.parse(told)
}

const folder = mkdtempSync(join(tmpdir(), 'smartedge-grpc-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Over TLS; and the pool that trusts it. */
async function startSecureServer() {
  const tls = peerTls()
  const files = ['cert', 'key'] as const
  for (const file of files) writeFileSync(join(folder, file), tls.server[file])
  const server = await startServer(...files.map((file) => join(folder, file)))
  const members = [makeMember(server.port, { id: `https://127.0.0.1:${server.port}`, scheme: 'https' })]
  return { server, secure: { members, tls: tls.policy } }
}

/** What a client of every kind of call is told. */
const ALL_CALLS = {
  unary: ['hello', '1', '2'],
  large: true,
  fail: ['NOT_FOUND', 'not here: ü'],
  nothing: 'UNIMPLEMENTED',
  stream: 1_000_190,
  collect: '200000',
  chat: 'ABC',
  deadline: 'DEADLINE_EXCEEDED',
  cancelled: 'yes',
  many: true,
}

const byGrpc: HealthPolicy = {
  check: { kind: 'grpc', service: '' },
  intervalMs: 1000,
  jitterRatio: 0,
  timeoutMs: 1000,
  rise: 1,
  fall: 1,
  initially: 'unchecked',
  maxConcurrent: 1,
}

describe('gRPC between a client and a server that others wrote', () => {
  test('passes, whatever kind of call it is', async () => {
    await using server = await startServer()
    await using edge = await startTestEdge([server.port], { config, pool })
    expect(await call('call', edge.port)).toEqual(ALL_CALLS)
    const { http2Violations, grpcResponses } = edge.counters
    expect(http2Violations).toMatchObject({ 'stream-error': 0, 'connection-error': 0 })
    expect(grpcResponses).toMatchObject({ OK: 306, NOT_FOUND: 1, UNIMPLEMENTED: 1, UNKNOWN: 0 })
    // By these breakers and strategies judge: a call that fails is no success for being a 200.
    expect(edge.backend().responses).toMatchObject({ '2xx': 306, '4xx': 1 })
    // The server may have told of the deadline before its client gave up.
    expect(edge.backend().responses['5xx']).toBeWithin(1, 3)
  })

  test.each(['h2', 'auto'] as const)('passes over TLS, and is checked so, by "%s"', async (protocol) => {
    const { server, secure } = await startSecureServer()
    await using _ = server
    await using edge = await startTestEdge([], { config, pool: { ...secure, protocol, health: byGrpc } })
    edge.clock.advance(1000)
    await turnUntil(() => (edge.backend().lastCheck ?? undefined) !== undefined, 'a check')
    expect(edge.backend().lastCheck).toMatchObject({ passed: true, detail: 'SERVING' })
    expect(await call('call', edge.port)).toEqual(ALL_CALLS)
  })

  test('is checked over TLS in HTTP/2, whatever requests are sent in', async () => {
    const { server, secure } = await startSecureServer()
    await using _ = server
    await using edge = await startTestEdge([], { config, pool: { ...secure, health: byGrpc } })
    edge.clock.advance(1000)
    await turnUntil(() => (edge.backend().lastCheck ?? undefined) !== undefined, 'a check')
    expect(edge.backend().lastCheck).toMatchObject({ passed: true, detail: 'SERVING' })
  })

  test('is told in its own words when nobody answers', async () => {
    const port = closedPort()
    await using edge = await startTestEdge([port], { config, pool: { ...pool, retry: testRetry({ attempts: 1 }) } })
    expect(await call('fail', edge.port)).toEqual(['UNAVAILABLE', 'no connection to a backend: ECONNREFUSED'])
  })

  test('is told in its own words when no route matches', async () => {
    const routes = [{ match: { ...anyRequest, methods: ['GET'] }, pool: 'web', priority: 5 }]
    await using edge = await startTestEdge([], { config: { ...config, routes, pools: [testPool([], pool)] } })
    const [code] = (await call('fail', edge.port)) as [string]
    expect(code).toBe('UNIMPLEMENTED')
  })

  test('is told that Bun.serve passes none, rather than sent without what its server wants, and its server blamed', async () => {
    await using server = await startServer()
    const listeners = [{ ...tcpListener('web', 0), http2: true as const, engine: 'serve' as const }]
    await using edge = await startTestEdge([server.port], { config: { listeners }, pool })
    const told = ['UNIMPLEMENTED', '"engine": "serve" can not pass gRPC on: it has no trailers']
    expect(await call('fail', edge.port)).toEqual(told)
    using client = new GrpcClient(edge.port)
    const { code, details } = await client.unary('Unary', 'hello')
    expect([code, details]).toEqual(told)
    expect(edge.backend().responses).toMatchObject({ '2xx': 0, '5xx': 0 })
  })

  test('is checked by grpc.health.v1', async () => {
    await using server = await startServer()
    await using edge = await startTestEdge([server.port], { config, pool: { ...pool, health: byGrpc } })
    edge.clock.advance(1000)
    await turnUntil(() => (edge.backend().lastCheck ?? undefined) !== undefined, 'a check')
    expect(edge.backend().lastCheck).toMatchObject({ passed: true, detail: 'SERVING' })
  })
})
