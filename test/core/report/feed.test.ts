import { describe, expect, test } from 'bun:test'
import { createFeed } from '../../../core/report/feed.ts'
import type { Frame } from '../../../core/report/frame.ts'
import {
  type BackendCounters,
  countStatus,
  type EdgeCounters,
  poolLedger,
  reloadLedger,
} from '../../../core/observe/counters.ts'
import { BackendLatency } from '../../../core/observe/histogram.ts'
import type { BackendView } from '../../../core/report/view.ts'
import { downStanding, fakeBackend, fakeEdge, fakePool, fakeProcess } from '../../support/edge-view.ts'
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A backend whose numbers the test moves. */
function liveBackend(id: string, overrides: Partial<BackendView> = {}) {
  const latency = new BackendLatency({ generation: 0 })
  const view = fakeBackend({ id, latency, ...overrides }) as Mutable<BackendView>
  const counters = view.counters as BackendCounters
  return {
    view,
    latency,
    counters,
    serve(requests: number, elapsedMs: number, status = 200) {
      for (let index = 0; index < requests; index++) {
        counters.requests += 1
        countStatus(counters, status)
        latency.record(elapsedMs)
      }
    },
  }
}

function watch(backends: readonly BackendView[], clock: VirtualClock = virtualClock()) {
  const edge = fakeEdge(backends)
  const feed = createFeed({ view: () => edge, process: () => fakeProcess, clock })
  const frames: Frame[] = []
  const leave = feed.subscribe((frame) => frames.push(frame))
  return { clock, edge, feed, frames, leave, newest: () => frames.at(-1)?.pools[0] }
}

