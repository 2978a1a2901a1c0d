import { describe, expect, test } from 'bun:test'
import type { BreakerPolicy } from '../../core/backend/breaker.ts'
import type { EjectionPolicy } from '../../core/backend/ejection.ts'
import type { PoolConfig } from '../../core/config/config.ts'
import { anyRequest, startTestEdge, type TestEdge } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { closedPort } from '../support/ports.ts'
import { ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { type RawPeer, turnUntil } from '../support/raw-peer.ts'

const failures = {
  causes: ['connect', 'timeout', 'reset', 'protocol'],
  statuses: [{ from: 500, to: 599 }],
} as const
const breaker: BreakerPolicy = {
  failures,
  windowMs: 10_000,
  minRequests: 10,
  errorRatio: 0.5,
  failuresInRow: undefined,
  slowCalls: undefined,
  openTimeMs: 5000,
  maxOpenTimeMs: 20_000,
  jitterRatio: 0,
  trials: 2,
}
const ejection: EjectionPolicy = {
  failures,
  intervalMs: 10_000,
  baseTimeMs: 30_000,
  maxTimeMs: 300_000,
  successRate: { factor: 1.9, minBackends: 5, minRequests: 20 },
  failureRatio: undefined,
  failuresInRow: undefined,
  maxStatistical: 0.1,
}
const inTurn = { use: 'round-robin', options: undefined }
const bad = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'

/** Answers every other request with an error, as fast as any, until it is mended. */
function startHalfBad() {
  let [count, isMended] = [0, false]
  const backend = startRawBackend({
    answer({ peer }) {
      count += 1
      peer.send(isMended || count % 2 === 1 ? ok() : bad)
    },
  })
  return Object.assign(backend, { mend: () => void (isMended = true) })
}

const startWell = () => startRawBackend({ answer: ({ peer }) => peer.send(ok()) })

/** Asks so often; counts the answers by status. */
async function askMany(client: RawPeer, times: number): Promise<Readonly<Record<number, number>>> {
  const counts: Record<number, number> = {}
  for (let left = times; left > 0; left -= 1) {
    const { status } = await ask(client, get())
    counts[status] = (counts[status] ?? 0) + 1
  }
  return counts
}

const kinds = ({ events }: TestEdge): string[] => events.map(({ kind }) => kind)
const start = (ports: readonly number[], pool: Partial<PoolConfig>) =>
  startTestEdge(ports, { pool: { strategy: inTurn, ...pool } })

describe('a client that sends its requests slowly', () => {
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n'
  const slowCalls = { latencyMs: 500, ratio: 0.5 }

  test('and has no time left for them fails nowhere', async () => {
    await using backend = startWell()
    const timeouts = { requestMs: 2000, tryMs: undefined, deadline: undefined, backend: {} }
    const routes = [{ match: anyRequest, pool: 'web', priority: 5, timeouts }]
    await using edge = await startTestEdge([backend.port], { config: { routes } })
    await using client = await connectTo(edge.port)
    client.send(`${head}ab`)
    // A backend that is still being connected to when the time is over has failed.
    const peer = await backend.connection(0)
    await peer.until(() => peer.text.endsWith('ab') || undefined, 'what there is of the request')
    edge.clock.advance(2400)
    expect((await nextResponse(client)).status).toBe(504)
    expect(edge.backend()).toMatchObject({ abandoned: 1, failures: { total: 0 } })
  })

  test.each(['is answered', 'leaves'])('and %s makes no backend slow', async (what) => {
    await using backend = startWell()
    await using edge = await start([backend.port], { breaker: { ...breaker, minRequests: 2, slowCalls } })
    for (let time = 0; time < 3; time += 1) {
      await using client = await connectTo(edge.port)
      client.send(`${head}ab`)
      await turnUntil(() => edge.backend().inflight === 1, 'the head')
      edge.clock.advance(1000)
      if (what === 'leaves') client.reset()
      else {
        client.send('cd')
        expect((await nextResponse(client)).status).toBe(200)
      }
      await turnUntil(() => edge.backend().inflight === 0, 'the end')
    }
    expect(edge.backend()).toMatchObject({ requests: 3, abandoned: what === 'leaves' ? 3 : 0, breakerTrips: 0 })
  })
})

describe('a backend that fails half of its requests, fast,', () => {
  test('is out within the window by its breaker, and back once trials go well', async () => {
    await using sick = startHalfBad()
    await using one = startWell()
    await using two = startWell()
    await using edge = await start([sick.port, one.port, two.port], { breaker })
    await using client = await connectTo(edge.port)
    expect(await askMany(client, 30)).toEqual({ 200: 25, 503: 5 })
    expect(edge.backend(0)).toMatchObject({
      state: 'unhealthy',
      by: 'breaker',
      use: 'out',
      breakerTrips: 1,
      requests: 10,
    })
    expect(await askMany(client, 20)).toEqual({ 200: 20 })
    edge.clock.advance(5000)
    expect(edge.backend(0)).toMatchObject({ state: 'unhealthy', by: 'breaker', use: 'trial', effectiveWeight: 0.1 })
    expect(await askMany(client, 200)).toMatchObject({ 503: 1 })
    expect(edge.backend(0)).toMatchObject({ use: 'out', breakerTrips: 2 })
    sick.mend()
    edge.clock.advance(10_000)
    expect(await askMany(client, 60)).toEqual({ 200: 60 })
    expect(edge.backend(0)).toMatchObject({ state: 'unchecked', by: null, use: 'used', effectiveWeight: 1 })
    expect(kinds(edge)).toEqual(['listening', 'backend-down', 'backend-up'])
    expect(edge.events[1]).toMatchObject({ detail: 'breaker open for 5 s: 50 % of 10 requests failed within 10 s' })
  })

  test('is ejected for doing worse than its peers, and back after its time', async () => {
    await using sick = startHalfBad()
    await using one = startWell()
    await using two = startWell()
    await using three = startWell()
    await using four = startWell()
    const ports = [sick, one, two, three, four].map(({ port }) => port)
    await using edge = await start(ports, { ejection })
    await using client = await connectTo(edge.port)
    expect(await askMany(client, 100)).toEqual({ 200: 90, 503: 10 })
    edge.clock.advance(10_000)
    expect(edge.backend(0)).toMatchObject({ by: 'ejection', use: 'out', ejections: 1 })
    expect(edge.backend(0).why).toStartWith('ejected: 50 % of its requests went well within 10 s')
    expect(await askMany(client, 40)).toEqual({ 200: 40 })
    sick.mend()
    edge.clock.advance(30_000)
    expect(await askMany(client, 40)).toEqual({ 200: 40 })
    expect(edge.backend(0)).toMatchObject({ state: 'unchecked', by: null, use: 'used', requests: 29 })
    expect(kinds(edge)).toEqual(['listening', 'backend-down', 'backend-up'])
  })
})

describe('a pool of one whose breaker opens', () => {
  test('goes on being served, and it is said why', async () => {
    await using sick = startHalfBad()
    await using edge = await start([sick.port], { breaker })
    await using client = await connectTo(edge.port)
    expect(await askMany(client, 20)).toEqual({ 200: 10, 503: 10 })
    expect(edge.backend()).toMatchObject({ by: 'breaker', use: 'overruled', effectiveWeight: 1 })
    expect(kinds(edge)).toEqual(['listening', 'backend-down', 'pool-degraded'])
    const detail = `127.0.0.1:${sick.port} is used though held out: more would be out than maxEjected allows`
    expect(edge.events[2]).toMatchObject({ cause: 'restraint', detail })
    expect(edge.edge.status().pools[0]?.degraded).toEqual({ cause: 'restraint', detail })
    sick.mend()
    edge.clock.advance(5000)
    expect(await askMany(client, 5)).toEqual({ 200: 5 })
    expect(edge.edge.status().pools[0]?.degraded).toBeNull()
    expect(kinds(edge).slice(3)).toEqual(['backend-up', 'pool-recovered'])
  })

  test('is cut off where that is asked for, and recovers', async () => {
    await using sick = startHalfBad()
    await using edge = await start([sick.port], { breaker, maxEjected: 1 })
    await using client = await connectTo(edge.port)
    await askMany(client, 10)
    expect(await askMany(client, 5)).toEqual({ 503: 5 })
    expect([edge.backend().requests, edge.counters.unavailable]).toEqual([10, 5])
    sick.mend()
    edge.clock.advance(5000)
    expect(await askMany(client, 5)).toEqual({ 200: 5 })
    expect(edge.backend()).toMatchObject({ state: 'unchecked', use: 'used' })
  })
})

describe('tiers', () => {
  const tiered = (ports: readonly (readonly [port: number, tier: number])[]) => ({
    members: ports.map(([port, tier]) => makeMember(port, { tier })),
  })

  test('have a backup serve once the first tier is gone, and rest when it is back', async () => {
    const answer = ({ peer }: { peer: RawPeer }): void => {
      peer.send(ok('first', 'Connection: close\r\n'))
      peer.end()
    }
    const first = startRawBackend({ answer })
    await using backup = startRawBackend({ answer: ({ peer }) => peer.send(ok('backup')) })
    const pool = tiered([
      [first.port, 0],
      [backup.port, 1],
    ])
    await using edge = await start([], { ...pool, passive: { failures: 1, retryAfterMs: 1000 } })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).body).toBe('first')
    expect([edge.backend(0).use, edge.backend(1)]).toMatchObject([
      'used',
      { use: 'spare', effectiveWeight: 0, tier: 1 },
    ])
    await first[Symbol.asyncDispose]()
    for (let count = 0; count < 3; count += 1) await ask(client, get())
    expect([edge.backend(0).use, edge.backend(1).use, edge.backend(1).requests]).toEqual(['out', 'used', 3])
    await using again = startRawBackend({ answer, port: first.port })
    edge.clock.advance(1000)
    expect((await ask(client, get())).body).toBe('first')
    expect([again.requests.length, edge.backend(1).use]).toEqual([1, 'spare'])
  })

  test('that are all empty leave a 503, and say so', async () => {
    const pool = tiered([
      [closedPort(), 0],
      [closedPort(), 1],
    ])
    const members = pool.members.map((member) => ({ ...member, isDraining: true }))
    await using edge = await start([], { members })
    await using client = await connectTo(edge.port)
    const answer = await ask(client, get())
    expect([answer.status, edge.counters.unavailable]).toEqual([503, 1])
    expect(answer.head).toContain('Retry-After:')
    expect([edge.backend(0).use, edge.backend(1).use]).toEqual(['out', 'out'])
  })
})

