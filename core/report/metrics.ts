/**
 * The metrics SmartEdge exposes: the ledgers of `core/observe/counters.ts` and the groups here are the list, from which
 * `docs/metrics.md` is made. Public format: add, never rename.
 */
import {
  deployLedger,
  type EdgeCounters,
  edgeLedger,
  limitLedger,
  poolLedger,
  reloadLedger,
  stickyLedger,
} from '../observe/counters.ts'
import { backendGroup, busyBackendGroup } from './backend-metrics.ts'
import { providerGroup, sourceGroup } from './found-metrics.ts'
import {
  counter,
  type DescribedMetric,
  flags,
  gauge,
  group,
  histogram,
  ledgerMetrics,
  type Metric,
  type MetricGroup,
} from './metric-group.ts'
import { createMetricPage, type Labels, type MetricFormat } from './prometheus.ts'
import { certificateGroup } from './certificate-metrics.ts'
import { fleetGroup } from './fleet-metrics.ts'
import type { ReloadStatus } from './reload-status.ts'
import { answerGroup, routeGroup } from './route-metrics.ts'
import { deployPhases } from './view.ts'
import type {
  ClientsView,
  CostlyProcessView,
  DegradedView,
  DeployPhaseView,
  EdgeView,
  LimitView,
  LoopView,
  OverloadView,
  PoolView,
  StickyView,
  StrategyFacts,
} from './view.ts'
import { uniqueNames } from './unique-names.ts'

/** All that is told of. */
export interface MetricsView {
  readonly edge: EdgeView
  readonly process: CostlyProcessView
}

/** Of what there is one of, or nothing. */
const one = <Source>(
  find: (view: MetricsView) => Source | undefined,
  metrics: readonly Metric<Source>[],
): MetricGroup<MetricsView> =>
  group({
    labels: [],
    sources(view) {
      const source = find(view)
      return source === undefined ? [] : [[{}, source]]
    },
    metrics,
  })

/** Of each pool that has it. */
const ofPools = <Source>(
  find: (pool: PoolView) => Source | undefined,
  metrics: readonly Metric<Source>[],
): MetricGroup<MetricsView> =>
  group({
    labels: ['pool'],
    *sources({ edge }) {
      for (const pool of edge.pools) {
        const source = find(pool)
        yield source === undefined ? undefined : [{ pool: pool.name }, source]
      }
    },
    metrics,
  })

const processGroup = one<CostlyProcessView>(
  ({ process }) => process,
  [
    gauge('process_resident_memory_bytes', 'Resident memory.', (p) => p.residentBytes),
    counter('process_cpu_seconds_total', 'User and system CPU time.', (p) => p.cpuSeconds),
    gauge('process_start_time_seconds', 'Start, since 1970-01-01 UTC.', (p) => p.startedAt / 1000),
    gauge('process_open_fds', 'File descriptors open.', (p) => p.openDescriptors),
    gauge('process_max_fds', 'The most file descriptors.', (p) => p.maxDescriptors),
    gauge('smartedge_heap_bytes', 'Memory of JavaScript objects.', (p) => p.heapBytes),
  ],
)

const buildGroup = group<MetricsView, undefined>({
  labels: ['version', 'runtime'],
  sources: ({ process: { version, runtime } }) => [[{ version, runtime }, undefined]],
  metrics: [
    {
      name: 'smartedge_build_info',
      type: 'info',
      help: 'Always 1; the labels say what runs.',
      labels: [],
      write: (page, labels) => page.sample(labels, 1),
    },
  ],
})

const edgeGroup = one<Readonly<EdgeCounters>>(
  ({ edge }) => edge.counters,
  ledgerMetrics(edgeLedger, (counters: Readonly<EdgeCounters>) => counters),
)

const loopGroup = one<LoopView>(
  ({ edge }) => edge.loop,
  [
    gauge('smartedge_loop_lag_seconds', 'How late the event loop came round, newest.', (l) => l.lagMs / 1000),
    histogram('smartedge_loop_delay_seconds', 'How late the event loop came round, at each look.', (l) => l.lags),
  ],
)

const overloadGroup = one<OverloadView>(
  ({ edge }) => edge.overload,
  [
    gauge('smartedge_shedding', '1 while requests are refused since the process is overloaded.', (o) =>
      Number(o.isShedding),
    ),
  ],
)

const reloadGroup = one<ReloadStatus>(
  ({ edge }) => edge.reload,
  [
    gauge('smartedge_generation', 'Number of the configuration in force, from 1.', (r) => r.generation.number),
    gauge('smartedge_generation_timestamp_seconds', 'When it came into force, since 1970-01-01 UTC.', (r) =>
      secondsOf(r.generation.at),
    ),
    gauge('smartedge_last_reload_ok', '0 when not all that the newest reload asked for is in force.', (r) =>
      Number(r.lastReload?.ok !== false),
    ),
    gauge('smartedge_last_reload_timestamp_seconds', 'When the newest reload was, since 1970-01-01 UTC.', (r) =>
      r.lastReload === null ? undefined : secondsOf(r.lastReload.at),
    ),
    ...ledgerMetrics(reloadLedger, (r: ReloadStatus) => r.reloads),
  ],
)

const secondsOf = (isoTime: string): number => Date.parse(isoTime) / 1000

