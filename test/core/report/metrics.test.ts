import { describe, expect, test } from 'bun:test'
import { createBuckets } from '../../../core/observe/buckets.ts'
import { edgeLedger, reloadLedger, sourceLedger } from '../../../core/observe/counters.ts'
import { BackendLatency } from '../../../core/observe/histogram.ts'
import { RouteTraffic } from '../../../core/observe/route-traffic.ts'
import { knownMetrics, renderMetrics } from '../../../core/report/metrics.ts'
import type { FleetStatus } from '../../../core/report/fleet-status.ts'
import type { ReloadStatus } from '../../../core/report/reload-status.ts'
import type { ClientsView, LimitView, ProviderView, SourceView } from '../../../core/report/view.ts'
import { downStanding, fakeBackend, fakeEdge, fakeFleet, fakePool, fakeProcess } from '../../support/edge-view.ts'
import { judgeMetrics, judgeOpenMetrics } from '../../support/metrics-judges.ts'
import { pageOf, valueOf } from '../../support/metrics-page.ts'
import { type Family, parseMetrics, parseOpenMetrics } from '../../support/metrics-parser.ts'

function busyEdge() {
  const latency = new BackendLatency({ generation: 0 })
  for (const value of [0.4, 3, 80_000]) latency.record(value)
  latency.recordConnect(1)
  latency.recordHead(2)
  const counters = {
    ...fakeBackend().counters,
    requests: 9,
    resets: 2,
    localFailures: 4,
    responses2xx: 5,
    responses4xx: 1,
    responses5xx: 1,
  }
  const drained = downStanding('told to drain', { by: 'operator', state: 'draining', health: 'unchecked' })
  const backends = [
    fakeBackend({ id: 'a:80', counters, latency, inflight: 2, configuredWeight: 0.5 }),
    fakeBackend({ id: 'b"\\\n:80', standing: downStanding('refused') }),
    fakeBackend({ id: 'unix:/run/c.sock', standing: drained }),
  ]
  const queueWaits = createBuckets()
  queueWaits.record(9)
  const traffic = new RouteTraffic()
  traffic.end(0, 200, backends[1], 5)
  const routes = [{ key: 'k', match: 'x-a="b"\n', pool: 'web', requests: 1, refused: 0, traffic }]
  const clients = { isUp: true, ageMs: 250, size: 3 }
  const counted = { queued: 12, queueTimeouts: 3, turnedAway: 2, waiting: 1 }
  const sticky = { counters: { hits: 5, misses: 3, moved: 2 }, sessions: 9 }
  const deploy = {
    id: 3,
    phase: 'canary',
    over: false,
    since: generation.at,
    detail: 'the new members are healthy',
    progress: 'canary: 1 of 2 s',
    counters: { done: 2, failed: 1, 'rolled-back': 4, aborted: 0 },
  } as const
  const facts = {
    strategyFacts,
    sources: [source],
    sticky,
    deploy,
    queueWaits,
    inflight: 2,
    maxInflight: 40,
    counters: counted,
  }
  const pools = [fakePool(backends, { strategy: './mine.ts', ...facts })]
  const overload = { isShedding: true, lagMs: 250 }
  const lags = createBuckets()
  lags.record(250)
  const loop = { lagMs: 250, lags }
  const lastReload = { at: generation.at, ok: true, origin: 'watch', problems: [] }
  const reload = { generation, lastReload, reloads: reloadLedger.create() }
  const certificate = { names: ['a.test'], issuer: 'CA', kind: 'ecdsa', notAfter: 1000, fingerprint: 'AA' } as const
  const listeners = [{ name: 'web', address: '127.0.0.1:443', certificates: [certificate] }]
  const limits = [limit('pool', 'web', 1)]
  const fleet = fakeFleet()
  return fakeEdge([], {
    listeners,
    pools,
    providers: [provider],
    routes,
    clients,
    overload,
    loop,
    limits,
    reload,
    fleet,
  })
}

const oneRequest = { ...fakeBackend().counters, requests: 1 }

const limit = (kind: 'route' | 'pool', name: string, refused: number): LimitView => ({
  owner: { kind, name },
  name: 'per-address',
  kind: 'rate',
  counters: { refused, reported: 4 },
  keys: 7,
  evicted: 2,
})

const provider: ProviderView = {
  name: 'docker x',
  presence: { kind: 'away', since: 0, reason: 'gone' },
  routes: 3,
  pools: 2,
  skipped: [{ entry: 'a', reason: 'is none' }],
}