describe('slow start', () => {
  const slowStart = { windowMs: 10_000, curve: 1, floor: 0.1, graceMs: 1000 }

  test('gives whoever joins later a share that grows, and those of the start all of it', async () => {
    await using one = startWell()
    await using two = startWell()
    await using edge = await start([one.port], { slowStart })
    await using client = await connectTo(edge.port)
    expect(edge.backend()).toMatchObject({ effectiveWeight: 1, slowStart: null })
    edge.clock.advance(1000)
    const [pool] = edge.edge.control.config.pools
    await edge.apply({ pools: [{ ...pool!, members: [one, two].map(({ port }) => makeMember(port)) }] })
    expect(edge.backend(1)).toMatchObject({ effectiveWeight: 0.1, slowStart: { why: 'it is new' } })
    await askMany(client, 110)
    expect(two.requests.length).toBeWithin(8, 13)
    edge.clock.advance(10_000)
    expect(edge.backend(1)).toMatchObject({ effectiveWeight: 1, slowStart: null })
    // Taken out for an upgrade, say, and put back before its drain time is over.
    await edge.apply({ pools: [{ ...pool!, members: [makeMember(one.port)] }] })
    await edge.apply({ pools: [{ ...pool!, members: [one, two].map(({ port }) => makeMember(port)) }] })
    expect(edge.backend(1)).toMatchObject({ effectiveWeight: 0.1, slowStart: { why: 'it is new' } })
  })
})

test('a reload keeps what is held out, and another policy applies to it', async () => {
  await using sick = startHalfBad()
  await using well = startWell()
  await using edge = await start([sick.port, well.port], { breaker })
  await using client = await connectTo(edge.port)
  await askMany(client, 20)
  expect(edge.backend(0).by).toBe('breaker')
  const [pool] = edge.edge.control.config.pools
  await edge.apply({ pools: [{ ...pool!, breaker: { ...breaker, openTimeMs: 9000 }, slowStart: undefined }] })
  edge.clock.advance(8999)
  expect(edge.backend(0)).toMatchObject({ by: 'breaker', use: 'out' })
  edge.clock.advance(1)
  expect(edge.backend(0)).toMatchObject({ by: 'breaker', use: 'trial' })
  await edge.apply({ pools: [{ ...pool!, breaker: undefined }] })
  expect(edge.backend(0)).toMatchObject({ by: null, use: 'used' })
  expect(await askMany(client, 40)).toEqual({ 200: 30, 503: 10 })
})
