/**
 * The metrics SmartEdge exposes: the ledgers of `core/observe/counters.ts` and the tables below are the list, `docs/operations.md` the explanation. Public
 * format: add, never rename.
 */
import { bucketBoundsMs } from '../observe/buckets.ts'
import {
  backendLedger,
  edgeLedger,
  limitLedger,
  poolLedger,
  reloadLedger,
  sourceLedger,
  stickyLedger,
} from '../observe/counters.ts'
import type { CounterSpecs, CountersOf, Ledger } from '../observe/ledger.ts'
import { createMetricPage, formatLabels, type MetricPage, type MetricType } from './prometheus.ts'
import type { ReloadStatus } from './reload-status.ts'
import { effectiveWeightOf } from './snapshot.ts'
import {
  type BackendView,
  type DegradedView,
  type EdgeView,
  holdOwners,
  isUsable,
  type LimitView,
  type OverloadView,
  type PoolView,
  type ProcessView,
  type SourceView,
  type StrategyFacts,
} from './view.ts'

/** One line of a table: samples of `source` under a name without the `smartedge_` prefix. */
type Row<Source> = readonly [name: string, type: MetricType, help: string, read: (source: Source) => number]

const backendRows: readonly Row<BackendView>[] = [
  ['backend_up', 'gauge', '0 when checks or traffic found the backend unusable.', (b) => isUp(b)],
  [
    'backend_usable',
    'gauge',
    '1 while the backend takes new requests, or would if its tier were needed.',
    (b) => Number(isUsable(b)),
  ],
  ['backend_weight', 'gauge', 'Relative share of the backend, as configured.', (b) => b.configuredWeight],
  ['backend_effective_weight', 'gauge', 'What that comes to now: 0 while it takes no requests.', effectiveWeightOf],
  ['backend_inflight', 'gauge', 'Attempts begun and not ended.', (b) => b.inflight],
  ['backend_inflight_limit', 'gauge', 'The most at once, configured or found; +Inf: no bound.', (b) => b.maxInflight],
]

const poolRows: readonly Row<PoolView>[] = [
  ['pool_inflight', 'gauge', 'Attempts begun and not ended, in the whole pool.', (p) => p.inflight],
  ['pool_inflight_limit', 'gauge', 'The most at once; +Inf: no bound.', (p) => p.maxInflight],
]

const strategyRows: readonly Row<StrategyFacts>[] = [
  ['strategy_faults_total', 'counter', 'Throws and strangers that strategies returned.', (s) => s.faults],
  ['strategy_swaps_total', 'counter', 'Versions that took over, former ones included.', (s) => s.swaps],
  [
    'strategy_reverted',
    'gauge',
    '1 while the strategy as configured does not run: it failed.',
    (s) => (s.revertedBecause === undefined ? 0 : 1),
  ],
]

const sourceRows: readonly Row<SourceView>[] = [
  ['discovery_members', 'gauge', 'Members that the source has found.', (s) => s.members],
  [
    'discovery_away',
    'gauge',
    '1 while the source cannot be had, or lists nobody.',
    (s) => Number(s.presence.kind === 'away'),
  ],
  [
    'discovery_age_seconds',
    'gauge',
    'How long ago its members were last known to be what it lists, while it is away; else 0.',
    (s) => s.ageMs / 1000,
  ],
  ['discovery_skipped', 'gauge', 'Entries of its newest list that are left out.', (s) => s.skipped.count],
  [
    'discovery_held',
    'gauge',
    '1 while a list that has lost more than half is held back.',
    (s) => Number(s.heldBack !== undefined),
  ],
]

const limitRows: readonly Row<LimitView>[] = [
  [
    'limit_keys',
    'gauge',
    'Addresses, clients or whatever the limit counts by, that something is held of.',
    (l) => l.keys,
  ],
  [
    'limit_evictions_total',
    'counter',
    'Those forgotten for want of room that had used something up.',
    (l) => l.evicted,
  ],
]

const overloadRows: readonly Row<OverloadView>[] = [
  ['shedding', 'gauge', '1 while requests are refused since the process is overloaded.', (o) => (o.isShedding ? 1 : 0)],
  ['loop_lag_seconds', 'gauge', 'How late the event loop came round.', (o) => o.lagMs / 1000],
]

