import { describe, expect, test } from 'bun:test'
import { edgeLedger } from '../../../core/observe/counters.ts'
import { BackendLatency } from '../../../core/observe/histogram.ts'
import { buildSnapshot } from '../../../core/report/snapshot.ts'
import { downStanding, fakeBackend, fakeEdge, fakePool, fakeProcess, heldStanding } from '../../support/edge-view.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const snapshotOf = (backend: Parameters<typeof fakeBackend>[0], clock = virtualClock()) => {
  const pool = buildSnapshot(fakeEdge([fakeBackend(backend)]), fakeProcess, clock).pools[0]
  return pool!.backends[0]!
}

describe('status snapshot', () => {
  test('turns monotonic instants into wall time', () => {
    const clock = virtualClock(5000)
    clock.advance(90_000)
    const reason = '503, expected 200-399'
    const standing = downStanding(reason, { by: 'traffic', since: 5000 + 30_000, until: 5000 + 120_000 })
    const status = snapshotOf({ standing }, clock)
    expect(status.since).toBe('2026-01-01T00:00:30.000Z')
    expect(status).toMatchObject({ state: 'unhealthy', reason, why: reason, until: '2026-01-01T00:02:00.000Z' })
  })

  test('tells the health of a draining backend beside why it drains', () => {
    const standing = heldStanding({ by: 'operator', why: 'drained', state: 'draining' })
    expect(snapshotOf({ standing, configuredWeight: 3, weight: 3 })).toMatchObject({
      state: 'draining',
      health: 'healthy',
      reason: null,
      why: 'drained',
      weight: 3,
      effectiveWeight: 0,
    })
  })

  test('tells the weight as configured beside what it comes to', () => {
    expect(snapshotOf({ weight: 0.5, configuredWeight: 2 })).toMatchObject({ weight: 2, effectiveWeight: 0.5 })
  })

  test('tells of each limit whose it is, and what it counts', () => {
    const counts = { name: 'few', kind: 'in-flight', keys: 7, evicted: 0 } as const
    const counters = { refused: 1, reported: 2 }
    const owners = [{ kind: 'route', name: '/a* to web' } as const, { kind: 'pool', name: 'web' } as const]
    const limits = owners.map((owner) => ({ owner, counters, ...counts }))
    const of = (view: Parameters<typeof fakeEdge>[1]) =>
      buildSnapshot(fakeEdge([], view), fakeProcess, virtualClock()).limits
    expect(of({ limits })).toEqual([
      { route: '/a* to web', pool: null, ...counts, ...counters },
      { route: null, pool: 'web', ...counts, ...counters },
    ])
    expect(of({})).toEqual([])
  })

  test('tells of sticky sessions where a pool keeps any', () => {
    const counters = { hits: 5, misses: 3, moved: 2 }
    const stickyOf = (sticky?: { counters: typeof counters; sessions: number | undefined }) => {
      const pools = [fakePool([], sticky && { sticky })]
      return buildSnapshot(fakeEdge([], { pools }), fakeProcess, virtualClock()).pools[0]!.sticky
    }
    expect(stickyOf()).toBeNull()
    expect(stickyOf({ counters, sessions: undefined })).toEqual({ ...counters, sessions: null })
    expect(stickyOf({ counters, sessions: 9 })).toEqual({ ...counters, sessions: 9 })
  })

  test('survives JSON unchanged, nothing left out', () => {
    const latency = new BackendLatency({ generation: 0 })
    latency.record(12)
    const lastCheck = { at: Date.UTC(2026, 0, 1), passed: true, elapsedMs: 1.5, detail: '200 OK' }
    const edge = fakeEdge([fakeBackend({ latency, lastCheck, zone: 'eu-1' }), fakeBackend({ id: 'idle:80' })])
    const snapshot = buildSnapshot(edge, fakeProcess, virtualClock())
    expect(JSON.parse(JSON.stringify(snapshot))).toStrictEqual(snapshot as never)
  })

  test('tells of a check what is told of it elsewhere, and no more', () => {
    const check = { at: Date.UTC(2026, 0, 1), passed: false, elapsedMs: 1, detail: 'no descriptor is free' }
    const status = snapshotOf({ lastCheck: { ...check, isLocal: true } as typeof check })
    expect(status.lastCheck).toEqual({ ...check, at: '2026-01-01T00:00:00.000Z' })
  })

  test('tells bounds as numbers, and none as null', () => {
    expect([snapshotOf({ maxInflight: 5 }).maxInflight, snapshotOf({}).maxInflight]).toEqual([5, null])
    const pools = [fakePool([], { maxInflight: 7, inflight: 3 }), fakePool([])]
    const told = buildSnapshot(fakeEdge([], { pools }), fakeProcess, virtualClock()).pools
    expect(told.map(({ inflight, maxInflight }) => [inflight, maxInflight])).toEqual([
      [3, 7],
      [0, null],
    ])
  })

  test('says null where there is nothing to say', () => {
    expect(snapshotOf({})).toMatchObject({
      reason: null,
      why: null,
      until: null,
      zone: null,
      lastCheck: null,
      latency: null,
    })
  })

  test('tells of the strategy that runs', () => {
    const facts = {
      name: 'mine',
      file: '/mine.ts',
      version: '1f',
      faults: 2,
      swaps: 3,
      lastFault: 'pick threw: no',
      nsPerPick: 83.4,
      loadedAt: Date.UTC(2026, 0, 1),
      revertedBecause: 'version one had 10 faults',
    }
    const poolWith = (strategyFacts: object) => {
      const pools = [fakePool([], { strategy: './mine.ts', strategyFacts: { ...facts, ...strategyFacts } })]
      return buildSnapshot(fakeEdge([], { pools }), fakeProcess, virtualClock()).pools[0]?.strategyVersion
    }
    expect(poolWith({})).toEqual({
      name: 'mine',
      file: '/mine.ts',
      version: '1f',
      since: '2026-01-01T00:00:00.000Z',
      reverted: true,
      revertedBecause: 'version one had 10 faults',
      faults: 2,
      swaps: 3,
      lastFault: 'pick threw: no',
      pickNs: 83,
    })
    const unknown = { file: undefined, version: undefined, lastFault: undefined, nsPerPick: undefined }
    expect(poolWith({ ...unknown, loadedAt: undefined })).toMatchObject({ file: null, since: null, pickNs: null })
    expect(buildSnapshot(fakeEdge([]), fakeProcess, virtualClock()).pools[0]?.strategyVersion).toBeNull()
  })

  test('counts failures by cause and responses by class', () => {
    const counters = {
      ...fakeBackend().counters,
      failures: 10,
      connectFailures: 1,
      timeouts: 2,
      resets: 3,
      protocolErrors: 4,
      localFailures: 9,
      responses2xx: 5,
      responses3xx: 6,
      responses4xx: 7,
      responses5xx: 8,
    }
    expect(snapshotOf({ counters })).toMatchObject({
      failures: { total: 10, connect: 1, timeout: 2, reset: 3, protocol: 4, local: 9 },
      responses: { '2xx': 5, '3xx': 6, '4xx': 7, '5xx': 8 },
    })
  })

  test('is a copy that later traffic does not change', () => {
    const counters = edgeLedger.create()
    const snapshot = buildSnapshot(fakeEdge([], { counters }), fakeProcess, virtualClock())
    counters.requests++
    counters.responses2xx++
    expect(snapshot.counters.requests).toBe(0)
    expect(snapshot.counters.responses['2xx']).toBe(0)
  })

  test('never gives a negative uptime when the wall clock jumps back', () => {
    const process = { ...fakeProcess, startedAt: Date.UTC(2027, 0, 1) }
    expect(buildSnapshot(fakeEdge([]), process, virtualClock()).uptimeMs).toBe(0)
  })
})
