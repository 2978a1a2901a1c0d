/**
 * The metrics SmartEdge exposes: the tables below are the list, `docs/operations.md` the explanation. Public
 * format: add, never rename.
 */
import { bucketBoundsMs } from '../observe/buckets.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import { BackendLatency } from '../observe/histogram.ts'
import { createMetricPage, formatLabels, type MetricPage, type MetricType } from './prometheus.ts'
import type { BackendView, EdgeView, HoldOwner, ProcessView } from './view.ts'

/** One line of a table: samples of `source` under a name without the `smartedge_` prefix. */
type Row<Source> = readonly [name: string, type: MetricType, help: string, read: (source: Source) => number]

const edgeRows: readonly Row<Readonly<EdgeCounters>>[] = [
  ['client_connections_total', 'counter', 'Client connections accepted.', (c) => c.connectionsAccepted],
  ['client_connections_refused_total', 'counter', 'Connections closed at the cap.', (c) => c.connectionsRefused],
  ['client_connections', 'gauge', 'Client connections open.', (c) => c.connectionsOpen],
  ['requests_total', 'counter', 'Requests whose head was whole and lawful.', (c) => c.requests],
  ['bad_requests_total', 'counter', 'Heads and bodies refused as unlawful or oversized.', (c) => c.badRequests],
  ['client_timeouts_total', 'counter', 'Clients too slow over a head or a body.', (c) => c.clientTimeouts],
  ['unrouted_requests_total', 'counter', 'Requests that no route matched.', (c) => c.unrouted],
  ['unavailable_requests_total', 'counter', 'Requests for which no backend was usable.', (c) => c.unavailable],
  ['retries_total', 'counter', 'Attempts after the first of a request.', (c) => c.retries],
  ['truncated_responses_total', 'counter', 'Responses cut after they had begun.', (c) => c.truncated],
  ['abandoned_requests_total', 'counter', 'Requests whose client left before the end.', (c) => c.abandoned],
  ['tunnels_total', 'counter', 'Connections upgraded to a tunnel.', (c) => c.tunnels],
  ['tunnels', 'gauge', 'Tunnels open.', (c) => c.tunnelsOpen],
  ['client_received_bytes_total', 'counter', 'Bytes read from clients.', (c) => c.bytesFromClients],
  ['client_sent_bytes_total', 'counter', 'Bytes written to clients.', (c) => c.bytesToClients],
]

const backendRows: readonly Row<BackendView>[] = [
  ['backend_up', 'gauge', '0 when checks or traffic found the backend unusable.', (b) => isUp(b)],
  ['backend_usable', 'gauge', '1 while the backend takes new requests.', (b) => (b.standing.usable ? 1 : 0)],
  ['backend_weight', 'gauge', 'Relative share of the backend, as configured.', (b) => b.configuredWeight],
  ['backend_inflight', 'gauge', 'Attempts begun and not ended.', (b) => b.inflight],
  ['backend_requests_total', 'counter', 'Attempts begun.', (b) => b.counters.requests],
  ['backend_retries_total', 'counter', 'Requests tried again after an attempt here.', (b) => b.counters.retries],
  ['backend_abandoned_total', 'counter', 'Attempts whose client left first.', (b) => b.counters.abandoned],
  ['backend_sent_bytes_total', 'counter', 'Bytes written to the backend.', (b) => b.counters.bytesToBackend],
  ['backend_received_bytes_total', 'counter', 'Bytes read from the backend.', (b) => b.counters.bytesFromBackend],
]

const processRows: readonly Row<ProcessView>[] = [
  ['process_resident_memory_bytes', 'gauge', 'Resident memory.', (p) => p.residentBytes],
  ['process_cpu_seconds_total', 'counter', 'User and system CPU time.', (p) => p.cpuSeconds],
  ['process_start_time_seconds', 'gauge', 'Start, since 1970-01-01 UTC.', (p) => p.startedAt / 1000],
]

const causes = [
  ['connect', (b: BackendView) => b.counters.connectFailures],
  ['timeout', (b: BackendView) => b.counters.timeouts],
  ['reset', (b: BackendView) => b.counters.resets],
  ['protocol', (b: BackendView) => b.counters.protocolErrors],
] as const

const holdOwners = ['operator', 'checks', 'traffic'] as const satisfies readonly HoldOwner[]
const classes = [2, 3, 4, 5] as const
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
  renderEdge(page, edge)
  renderBackends(page, edge)
  return page.text()
}

function renderEdge(page: MetricPage, edge: EdgeView): void {
  for (const [name, type, help, read] of edgeRows) {
    page.family(`smartedge_${name}`, type, help)
    page.sample('', read(edge.counters))
  }
  page.family('smartedge_responses_total', 'counter', 'Final responses to clients, by class.')
  for (const digit of classes) page.sample(`class="${digit}xx"`, edge.counters.responses[digit])
}

function renderBackends(page: MetricPage, edge: EdgeView): void {
  const backends = edge.pools.flatMap((pool) =>
    pool.backends.map((backend) => ({ backend, labels: formatLabels({ pool: pool.name, backend: backend.id }) })),
  )
  // A family without samples is lawful but says nothing, and no metric below has any.
  if (backends.length === 0) return
  for (const [name, type, help, read] of backendRows) {
    page.family(`smartedge_${name}`, type, help)
    for (const { backend, labels } of backends) page.sample(labels, read(backend))
  }
  page.family('smartedge_backend_held_out', 'gauge', '1 while this keeps new requests from the backend.')
  for (const { backend, labels } of backends)
    for (const by of holdOwners) page.sample(`${labels},by="${by}"`, backend.standing.by === by ? 1 : 0)
  page.family('smartedge_backend_failures_total', 'counter', 'Attempts that failed, by cause.')
  for (const { backend, labels } of backends)
    for (const [cause, read] of causes) page.sample(`${labels},cause="${cause}"`, read(backend))
  page.family('smartedge_backend_responses_total', 'counter', 'Final responses of the backend, by class.')
  for (const { backend, labels } of backends)
    for (const digit of classes) page.sample(`${labels},class="${digit}xx"`, backend.counters.responses[digit] ?? 0)
  renderDurations(page, backends)
}

/** A backend without traffic has no histogram yet: 10,000 idle ones would cost 190,000 lines of zeros a scrape. */
function renderDurations(page: MetricPage, backends: readonly { backend: BackendView; labels: string }[]): void {
  const measured = backends.flatMap(({ backend, labels }) =>
    backend.latency instanceof BackendLatency && backend.latency.buckets
      ? [{ buckets: backend.latency.buckets, labels }]
      : [],
  )
  if (measured.length === 0) return
  page.family('smartedge_backend_request_duration_seconds', 'histogram', 'From the start of an attempt to its end.')
  for (const { buckets, labels } of measured)
    page.histogram(labels, boundsSeconds, buckets.counts, buckets.sumMs / 1000)
}