const reloadRows: readonly Row<ReloadStatus>[] = [
  ['generation', 'gauge', 'Number of the configuration in force, from 1.', ({ generation }) => generation.number],
  [
    'last_reload_ok',
    'gauge',
    '0 when not all that the newest reload asked for is in force.',
    ({ lastReload }) => (lastReload?.ok === false ? 0 : 1),
  ],
]

const processRows: readonly Row<ProcessView>[] = [
  ['process_resident_memory_bytes', 'gauge', 'Resident memory.', (p) => p.residentBytes],
  ['process_cpu_seconds_total', 'counter', 'User and system CPU time.', (p) => p.cpuSeconds],
  ['process_start_time_seconds', 'gauge', 'Start, since 1970-01-01 UTC.', (p) => p.startedAt / 1000],
]

const degradedCauses = ['restraint', 'panic', 'nobody-left'] as const satisfies readonly DegradedView['cause'][]
const boundsSeconds = bucketBoundsMs.map((bound) => bound / 1000)

const isUp = (backend: BackendView): number => (backend.standing.health === 'unhealthy' ? 0 : 1)

/** The whole page, newline at its end. 1,000 backends with traffic: 10 ms, 3 MiB (`bun bench/micro/metrics.ts`). */
export function renderMetrics(edge: EdgeView, process: ProcessView): string {
  const page = createMetricPage()
  page.family('smartedge_build_info', 'gauge', 'Always 1; the labels say what runs.')
  page.sample(formatLabels({ version: process.version, runtime: process.runtime }), 1)
  for (const [name, type, help, read] of processRows) {
    page.family(name, type, help)
    page.sample('', read(process))
  }
  renderLedger(page, edgeLedger, [{ labels: '', counters: edge.counters }])
  if (edge.overload !== undefined) renderRows(page, overloadRows, edge.overload)
  if (edge.reload !== undefined) renderReload(page, edge.reload)
  renderStrategies(page, edge)
  renderPools(page, edge)
  renderSources(page, edge)
  renderSticky(page, edge)
  if (edge.limits !== undefined) renderLimits(page, edge.limits)
  renderBackends(page, edge)
  return page.text()
}

/** Of what there is one of. */
function renderRows<Source>(page: MetricPage, rows: readonly Row<Source>[], source: Source): void {
  for (const [name, type, help, read] of rows) {
    page.family(`smartedge_${name}`, type, help)
    page.sample('', read(source))
  }
}

function renderReload(page: MetricPage, reload: ReloadStatus): void {
  renderRows(page, reloadRows, reload)
  renderLedger(page, reloadLedger, [{ labels: '', counters: reload.reloads }])
}

function renderStrategies(page: MetricPage, edge: EdgeView): void {
  const known = edge.pools.flatMap(({ name, strategyFacts: facts }) =>
    facts === undefined ? [] : [{ facts, labels: formatLabels({ pool: name }) }],
  )
  if (known.length === 0) return
  for (const [name, type, help, read] of strategyRows) {
    page.family(`smartedge_${name}`, type, help)
    for (const { facts, labels } of known) page.sample(labels, read(facts))
  }
}

function renderPools(page: MetricPage, { pools }: EdgeView): void {
  const labelled = pools.map((pool) => ({ pool, labels: formatLabels({ pool: pool.name }), counters: pool.counters }))
  for (const [name, type, help, read] of poolRows) {
    page.family(`smartedge_${name}`, type, help)
    for (const { pool, labels } of labelled) page.sample(labels, read(pool))
  }
  page.family('smartedge_pool_degraded', 'gauge', '1 while backends are used that something holds out, by cause.')
  for (const { pool, labels } of labelled)
    for (const cause of degradedCauses)
      page.sample(`${labels},cause="${cause}"`, Number(pool.degraded?.cause === cause))
  renderLedger(page, poolLedger, labelled)
}

function renderSources(page: MetricPage, { pools }: EdgeView): void {
  const labelled = pools.flatMap(({ name: pool, sources = [] }) =>
    sources.map((source, index) => {
      // Two of a pool may be called alike, and no two samples may.
      const times = sources.slice(0, index).filter(({ name }) => name === source.name).length
      const name = times === 0 ? source.name : `${source.name} #${times + 1}`
      return { source, labels: formatLabels({ pool, source: name }), counters: source.counters }
    }),
  )
  if (labelled.length === 0) return
  for (const [name, type, help, read] of sourceRows) {
    page.family(`smartedge_${name}`, type, help)
    for (const { source, labels } of labelled) page.sample(labels, read(source))
  }
  renderLedger(page, sourceLedger, labelled)
}

