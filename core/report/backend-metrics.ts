/**
 * What is told of each backend. One that no request has been given to yet is told of by what is known of it alone: ten
 * thousand of those would else be pages of zeros at each scrape.
 */
import { backendLedger } from '../observe/counters.ts'
import { flags, gauge, group, histogram, ledgerMetrics, type MetricGroup } from './metric-group.ts'
import type { Labels } from './prometheus.ts'
import { effectiveWeightOf } from './snapshot.ts'
import { type BackendView, breakerStates, type EdgeView, holdOwners, isUsable } from './view.ts'

interface Edges {
  readonly edge: EdgeView
}

type Labelled = readonly [labels: Labels, backend: BackendView]

function* all({ edge }: Edges): Generator<Labelled> {
  for (const pool of edge.pools)
    for (const backend of pool.backends) yield [{ pool: pool.name, backend: backend.id }, backend]
}

function* busy(view: Edges): Generator<Labelled | undefined> {
  for (const found of all(view)) yield isBusy(found[1]) ? found : undefined
}

const isBusy = ({ counters }: BackendView): boolean => counters.requests > 0

const labels = ['pool', 'backend']

export const backendGroup: MetricGroup<Edges> = group<Edges, BackendView>({
  labels,
  sources: all,
  metrics: [
    gauge('smartedge_backend_up', '0 when checks or traffic found the backend unusable.', (b) =>
      Number(b.standing.health !== 'unhealthy'),
    ),
    gauge(
      'smartedge_backend_usable',
      '1 while the backend takes new requests, or would if its tier were needed.',
      (b) => Number(isUsable(b)),
    ),
    gauge('smartedge_backend_weight', 'Relative share of the backend, as configured.', (b) => b.configuredWeight),
    gauge(
      'smartedge_backend_effective_weight',
      'What that comes to now: 0 while it takes no requests.',
      effectiveWeightOf,
    ),
    flags(
      {
        name: 'smartedge_backend_held_out',
        help: '1 while this keeps new requests from the backend.',
        label: 'by',
        values: holdOwners,
      },
      ({ standing }, owner) => standing.holds.some(({ by }) => by === owner),
      (backend) => isBusy(backend) || backend.standing.holds.length > 0,
    ),
  ],
})

export const busyBackendGroup: MetricGroup<Edges> = group<Edges, BackendView>({
  labels,
  sources: busy,
  metrics: [
    gauge('smartedge_backend_inflight', 'Attempts begun and not ended.', (b) => b.inflight),
    gauge(
      'smartedge_backend_inflight_limit',
      'The most at once, configured or found; +Inf: no bound.',
      (b) => b.maxInflight,
    ),
    flags(
      {
        name: 'smartedge_backend_breaker_state',
        help: '1 at the state that the circuit breaker is in; closed where there is none.',
        label: 'state',
        values: breakerStates,
      },
      ({ facts }, state) => facts.breaker.kind === state,
    ),
    ...ledgerMetrics(backendLedger, (b: BackendView) => b.counters),
    histogram(
      'smartedge_backend_connect_duration_seconds',
      'From the start of an attempt to its connection, where that was a new one.',
      (b) => b.latency.connects,
    ),
    histogram(
      'smartedge_backend_first_byte_duration_seconds',
      'From the start of an attempt, or the end of its request if that came later, to the head of its response.',
      (b) => b.latency.heads,
    ),
    histogram(
      'smartedge_backend_request_duration_seconds',
      'From the start of an attempt to its end.',
      (b) => b.latency.buckets,
    ),
  ],
})