const source: SourceView = {
  name: 'dns web.internal',
  members: 3,
  presence: { kind: 'away', since: 0, reason: 'nobody answers' },
  knownAt: 0,
  ageMs: 4500,
  skipped: { count: 2, first: [] },
  heldBack: undefined,
  counters: { ...sourceLedger.create(), updates: 5, failures: 1 },
}

const generation = { number: 7, at: '2026-01-01T00:00:00.000Z', origin: 'watch', summary: 'x' }
const strategyFacts = {
  name: 'mine',
  file: undefined,
  version: 'two',
  faults: 4,
  swaps: 2,
  lastFault: undefined,
  nsPerPick: 120,
  loadedAt: 0,
  revertedBecause: 'version two had 10 faults',
}

/** Of the clients' database. */
const TABLES = ['smartedge_plans', 'smartedge_changes', 'smartedge_version']

describe('metrics page', () => {
  test('passes a strict parser, hostile names included', () => {
    const families = parseMetrics(pageOf(busyEdge()))
    expect(families.length).toBeGreaterThan(25)
    expect(valueOf(families, 'smartedge_backend_up', { pool: 'web', backend: 'b"\\\n:80' })).toBe(0)
    expect(valueOf(families, 'smartedge_backend_up', { pool: 'web', backend: 'unix:/run/c.sock' })).toBe(1)
  })

  test('tells what is under way against its bounds, and who waits', () => {
    const families = parseMetrics(pageOf(busyEdge()))
    const told = (name: string) => valueOf(families, `smartedge_${name}`, { pool: 'web' })
    expect(['pool_inflight', 'pool_inflight_limit', 'pool_waiting'].map(told)).toEqual([2, 40, 1])
    expect(['pool_queued_total', 'pool_queue_timeouts_total', 'pool_turned_away_total'].map(told)).toEqual([12, 3, 2])
    expect(valueOf(families, 'smartedge_backend_inflight_limit', { pool: 'web', backend: 'a:80' })).toBe(Infinity)
  })

  test('tells of who adds routes', () => {
    const families = parseMetrics(pageOf(fakeEdge([], { providers: [provider] })))
    const told = (what: string) => valueOf(families, `smartedge_provider_${what}`, { provider: 'docker x' })
    expect(['routes', 'away', 'skipped'].map(told)).toEqual([3, 1, 1])
  })

  test('tells of the sources of a pool, of two that are called alike, too', () => {
    const pools = [fakePool([], { sources: [source, { ...source, members: 1 }] })]
    const families = parseMetrics(pageOf(fakeEdge([], { pools })))
    const told = (name: string, of: string) =>
      valueOf(families, `smartedge_discovery_${name}`, { pool: 'web', source: of })
    const { name } = source
    expect([told('members', name), told('members', `${name} #2`)]).toEqual([3, 1])
    expect(['away', 'age_seconds', 'skipped', 'held'].map((what) => told(what, name))).toEqual([1, 4.5, 2, 0])
    expect(['updates_total', 'failures_total'].map((what) => told(what, name))).toEqual([5, 1])
  })

  test('tells of overload where somebody looks for it', () => {
    const families = parseMetrics(pageOf(busyEdge()))
    expect(['shedding', 'loop_lag_seconds'].map((name) => valueOf(families, `smartedge_${name}`, {}))).toEqual([
      1, 0.25,
    ])
    expect(pageOf(fakeEdge([]))).not.toContain('smartedge_shedding')
  })

  test('tells who keeps requests from a backend', () => {
    const families = parseMetrics(pageOf(busyEdge()))
    const told = (backend: string) => {
      const labels = { pool: 'web', backend }
      const held = (by: string) => valueOf(families, 'smartedge_backend_held_out', { ...labels, by })
      return [valueOf(families, 'smartedge_backend_usable', labels), ...['operator', 'checks', 'traffic'].map(held)]
    }
    expect(told('a:80')).toEqual([1, 0, 0, 0])
    expect(told('b"\\\n:80')).toEqual([0, 0, 1, 0])
    expect(told('unix:/run/c.sock')).toEqual([0, 1, 0, 0])
  })

  test('passes promtool', () => {
    expect(judgeMetrics(pageOf(busyEdge()))).toBe('')
  })

  test('in OpenMetrics tells the same series, and passes the parser of its reference client', () => {
    const page = pageOf(busyEdge(), 'openmetrics')
    const samples = (families: Family[]) => families.flatMap((family) => family.samples)
    expect(samples(parseOpenMetrics(page))).toEqual(samples(parseMetrics(pageOf(busyEdge()))))
    expect(judgeOpenMetrics(page)).toBe('')
  })

  test('knows all its metrics beforehand, as they are', () => {
    const told = parseMetrics(pageOf(busyEdge()))
    const known = knownMetrics.map(({ name, type }) => [name, type === 'info' ? 'gauge' : type])
    expect(told.map(({ name, type }) => [name, type])).toEqual(known)
    for (const { name, samples } of told) {
      const labels = new Set(knownMetrics.find((metric) => metric.name === name)?.labels.map((label) => label.name))
      const others = samples.flatMap((sample) => Object.keys(sample.labels)).filter((label) => !labels.has(label))
      expect([name, others.filter((label) => label !== 'le')]).toEqual([name, []])
    }
  })

  test('names no metric in the documentation that there is not', async () => {
    const names = new Set([...knownMetrics.map(({ name }) => name), ...TABLES])
    const docs = new URL('../../../docs/', import.meta.url)
    const pages = await Array.fromAsync(new Bun.Glob('**/*.md').scan({ cwd: docs.pathname }))
    expect(pages.length).toBeGreaterThan(10)
    for (const page of pages) {
      const text = await Bun.file(new URL(page, docs)).text()
      // Behind $ there are variables of nginx.
      const named = [...text.matchAll(/(?<!\$)\b((?:smartedge|process)_[a-z_]+[a-z])\b/g)].map(([name]) => name)
      const bare = named.map((name) => name.replace(/(?<=_seconds)_(?:bucket|sum|count)$/, ''))
      expect([page, bare.filter((name) => !names.has(name))]).toEqual([page, []])
    }
  })

  test('comes in slices, in each of which little is done', () => {
    const backends = Array.from({ length: 5000 }, (_, index) =>
      fakeBackend({ id: `${index}:80`, counters: oneRequest }),
    )
    const slices = [...renderMetrics({ edge: fakeEdge(backends), process: fakeProcess }, 'text')]
    expect(slices.length).toBeGreaterThan(50)
    expect(Math.max(...slices.map(({ length }) => length))).toBeLessThan(70 * 1024)
    expect(parseMetrics(slices.join('')).find(({ name }) => name === 'smartedge_backend_up')?.samples).toHaveLength(
      5000,
    )
  })

  test('tells of the clients database, however much is known', () => {
    const of = (clients: ClientsView) => {
      const families = parseMetrics(pageOf(fakeEdge([], { clients })))
      return ['clients', 'client_store_up', 'client_store_age_seconds'].map((name) =>
        valueOf(families, `smartedge_${name}`),
      )
    }
    expect(of({ isUp: true, ageMs: 250, size: 3 })).toEqual([3, 1, 0.25])
    expect(of({ isUp: false, ageMs: undefined, size: 0 })).toEqual([0, 0, undefined])
  })

  test('tells how the source of the configuration is followed', () => {
    const of = (facts: Partial<FleetStatus>) => {
      const families = parseMetrics(pageOf(fakeEdge([], { fleet: fakeFleet(facts) })))
      return ['source_up', 'refused', 'source_generation'].map((name) => valueOf(families, `smartedge_config_${name}`))
    }
    expect(of({})).toEqual([1, 0, 7])
    expect(of({ presence: 'away', state: 'refused', generation: null })).toEqual([0, 1, undefined])
    expect(of({ presence: 'waiting', state: 'waiting' })).toEqual([1, 0, 7])
  })

  test('tells a backend by its pool and its id', () => {
    const families = parseMetrics(pageOf(busyEdge()))
    const labels = { pool: 'web', backend: 'a:80' }
    expect(valueOf(families, 'smartedge_backend_requests_total', labels)).toBe(9)
    expect(valueOf(families, 'smartedge_backend_inflight', labels)).toBe(2)
    expect(valueOf(families, 'smartedge_backend_weight', labels)).toBe(0.5)
    expect(valueOf(families, 'smartedge_backend_failures_total', { ...labels, cause: 'reset' })).toBe(2)
    expect(valueOf(families, 'smartedge_backend_failures_total', { ...labels, cause: 'local' })).toBe(4)
    expect(valueOf(families, 'smartedge_backend_responses_total', { ...labels, class: '4xx' })).toBe(1)
  })

  test('counts for each limit whom it refused and would have, what it holds and what it forgot', () => {
    const limits = [limit('route', '/a* to web', 1), limit('route', '/a* to web', 2), limit('pool', 'web', 3)]
    const page = pageOf(fakeEdge([], { limits }))
    const families = parseMetrics(page)
    const of = (labels: Record<string, string>, name = 'smartedge_limit_refused_total') =>
      valueOf(families, name, { ...labels, limit: 'per-address' })
    expect([of({ route: '/a* to web' }), of({ route: '/a* to web #2' }), of({ pool: 'web' })]).toEqual([1, 2, 3])
    const others = ['limit_reported_total', 'limit_keys', 'limit_evictions_total']
    expect(others.map((name) => of({ pool: 'web' }, `smartedge_${name}`))).toEqual([4, 7, 2])
    expect(pageOf(fakeEdge([]))).not.toContain('smartedge_limit_')
  })

  test('counts requests of sticky sessions by pool and result, and what is remembered', () => {
    const families = parseMetrics(pageOf(busyEdge()))
    const requests = (result: string) => valueOf(families, 'smartedge_sticky_requests_total', { pool: 'web', result })
    expect(['hit', 'miss', 'moved'].map(requests)).toEqual([5, 3, 2])
    expect(valueOf(families, 'smartedge_sticky_sessions', { pool: 'web' })).toBe(9)
  })

  test('gives durations in seconds, in buckets that add up', () => {
    const families = parseMetrics(pageOf(busyEdge()))
    const name = 'smartedge_backend_request_duration_seconds'
    const labels = { pool: 'web', backend: 'a:80' }
    expect(valueOf(families, `${name}_bucket`, { ...labels, le: '0.0005' })).toBe(1)
    expect(valueOf(families, `${name}_bucket`, { ...labels, le: '60.0' })).toBe(2)
    expect(valueOf(families, `${name}_count`, labels)).toBe(3)
    expect(valueOf(families, `${name}_sum`, labels)).toBeCloseTo(80.0034, 6)
  })

  test('exposes every counter of the edge', () => {
    const counters = edgeLedger.create()
    const names = Object.keys(counters) as (keyof typeof counters)[]
    names.forEach((name, index) => (counters[name] = 1_000_001 + index))
    const families = parseMetrics(pageOf(fakeEdge([], { counters })))
    const values = new Set(families.flatMap((family) => family.samples.map((sample) => sample.value)))
    expect(names.filter((_, index) => !values.has(1_000_001 + index))).toEqual([])
    expect(valueOf(families, 'smartedge_responses_total', { class: '5xx' })).toBe(counters.responses5xx)
  })

  test('leaves out what has no series: no pools, no traffic', () => {
    const none = pageOf(fakeEdge([], { pools: [] }))
    expect(none).not.toContain('smartedge_backend_')
    expect(pageOf(fakeEdge([]))).not.toContain('sticky')
    const sticky = { counters: { hits: 0, misses: 0, moved: 0 }, sessions: undefined }
    const byCookie = fakeEdge([], { pools: [fakePool([], { sticky })] })
    expect(pageOf(byCookie)).not.toContain('sticky_sessions')
    expect(pageOf(fakeEdge([fakeBackend()]))).not.toContain('duration_seconds')
  })

  test('tells of reloads and of the configuration in force', () => {
    const lastReload = { at: generation.at, ok: false, origin: 'watch', problems: ['a.json:1:1: x'] }
    const reloads = { applied: 6, unchanged: 1, partial: 2, refused: 3 }
    const of = (reload: ReloadStatus) => parseMetrics(pageOf(fakeEdge([], { reload })))
    const families = of({ generation, lastReload, reloads })
    expect(valueOf(families, 'smartedge_generation')).toBe(7)
    expect(valueOf(families, 'smartedge_last_reload_ok')).toBe(0)
    for (const [result, count] of Object.entries(reloads))
      expect(valueOf(families, 'smartedge_reloads_total', { result })).toBe(count)
    expect(
      valueOf(of({ generation, lastReload: { ...lastReload, ok: true }, reloads }), 'smartedge_last_reload_ok'),
    ).toBe(1)
    expect(valueOf(of({ generation, lastReload: null, reloads }), 'smartedge_last_reload_ok')).toBe(1)
  })

  test('tells what the strategy of each pool has done wrong', () => {
    const families = parseMetrics(pageOf(busyEdge()))
    const told = ['faults_total', 'swaps_total', 'reverted'].map((name) =>
      valueOf(families, `smartedge_strategy_${name}`, { pool: 'web' }),
    )
    expect(told).toEqual([4, 2, 1])
  })

  test('names process metrics as every Prometheus client does', () => {
    const families = parseMetrics(pageOf(fakeEdge([])))
    expect(valueOf(families, 'process_resident_memory_bytes')).toBe(50_000_000)
    expect(valueOf(families, 'process_start_time_seconds')).toBe(Date.UTC(2026, 0, 1) / 1000)
    expect(valueOf(families, 'smartedge_build_info', { version: '1.2.3', runtime: 'bun 1.4.5' })).toBe(1)
  })
})