function renderSticky(page: MetricPage, edge: EdgeView): void {
  const pools = edge.pools.flatMap(({ name, sticky }) =>
    sticky === undefined ? [] : [{ ...sticky, labels: formatLabels({ pool: name }) }],
  )
  if (pools.length === 0) return
  renderLedger(page, stickyLedger, pools)
  const learning = pools.filter(({ sessions }) => sessions !== undefined)
  if (learning.length === 0) return
  page.family('smartedge_sticky_sessions', 'gauge', 'Learned sessions that are remembered.')
  for (const { labels, sessions = 0 } of learning) page.sample(labels, sessions)
}

function renderLimits(page: MetricPage, limits: readonly LimitView[]): void {
  const told = new Map<string, number>()
  const labelled = limits.map((limit) => {
    const { kind, name } = limit.owner
    // A rule in words leaves its secrets out, so that two may be told alike, and no two samples may.
    const key = `${limit.name} ${kind} ${name}`
    const times = (told.get(key) ?? 0) + 1
    told.set(key, times)
    const owner = times === 1 ? name : `${name} #${times}`
    return { limit, labels: formatLabels({ [kind]: owner, limit: limit.name }), counters: limit.counters }
  })
  for (const [name, type, help, read] of limitRows) {
    page.family(`smartedge_${name}`, type, help)
    for (const { limit, labels } of labelled) page.sample(labels, read(limit))
  }
  renderLedger(page, limitLedger, labelled)
}

function renderBackends(page: MetricPage, edge: EdgeView): void {
  const backends = edge.pools.flatMap((pool) =>
    pool.backends.map((backend) => ({ backend, labels: formatLabels({ pool: pool.name, backend: backend.id }) })),
  )
  // A family without samples is valid but says nothing, and no metric below has any.
  if (backends.length === 0) return
  for (const [name, type, help, read] of backendRows) {
    page.family(`smartedge_${name}`, type, help)
    for (const { backend, labels } of backends) page.sample(labels, read(backend))
  }
  page.family('smartedge_backend_held_out', 'gauge', '1 while this keeps new requests from the backend.')
  for (const { backend, labels } of backends)
    for (const owner of holdOwners)
      page.sample(`${labels},by="${owner}"`, Number(backend.standing.holds.some(({ by }) => by === owner)))
  renderLedger(
    page,
    backendLedger,
    backends.map(({ backend, labels }) => ({ labels, counters: backend.counters })),
  )
  renderDurations(page, backends)
}

/** All metrics of a ledger, for each record that there is. */
function renderLedger<Specs extends CounterSpecs>(
  page: MetricPage,
  { families }: Ledger<Specs>,
  records: readonly { readonly labels: string; readonly counters: Readonly<CountersOf<Specs>> }[],
): void {
  for (const { name, type, help, samples } of families) {
    page.family(`smartedge_${name}`, type, help)
    const texts = samples.map(({ key, label }) => ({ key, own: label ? formatLabels({ [label[0]]: label[1] }) : '' }))
    for (const { labels, counters } of records)
      for (const { key, own } of texts) page.sample(joined(labels, own), counters[key])
  }
}

const joined = (labels: string, own: string): string => (labels === '' ? own : own === '' ? labels : `${labels},${own}`)

/** A backend without traffic has no histogram yet: 10,000 idle ones would cost 190,000 lines of zeros a scrape. */
function renderDurations(page: MetricPage, backends: readonly { backend: BackendView; labels: string }[]): void {
  const measured = backends.flatMap(({ backend, labels }) =>
    backend.latency.buckets ? [{ buckets: backend.latency.buckets, labels }] : [],
  )
  if (measured.length === 0) return
  page.family('smartedge_backend_request_duration_seconds', 'histogram', 'From the start of an attempt to its end.')
  for (const { buckets, labels } of measured)
    page.histogram(labels, boundsSeconds, buckets.counts, buckets.sumMs / 1000)
}