describe('feed', () => {
  test('sends the first frame at once and four a second', () => {
    const { clock, frames } = watch([fakeBackend()])
    expect(frames).toHaveLength(1)
    clock.advance(1000)
    expect(frames).toHaveLength(5)
  })

  test('does nothing while nobody watches', () => {
    const backend = liveBackend('a')
    const { clock, frames, leave } = watch([backend.view])
    expect(backend.latency.scale).toBeDefined()
    leave()
    expect(backend.latency.scale).toBeUndefined()
    expect(clock.pending()).toBe(0)
    clock.advance(5000)
    expect(frames).toHaveLength(1)
  })

  test('goes on for those who stay', () => {
    const { clock, feed, leave } = watch([fakeBackend()])
    let seen = 0
    const leaveToo = feed.subscribe(() => (seen += 1))
    leave()
    clock.advance(500)
    expect(seen).toBe(2)
    leaveToo()
    expect(clock.pending()).toBe(0)
  })

  test('comes more rarely with hundreds of backends, never more than 5 s apart', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => fakeBackend({ id: `b${index}` }))
    expect(watch(many(100)).frames[0]?.intervalMs).toBe(250)
    expect(watch(many(101)).frames[0]?.intervalMs).toBe(500)
    expect(watch(many(5000)).frames[0]?.intervalMs).toBe(5000)
    expect(watch([]).frames[0]?.intervalMs).toBe(250)
  })

  test('tells rates over the newest second and latencies of what came since', () => {
    const backend = liveBackend('a')
    backend.serve(1000, 900)
    const { clock, newest } = watch([backend.view])
    expect(newest()?.latency).toBeNull()
    for (let step = 0; step < 4; step++) {
      backend.serve(5, 10)
      clock.advance(250)
    }
    expect(newest()?.requestsPerSecond).toBe(20)
    expect(newest()?.latency?.count).toBe(20)
    expect(newest()?.latency?.p99Ms).toBeLessThan(12)
    expect(newest()?.backends[0]?.ewmaMs).toBeCloseTo(10, 0)
  })

  test('moves the average by what is new, the more the longer the last value is ago', () => {
    const backend = liveBackend('a')
    const { clock, newest } = watch([backend.view])
    const average = () => newest()?.backends[0]?.ewmaMs
    backend.serve(1, 10)
    clock.advance(250)
    expect(average()).toBeCloseTo(10, 0)
    backend.serve(1, 110)
    clock.advance(250)
    // Of 100 ms more, what 250 ms weigh of 10 s: 1 - e^-0.025.
    expect(average()).toBeCloseTo(12.5, 0)
    clock.advance(9750)
    backend.serve(1, 110)
    clock.advance(250)
    // And of what then lacks, what 10 s weigh: 1 - e^-1.
    expect(average()).toBeCloseTo(110 - 97.5 / Math.E, 0)
  })

  test("forgets the balancer's errors as those of a pool", () => {
    const { clock, edge, frames } = watch([])
    const counters = edge.counters as EdgeCounters
    const ratio = () => frames.at(-1)?.totals.errorRatio
    counters.responses5xx += 3
    counters.responses2xx += 1
    clock.advance(250)
    expect(ratio()).toBe(0.75)
    clock.advance(4000)
    counters.responses2xx += 4
    clock.advance(1000)
    expect(ratio()).toBe(0.375)
    clock.advance(5000)
    expect(ratio()).toBe(0)
  })

  test('tells what the balancer does a second', () => {
    const { clock, edge, frames } = watch([])
    const counters = edge.counters as EdgeCounters
    clock.advance(1000)
    Object.assign(counters, { requests: 40, responses5xx: 10, retries: 8, connectionsRefused: 3, unavailable: 4 })
    Object.assign(counters, { bytesFromClients: 1000, bytesToClients: 2000, connectionsOpen: 7, tunnelsOpen: 2 })
    clock.advance(1000)
    expect(frames.at(-1)?.totals).toMatchObject({
      requests: 40,
      requestsPerSecond: 40,
      errorsPerSecond: 10,
      retriesPerSecond: 8,
      refusedPerSecond: 7,
      bytesFromClientsPerSecond: 1000,
      bytesToClientsPerSecond: 2000,
      connections: 7,
      tunnels: 2,
    })
  })

  test('takes upgrades for attempts that ended well', () => {
    const backend = liveBackend('a')
    const { clock, newest } = watch([backend.view])
    Object.assign(backend.counters, { requests: 4, upgrades: 3, failures: 1, resets: 1 })
    clock.advance(250)
    expect(newest()?.errorRatio).toBe(0.25)
  })

  test('forgets what is older than the window', () => {
    const backend = liveBackend('a')
    const { clock, newest } = watch([backend.view])
    backend.serve(10, 500, 503)
    clock.advance(250)
    expect(newest()?.errorRatio).toBe(1)
    clock.advance(12_000)
    expect(newest()?.errorRatio).toBe(0)
    expect(newest()?.latency).toBeNull()
    expect(newest()?.backends[0]?.worstError).toBeNull()
  })

  test('sends each latency once, as pairs of step and count', () => {
    const backend = liveBackend('a')
    const { clock, frames, newest } = watch([backend.view])
    backend.serve(3, 10)
    clock.advance(250)
    const pairs = newest()?.backends[0]?.histogram ?? []
    expect(pairs[1]).toBe(3)
    expect(pairs).toHaveLength(2)
    clock.advance(250)
    expect(frames.at(-1)?.pools[0]?.backends[0]?.histogram).toEqual([])
  })

  test('sets the share beside what the weights promise', () => {
    const [one, two, out] = [
      liveBackend('a', { configuredWeight: 3, weight: 3 }),
      liveBackend('b'),
      liveBackend('c', { standing: downStanding('refused') }),
    ]
    const { clock, newest } = watch([one.view, two.view, out.view])
    one.serve(10, 1)
    two.serve(30, 1)
    clock.advance(250)
    expect(newest()?.backends.map(({ share, expectedShare }) => [share, expectedShare])).toEqual([
      [0.25, 0.75],
      [0.75, 0.25],
      [0, 0],
    ])
    expect(newest()?.usable).toBe(2)
  })

  test('names the commonest kind of error', () => {
    const backend = liveBackend('a')
    const { clock, newest } = watch([backend.view])
    backend.serve(2, 1, 500)
    backend.counters.requests += 3
    backend.counters.failures += 3
    backend.counters.timeouts += 3
    clock.advance(250)
    expect(newest()?.backends[0]).toMatchObject({ errors: 5, errorRatio: 1, worstError: 'time-outs' })
  })

  test('counts no error against a backend for what we were short of', () => {
    const backend = liveBackend('a')
    const { clock, newest } = watch([backend.view])
    backend.serve(1, 1, 500)
    backend.counters.requests += 3
    backend.counters.localFailures += 3
    clock.advance(250)
    expect(newest()?.backends[0]).toMatchObject({ errors: 1, errorRatio: 0.25 })
  })

  test('calls a backend that was told to drain so, without weight', () => {
    const standing = downStanding('drained', { by: 'operator', state: 'draining', since: 200, until: 500 })
    const { newest } = watch([fakeBackend({ standing })], virtualClock(1000))
    const drainedAt = Date.UTC(2026, 0, 1) - 800
    const words = { state: 'draining', health: 'unhealthy', reason: null, why: 'drained' }
    expect(newest()?.backends[0]).toMatchObject({ ...words, since: drainedAt, until: drainedAt + 300 })
    expect(newest()?.backends[0]).toMatchObject({ effectiveWeight: 0, expectedShare: 0 })
  })

  test('keeps up with backends that come and go', () => {
    const [stays, goes, comes] = [liveBackend('a'), liveBackend('b'), liveBackend('c')]
    const clock = virtualClock()
    let backends = [stays.view, goes.view]
    const feed = createFeed({ view: () => fakeEdge(backends), process: () => fakeProcess, clock })
    const frames: Frame[] = []
    feed.subscribe((frame) => frames.push(frame))
    backends = [stays.view, comes.view]
    stays.serve(4, 1)
    clock.advance(250)
    expect(frames[1]?.pools[0]?.backends.map(({ id }) => id)).toEqual(['a', 'c'])
    expect(frames[1]?.pools[0]?.backends[0]?.requestsPerSecond).toBe(16)
    expect(goes.latency.scale).toBeUndefined()
  })

  test('tells how many wait, and how many a second find no room', () => {
    const counters = poolLedger.create()
    const clock = virtualClock()
    const pool = fakePool([fakeBackend({ inflight: 2, maxInflight: 4 })], { maxInflight: 9, counters })
    const frames: Frame[] = []
    const view = () => fakeEdge([], { pools: [pool] })
    createFeed({ view, process: () => fakeProcess, clock }).subscribe((frame) => frames.push(frame))
    Object.assign(counters, { queued: 8, waiting: 5, turnedAway: 2, queueTimeouts: 1 })
    clock.advance(1000)
    expect(frames.at(-1)?.pools[0]).toMatchObject({
      maxInflight: 9,
      waiting: 5,
      queuedPerSecond: 8,
      turnedAwayPerSecond: 3,
    })
    expect(frames.at(-1)?.pools[0]?.backends[0]).toMatchObject({ inflight: 2, maxInflight: 4 })
    expect(frames[0]?.pools[0]).toMatchObject({ waiting: 0, queuedPerSecond: 0 })
  })

  test('tells the generation, the newest reload and the strategy as status knows them', () => {
    const generation = { number: 3, at: '2026-01-01T00:00:01.000Z', origin: 'watch', summary: 'pools.web: weight' }
    const lastReload = { at: '2026-01-01T00:00:02.000Z', ok: false, origin: 'SIGHUP', problems: ['a.json:1:2: oops'] }
    const strategyFacts = {
      name: 'mine',
      file: '/etc/mine.ts',
      version: 'abc',
      faults: 2,
      swaps: 1,
      lastFault: 'pick threw',
      nsPerPick: 84.25,
      loadedAt: 5,
      revertedBecause: 'version one had 10 faults',
    }
    const edge = {
      ...fakeEdge([], { pools: [fakePool([], { strategy: './mine.ts', strategyFacts })] }),
      reload: { generation, lastReload, reloads: reloadLedger.create() },
    }
    const frames: Frame[] = []
    createFeed({ view: () => edge, process: () => fakeProcess, clock: virtualClock() }).subscribe((frame) =>
      frames.push(frame),
    )
    expect(frames[0]?.generation).toEqual({ ...generation, at: Date.UTC(2026, 0, 1, 0, 0, 1) })
    expect(frames[0]?.reload).toEqual({ ...lastReload, at: Date.UTC(2026, 0, 1, 0, 0, 2) })
    expect(frames[0]?.pools[0]?.strategy).toEqual({
      use: './mine.ts',
      file: '/etc/mine.ts',
      version: 'abc',
      nsPerPick: 84.25,
      faults: 2,
      lastFault: 'pick threw',
      swappedAt: 5,
      reverted: true,
      revertedBecause: 'version one had 10 faults',
    })
    expect(watch([]).frames[0]).toMatchObject({ generation: null, reload: null, routes: [] })
  })

  test('tells how much each route takes, and refuses', () => {
    const routes = [{ key: 'v1', match: '/v1/*', pool: 'web', requests: 0, refused: 0 }]
    const edge = fakeEdge([], { routes })
    const clock = virtualClock()
    const frames: Frame[] = []
    createFeed({ view: () => edge, process: () => fakeProcess, clock }).subscribe((frame) => frames.push(frame))
    routes[0] = { key: 'v1', match: '/v1/*', pool: 'web', requests: 10, refused: 3 }
    clock.advance(500)
    expect(frames.at(-1)?.routes).toEqual([
      { match: '/v1/*', pool: 'web', requestsPerSecond: 20, refusalsPerSecond: 6 },
    ])
  })

  test('survives JSON unchanged and stays small with 50 backends', () => {
    const backends = Array.from({ length: 50 }, (_, index) => liveBackend(`10.0.0.${index}:8080`))
    const { clock, frames } = watch(backends.map(({ view }) => view))
    backends.forEach((backend, index) => backend.serve(20, index + 1))
    clock.advance(250)
    const text = JSON.stringify(frames[1])
    expect(JSON.parse(text)).toEqual(frames[1])
    expect(text.length).toBeLessThan(32_000)
  })
})
