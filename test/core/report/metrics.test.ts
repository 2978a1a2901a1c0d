import { describe, expect, test } from 'bun:test'
import { edgeLedger, reloadLedger } from '../../../core/observe/counters.ts'
import { BackendLatency } from '../../../core/observe/histogram.ts'
import { renderMetrics } from '../../../core/report/metrics.ts'
import type { ReloadStatus } from '../../../core/report/reload-status.ts'
import type { LimitView } from '../../../core/report/view.ts'
import { downStanding, fakeBackend, fakeEdge, fakePool, fakeProcess, fakeStanding } from '../../support/edge-view.ts'
import { type Family, parseMetrics } from '../../support/metrics-parser.ts'

const valueOf = (families: Family[], name: string, labels: Record<string, string> = {}): number | undefined =>
  families
    .flatMap((family) => family.samples)
    .find((sample) => sample.name === name && Bun.deepEquals(sample.labels, labels))?.value

function busyEdge() {
  const latency = new BackendLatency({ generation: 0 })
  for (const value of [0.4, 3, 80_000]) latency.record(value)
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
  const counted = { queued: 12, queueTimeouts: 3, turnedAway: 2, waiting: 1 }
  const sticky = { counters: { hits: 5, misses: 3, moved: 2 }, sessions: 9 }
  const facts = { strategyFacts, sticky, inflight: 2, maxInflight: 40, counters: counted }
  const pools = [fakePool(backends, { strategy: './mine.ts', ...facts })]
  const overload = { isShedding: true, lagMs: 250 }
  return fakeEdge([], { pools, overload, reload: { generation, lastReload: null, reloads: reloadLedger.create() } })
}

const generation = { number: 7, at: '2026-01-01T00:00:00.000Z', origin: 'watch', summary: 'x' }
const strategyFacts = {
  name: 'mine',
  file: undefined,
  version: 'two',
  faults: 4,
  swaps: 2,
  lastFault: undefined,
  nsPerPick: undefined,
  loadedAt: 0,
  revertedBecause: 'version two had 10 faults',
}