const clientsGroup = one<ClientsView>(
  ({ edge }) => edge.clients,
  [
    gauge('smartedge_clients', "Clients known of the clients' database.", (c) => c.size),
    gauge('smartedge_client_store_up', "0 while the clients' database cannot be had.", (c) => Number(c.isUp)),
    gauge('smartedge_client_store_age_seconds', 'How old what is known of clients is at most.', (c) =>
      c.ageMs === undefined ? undefined : c.ageMs / 1000,
    ),
  ],
)

const degradedCauses = ['restraint', 'panic', 'nobody-left'] as const satisfies readonly DegradedView['cause'][]

const poolGroup = ofPools<PoolView>(
  (pool) => pool,
  [
    gauge('smartedge_pool_inflight', 'Attempts begun and not ended, in the whole pool.', (p) => p.inflight),
    gauge('smartedge_pool_inflight_limit', 'The most at once; +Inf: no bound.', (p) => p.maxInflight),
    flags(
      {
        name: 'smartedge_pool_degraded',
        help: '1 while backends are used that something holds out, by cause.',
        label: 'cause',
        values: degradedCauses,
      },
      (pool, cause) => pool.degraded?.cause === cause,
    ),
    ...ledgerMetrics(poolLedger, (p: PoolView) => p.counters),
    histogram(
      'smartedge_pool_queue_wait_seconds',
      'How long requests waited for room, however that ended.',
      (p) => p.queueWaits,
    ),
  ],
)

const deployGroup = ofPools<DeployPhaseView>(
  (pool) => pool.deploy,
  [
    flags(
      {
        name: 'smartedge_pool_deploy',
        help: '1 at the phase of the pool’s deploy under way, or of the last one.',
        label: 'phase',
        values: deployPhases,
      },
      (deploy, phase) => deploy.phase === phase,
    ),
    ...ledgerMetrics(deployLedger, (deploy: DeployPhaseView) => deploy.counters),
  ],
)

const strategyGroup = ofPools<StrategyFacts>(
  (pool) => pool.strategyFacts,
  [
    counter('smartedge_strategy_faults_total', 'Throws and strangers that strategies returned.', (s) => s.faults),
    counter('smartedge_strategy_swaps_total', 'Versions that took over, former ones included.', (s) => s.swaps),
    gauge('smartedge_strategy_reverted', '1 while the strategy as configured does not run: it failed.', (s) =>
      Number(s.revertedBecause !== undefined),
    ),
    gauge('smartedge_strategy_pick_seconds', 'What a pick takes: the median of some.', (s) =>
      s.nsPerPick === undefined ? undefined : s.nsPerPick / 1e9,
    ),
  ],
)

const stickyGroup = ofPools<StickyView>(
  (pool) => pool.sticky,
  [
    ...ledgerMetrics(stickyLedger, (s: StickyView) => s.counters),
    gauge('smartedge_sticky_sessions', 'Learned sessions that are remembered.', (s) => s.sessions),
  ],
)

const limitGroup = group<MetricsView, LimitView>({
  // One of the first two.
  labels: ['route', 'pool', 'limit'],
  *sources({ edge: { limits = [] } }) {
    const nameOf = uniqueNames()
    for (const limit of limits) {
      const { kind, name } = limit.owner
      const labels: Labels = { [kind]: nameOf(name, `${limit.name} ${kind}`), limit: limit.name }
      yield [labels, limit]
    }
  },
  metrics: [
    gauge(
      'smartedge_limit_keys',
      'Addresses, clients or whatever the limit counts by, that something is held of.',
      (l) => l.keys,
    ),
    counter(
      'smartedge_limit_evictions_total',
      'Those forgotten for want of room that had used something up.',
      (l) => l.evicted,
    ),
    ...ledgerMetrics(limitLedger, (l: LimitView) => l.counters),
  ],
})

const groups: readonly MetricGroup<MetricsView>[] = [
  buildGroup,
  processGroup,
  edgeGroup,
  loopGroup,
  overloadGroup,
  reloadGroup,
  fleetGroup,
  clientsGroup,
  certificateGroup,
  routeGroup,
  answerGroup,
  poolGroup,
  deployGroup,
  strategyGroup,
  sourceGroup,
  providerGroup,
  stickyGroup,
  limitGroup,
  backendGroup,
  busyBackendGroup,
]

/** All there may be. */
export const knownMetrics: readonly DescribedMetric[] = groups.flatMap(({ metrics }) => metrics)

/** So much work is done before others have their turn, whatever it comes to: about a quarter of a millisecond. */
const STEPS_A_SLICE = 500

/**
 * The page, slice by slice, each to be taken in a turn of its own: whatever there is to tell, none takes long. A slice may be
 * empty. 1,000 backends with traffic: 8 MiB, 40 ms in all (`bun bench/micro/metrics.ts`).
 */
export function* renderMetrics(view: MetricsView, format: MetricFormat): Generator<string, void> {
  const page = createMetricPage(format)
  let steps = 0
  for (const metrics of groups)
    for (const _ of metrics.write(page, view)) {
      steps += 1
      if (!page.isFull && steps < STEPS_A_SLICE) continue
      steps = 0
      yield page.take()
    }
  yield page.end()
}