describe('metrics page', () => {
  test('passes a strict parser, hostile names included', () => {
    const families = parseMetrics(renderMetrics(busyEdge(), fakeProcess))
    expect(families.length).toBeGreaterThan(25)
    expect(valueOf(families, 'smartedge_backend_up', { pool: 'web', backend: 'b"\\\n:80' })).toBe(0)
    expect(valueOf(families, 'smartedge_backend_up', { pool: 'web', backend: 'unix:/run/c.sock' })).toBe(1)
  })

  test('tells what is under way against its bounds, and who waits', () => {
    const families = parseMetrics(renderMetrics(busyEdge(), fakeProcess))
    const told = (name: string) => valueOf(families, `smartedge_${name}`, { pool: 'web' })
    expect(['pool_inflight', 'pool_inflight_limit', 'pool_waiting'].map(told)).toEqual([2, 40, 1])
    expect(['pool_queued_total', 'pool_queue_timeouts_total', 'pool_turned_away_total'].map(told)).toEqual([12, 3, 2])
    expect(valueOf(families, 'smartedge_backend_inflight_limit', { pool: 'web', backend: 'a:80' })).toBe(Infinity)
  })

  test('tells of overload where somebody looks for it', () => {
    const families = parseMetrics(renderMetrics(busyEdge(), fakeProcess))
    expect(['shedding', 'loop_lag_seconds'].map((name) => valueOf(families, `smartedge_${name}`, {}))).toEqual([
      1, 0.25,
    ])
    expect(renderMetrics(fakeEdge([]), fakeProcess)).not.toContain('smartedge_shedding')
  })

  test('tells who keeps requests from a backend', () => {
    const families = parseMetrics(renderMetrics(busyEdge(), fakeProcess))
    const told = (backend: string) => {
      const labels = { pool: 'web', backend }
      const held = (by: string) => valueOf(families, 'smartedge_backend_held_out', { ...labels, by })
      return [valueOf(families, 'smartedge_backend_usable', labels), ...['operator', 'checks', 'traffic'].map(held)]
    }
    expect(told('a:80')).toEqual([1, 0, 0, 0])
    expect(told('b"\\\n:80')).toEqual([0, 0, 1, 0])
    expect(told('unix:/run/c.sock')).toEqual([0, 1, 0, 0])
  })

  test('tells of each who holds a backend out, of what it is given, and of what a pool makes of it', () => {
    const holds = (['traffic', 'breaker'] as const).map((by) => ({ by, why: '', since: 0, until: undefined }))
    const backends = [
      fakeBackend({ standing: fakeStanding({ holds }), use: 'overruled', weight: 0.25 }),
      fakeBackend({ id: 'b:80', use: 'spare' }),
    ]
    const degraded = { cause: 'panic', detail: 'a is used' } as const
    const edge = fakeEdge([], { pools: [fakePool(backends, { degraded })] })
    const families = parseMetrics(renderMetrics(edge, fakeProcess))
    const of = (name: string, labels: Record<string, string>) =>
      valueOf(families, `smartedge_${name}`, { pool: 'web', ...labels })
    const [held, spare] = [{ backend: '10.0.0.1:80' }, { backend: 'b:80' }]
    expect(['traffic', 'breaker', 'ejection'].map((by) => of('backend_held_out', { ...held, by }))).toEqual([1, 1, 0])
    expect([of('backend_effective_weight', held), of('backend_effective_weight', spare)]).toEqual([0.25, 0])
    expect([of('backend_usable', held), of('backend_usable', spare)]).toEqual([1, 1])
    expect(['panic', 'restraint'].map((cause) => of('pool_degraded', { cause }))).toEqual([1, 0])
  })

  test('passes promtool where it is installed', () => {
    const promtool = Bun.which('promtool')
    const text = renderMetrics(busyEdge(), fakeProcess)
    const verdict = promtool ? Bun.spawnSync([promtool, 'check', 'metrics'], { stdin: Buffer.from(text) }) : undefined
    expect(verdict?.stderr.toString() ?? '').toBe('')
    expect(verdict?.exitCode ?? 0).toBe(0)
  })

  test('is explained in full in the documentation', async () => {
    const documented = await Bun.file(new URL('../../../docs/operations.md', import.meta.url)).text()
    const names = parseMetrics(renderMetrics(busyEdge(), fakeProcess)).map((family) => family.name)
    expect(names.filter((name) => !documented.includes(`\`${name}\``))).toEqual([])
    const explained = [...documented.matchAll(/`((?:smartedge|process)_[a-z_]+)`/g)].map((match) => match[1])
    expect(explained.filter((name) => !names.includes(name ?? ''))).toEqual([])
  })

  test('tells a backend by its pool and its id', () => {
    const families = parseMetrics(renderMetrics(busyEdge(), fakeProcess))
    const labels = { pool: 'web', backend: 'a:80' }
    expect(valueOf(families, 'smartedge_backend_requests_total', labels)).toBe(9)
    expect(valueOf(families, 'smartedge_backend_inflight', labels)).toBe(2)
    expect(valueOf(families, 'smartedge_backend_weight', labels)).toBe(0.5)
    expect(valueOf(families, 'smartedge_backend_failures_total', { ...labels, cause: 'reset' })).toBe(2)
    expect(valueOf(families, 'smartedge_backend_failures_total', { ...labels, cause: 'local' })).toBe(4)
    expect(valueOf(families, 'smartedge_backend_responses_total', { ...labels, class: '4xx' })).toBe(1)
  })

  test('counts for each limit whom it refused and would have, what it holds and what it forgot', () => {
    const limit = (kind: 'route' | 'pool', name: string, refused: number): LimitView => ({
      owner: { kind, name },
      name: 'per-address',
      kind: 'rate',
      counters: { refused, reported: 4 },
      keys: 7,
      evicted: 2,
    })
    const limits = [limit('route', '/a* to web', 1), limit('route', '/a* to web', 2), limit('pool', 'web', 3)]
    const page = renderMetrics(fakeEdge([], { limits }), fakeProcess)
    const families = parseMetrics(page)
    const of = (labels: Record<string, string>, name = 'smartedge_limit_refused_total') =>
      valueOf(families, name, { ...labels, limit: 'per-address' })
    expect([of({ route: '/a* to web' }), of({ route: '/a* to web #2' }), of({ pool: 'web' })]).toEqual([1, 2, 3])
    const others = ['limit_reported_total', 'limit_keys', 'limit_evictions_total']
    expect(others.map((name) => of({ pool: 'web' }, `smartedge_${name}`))).toEqual([4, 7, 2])
    expect(renderMetrics(fakeEdge([]), fakeProcess)).not.toContain('smartedge_limit_')
  })

  test('counts requests of sticky sessions by pool and result, and what is remembered', () => {
    const families = parseMetrics(renderMetrics(busyEdge(), fakeProcess))
    const requests = (result: string) => valueOf(families, 'smartedge_sticky_requests_total', { pool: 'web', result })
    expect(['hit', 'miss', 'moved'].map(requests)).toEqual([5, 3, 2])
    expect(valueOf(families, 'smartedge_sticky_sessions', { pool: 'web' })).toBe(9)
  })

  test('gives durations in seconds, in buckets that add up', () => {
    const families = parseMetrics(renderMetrics(busyEdge(), fakeProcess))
    const name = 'smartedge_backend_request_duration_seconds'
    const labels = { pool: 'web', backend: 'a:80' }
    expect(valueOf(families, `${name}_bucket`, { ...labels, le: '0.0005' })).toBe(1)
    expect(valueOf(families, `${name}_bucket`, { ...labels, le: '60' })).toBe(2)
    expect(valueOf(families, `${name}_count`, labels)).toBe(3)
    expect(valueOf(families, `${name}_sum`, labels)).toBeCloseTo(80.0034, 6)
  })

  test('exposes every counter of the edge', () => {
    const counters = edgeLedger.create()
    const names = Object.keys(counters) as (keyof typeof counters)[]
    names.forEach((name, index) => (counters[name] = 1_000_001 + index))
    const families = parseMetrics(renderMetrics(fakeEdge([], { counters }), fakeProcess))
    const values = new Set(families.flatMap((family) => family.samples.map((sample) => sample.value)))
    expect(names.filter((_, index) => !values.has(1_000_001 + index))).toEqual([])
    expect(valueOf(families, 'smartedge_responses_total', { class: '5xx' })).toBe(counters.responses5xx)
  })

  test('leaves out what has no series: no pools, no traffic', () => {
    const none = renderMetrics(fakeEdge([], { pools: [] }), fakeProcess)
    expect(none).not.toContain('smartedge_backend_')
    expect(renderMetrics(fakeEdge([]), fakeProcess)).not.toContain('sticky')
    const sticky = { counters: { hits: 0, misses: 0, moved: 0 }, sessions: undefined }
    const byCookie = fakeEdge([], { pools: [fakePool([], { sticky })] })
    expect(renderMetrics(byCookie, fakeProcess)).not.toContain('sticky_sessions')
    expect(renderMetrics(fakeEdge([fakeBackend()]), fakeProcess)).not.toContain('duration_seconds')
  })

  test('tells of reloads and of the configuration in force', () => {
    const lastReload = { at: generation.at, ok: false, origin: 'watch', problems: ['a.json:1:1: x'] }
    const reloads = { applied: 6, unchanged: 1, partial: 2, refused: 3 }
    const of = (reload: ReloadStatus) => parseMetrics(renderMetrics(fakeEdge([], { reload }), fakeProcess))
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
    const families = parseMetrics(renderMetrics(busyEdge(), fakeProcess))
    const told = ['faults_total', 'swaps_total', 'reverted'].map((name) =>
      valueOf(families, `smartedge_strategy_${name}`, { pool: 'web' }),
    )
    expect(told).toEqual([4, 2, 1])
  })

  test('names process metrics as every Prometheus client does', () => {
    const families = parseMetrics(renderMetrics(fakeEdge([]), fakeProcess))
    expect(valueOf(families, 'process_resident_memory_bytes')).toBe(50_000_000)
    expect(valueOf(families, 'process_start_time_seconds')).toBe(Date.UTC(2026, 0, 1) / 1000)
    expect(valueOf(families, 'smartedge_build_info', { version: '1.2.3', runtime: 'bun 1.4.5' })).toBe(1)
  })
})
