/**
 * All that is counted: for the whole process, for each backend and pool, and of reloads. Plain numbers, counted by listener,
 * exchange, balancer, connections and controller, read by status, metrics and feed. A new counter is a line here.
 */
import { http2Counters } from './http2-counters.ts'
import { type CountersOf, ledger } from './ledger.ts'

/** Final responses by the class of their status, in a metric of their own. */
const responses = <Metric extends string>(metric: Metric, help: string) =>
  ({
    responses2xx: { metric, help, label: ['class', '2xx'], status: ['responses', '2xx'] },
    responses3xx: { metric, help, label: ['class', '3xx'], status: ['responses', '3xx'] },
    responses4xx: { metric, help, label: ['class', '4xx'], status: ['responses', '4xx'] },
    responses5xx: { metric, help, label: ['class', '5xx'], status: ['responses', '5xx'] },
  }) as const

const failures = <const Cause extends string>(cause: Cause) =>
  ({
    metric: 'backend_failures',
    help: 'Attempts that failed, by cause.',
    label: ['cause', cause],
    status: ['failures', cause],
  }) as const

const retries = <const Cause extends string>(cause: Cause) =>
  ({
    metric: 'retries_after',
    help: 'Attempts after the first of a request, by what became of the one before.',
    label: ['cause', cause],
    status: ['retriesAfter', cause],
  }) as const

const refusals = <const Reason extends string>(reason: Reason) =>
  ({
    metric: 'refused_requests',
    help: 'Requests that a rule of their route refused, by reason.',
    label: ['reason', reason],
    status: ['refused', reason],
  }) as const

const proxyHeaders = <const Reason extends string>(reason: Reason) =>
  ({
    metric: 'proxy_headers_refused',
    help: 'Client connections closed since they had no good PROXY header, by reason.',
    label: ['reason', reason],
    status: ['proxyHeadersRefused', reason],
  }) as const

const failedHandshakes = <const Cause extends string>(cause: Cause) =>
  ({
    metric: 'tls_handshakes_failed',
    help: 'TLS handshakes that came to nothing, by cause.',
    label: ['cause', cause],
    status: ['handshakesFailed', cause],
  }) as const

const lostLines = <const Cause extends string>(cause: Cause) =>
  ({
    metric: 'access_log_lost',
    help: 'Lines of the access log that could not be written, by cause.',
    label: ['cause', cause],
    status: ['accessLogLost', cause],
  }) as const

const lostEvents = <const Cause extends string>(cause: Cause) =>
  ({
    metric: 'events_lost',
    help: 'Events that could not be written to standard error, by cause.',
    label: ['cause', cause],
    status: ['eventsLost', cause],
  }) as const

const lostSpans = <const Cause extends string>(cause: Cause) =>
  ({
    metric: 'trace_spans_lost',
    help: 'Spans that no collector took, by cause.',
    label: ['cause', cause],
    status: ['traceSpansLost', cause],
  }) as const

/** Of the process. */
export const edgeLedger = ledger({
  connectionsAccepted: { metric: 'client_connections_accepted', help: 'Client connections accepted.' },
  connectionsRefused: { metric: 'client_connections_refused', help: 'Connections closed at the cap.' },
  connectionsBanned: {
    metric: 'client_connections_banned',
    help: 'Connections closed as they came, since their client is kept out.',
  },
  proxyHeadersInvalid: proxyHeaders('invalid'),
  proxyHeadersLate: proxyHeaders('late'),
  /** By who was sending it, before it was whole. */
  proxyHeadersCut: proxyHeaders('cut'),
  /** Of somebody who may not send one. */
  proxyHeadersOfStrangers: proxyHeaders('stranger'),
  connectionsEvicted: {
    metric: 'client_connections_evicted',
    help: 'Connections closed for newcomers at the cap: idle, or too long before a request was whole.',
  },
  connectionsOpen: { metric: 'client_connections', type: 'gauge', help: 'Client connections open.' },
  handshakes: { metric: 'tls_handshakes', help: 'TLS handshakes with clients that were done.' },
  handshakesResumed: { metric: 'tls_handshakes_resumed', help: 'Those of them that took up a session of before.' },
  certificatesIssued: { metric: 'certificates_issued', help: 'Certificates that a CA has given.' },
  certificatesFailed: {
    metric: 'certificate_orders_failed',
    help: 'Orders of certificates that came to nothing, and were tried again.',
  },
  handshakesOpen: { metric: 'tls_handshakes_under_way', type: 'gauge', help: 'TLS handshakes under way.' },
  /** By a client that trusts another authority, speaks another version, or has left. */
  handshakesFailed: failedHandshakes('failed'),
  /** In plain HTTP. */
  handshakesPlain: failedHandshakes('plain'),
  handshakesLate: failedHandshakes('late'),
  /** For newcomers, too many being under way. */
  handshakesCrowded: failedHandshakes('crowded'),
  /** With a certificate that nobody vouches for. */
  handshakesUnvouched: failedHandshakes('certificate'),
  requests: { metric: 'requests', help: 'Requests whose head was whole and valid, and connections in TCP mode.' },
  badRequests: { metric: 'bad_requests', help: 'Heads and bodies refused as invalid or oversized.' },
  clientTimeouts: { metric: 'client_timeouts', help: 'Clients too slow over a head or a body.' },
  unrouted: { metric: 'unrouted_requests', help: 'Requests that no route matched.' },
  unavailable: {
    metric: 'unavailable_requests',
    help: 'Requests for which no backend was usable, or had room in time.',
  },
  shed: { metric: 'shed_requests', help: 'Requests refused while the process was overloaded.' },
  refusedRate: refusals('rate'),
  refusedConcurrency: refusals('concurrency'),
  refusedAddress: refusals('address'),
  refusedMethod: refusals('method'),
  refusedBody: refusals('body'),
  refusedCertificate: refusals('certificate'),
  refusedCredentials: refusals('credentials'),
  refusedKey: refusals('key'),
  refusedToken: refusals('token'),
  refusedForwardAuth: refusals('forward-auth'),
  refusedCors: refusals('cors'),
  refusedBan: refusals('ban'),
  bans: { metric: 'bans', help: 'Clients kept out for a while, having been refused too often.' },
  retries: { metric: 'retries', help: 'Attempts after the first of a request, hedges not counted.' },
  retriesAfterConnect: retries('connect'),
  /** For want of descriptors, local ports or memory of our own. */
  retriesAfterLocal: retries('local'),
  /** Over a kept connection that had died. */
  retriesAfterStale: retries('stale'),
  retriesAfterReset: retries('reset'),
  retriesAfterTimeout: retries('timeout'),
  /** Of what is no HTTP. */
  retriesAfterProtocol: retries('protocol'),
  /** Of a response that was thrown away. */
  retriesAfterStatus: retries('status'),
  retryBudgetExhausted: {
    metric: 'retry_budget_exhausted',
    help: 'Retries and hedges that the budget of their pool did not allow.',
  },
  hedges: { metric: 'hedges', help: 'Second attempts beside a slow one.' },
  hedgesWon: { metric: 'hedges_won', help: 'Second attempts whose response was passed on.' },
  hedgesCancelled: {
    metric: 'hedges_cancelled',
    help: 'Second attempts given up for the first, or with their request.',
  },
  replayBytes: { metric: 'replay_held', unit: 'bytes', type: 'gauge', help: 'Memory of bodies kept to be sent again.' },
  requestTimeouts: { metric: 'request_timeouts', help: 'Requests that took longer than their route or client allows.' },
  ...responses('responses', 'Final responses to clients, by class, our own included.'),
  truncated: { metric: 'truncated_responses', help: 'Responses cut after they had begun.' },
  abandoned: { metric: 'abandoned_requests', help: 'Requests whose client left before the end.' },
  tunnels: { metric: 'tunnels_opened', help: 'Connections that became a tunnel: upgraded, or in TCP mode.' },
  tunnelsOpen: { metric: 'tunnels', type: 'gauge', help: 'Tunnels open.' },
  accessLogLines: { metric: 'access_log_lines', help: 'Lines of the access log written.' },
  accessLogLostToBacklog: lostLines('backlog'),
  accessLogLostToFailure: lostLines('failure'),
  eventsLostToBacklog: lostEvents('backlog'),
  eventsLostToFailure: lostEvents('failure'),
  traceSpans: { metric: 'trace_spans', help: 'Spans that the collector took.' },
  traceSpansLostToBacklog: lostSpans('backlog'),
  traceSpansLostToFailure: lostSpans('failure'),
  ...http2Counters,
  bytesFromClients: { metric: 'client_received', unit: 'bytes', help: 'Bytes read from clients.' },
  bytesToClients: { metric: 'client_sent', unit: 'bytes', help: 'Bytes written to clients.' },
})

/** Of a backend. */
export const backendLedger = ledger({
  requests: { metric: 'backend_requests', help: 'Attempts begun.' },
  connections: {
    metric: 'backend_connections',
    type: 'gauge',
    help: 'Connections open or being opened, idle ones included.',
  },
  /** Of these; one that has yet to agree on what it speaks is none. */
  http2Connections: {
    metric: 'backend_http2_connections',
    type: 'gauge',
    help: 'Connections open or being opened, in HTTP/2.',
  },
  retries: { metric: 'backend_retries', help: 'Requests tried again after an attempt here.' },
  abandoned: { metric: 'backend_abandoned', help: 'Attempts whose client left first, or had its answer from another.' },
  failures: { help: 'Attempts that failed.', status: ['failures', 'total'] },
  connectFailures: failures('connect'),
  /** Of these. */
  tlsFailures: {
    metric: 'backend_tls_failures',
    help: 'Attempts that failed since there was no TLS with the backend, or its certificate was refused.',
  },
  timeouts: failures('timeout'),
  resets: failures('reset'),
  protocolErrors: failures('protocol'),
  /** For want of descriptors, local ports or memory of our own: no fault of the backend's, and not in `failures`. */
  localFailures: failures('local'),
  upgrades: { metric: 'backend_upgrades', help: 'Attempts that became a tunnel, which is over.' },
  breakerTrips: { metric: 'backend_breaker_trips', help: 'How often its circuit breaker opened.' },
  ejections: { metric: 'backend_ejections', help: 'How often it was ejected for doing badly.' },
  ...responses('backend_responses', 'Final responses of the backend, by class.'),
  bytesToBackend: { metric: 'backend_sent', unit: 'bytes', help: 'Bytes written to the backend.' },
  bytesFromBackend: { metric: 'backend_received', unit: 'bytes', help: 'Bytes read from the backend.' },
})

const deploys = <const Result extends string>(result: Result) =>
  ({
    metric: 'pool_deploys',
    help: 'Deploys that are over, by what they came to.',
    label: ['result', result],
  }) as const

/** Of the deploys of a pool. */
export const deployLedger = ledger({
  done: deploys('done'),
  failed: deploys('failed'),
  'rolled-back': deploys('rolled-back'),
  aborted: deploys('aborted'),
})

/** Of a pool. */
export const poolLedger = ledger({
  queued: { metric: 'pool_queued', help: 'Requests that waited for room in the pool.' },
  queueTimeouts: { metric: 'pool_queue_timeouts', help: 'Requests that waited for room, and found none in time.' },
  turnedAway: { metric: 'pool_turned_away', help: 'Requests that found the pool full, and no place to wait.' },
  waiting: { metric: 'pool_waiting', type: 'gauge', help: 'Requests that wait for room in the pool.' },
})

/** Of a source of members. */
export const sourceLedger = ledger({
  updates: { metric: 'discovery_updates', help: 'Lists of the source that brought other members.' },
  failures: { metric: 'discovery_failures', help: 'How often the source could not be had, or listed nobody.' },
})

const reloads = <const Result extends string>(result: Result) =>
  ({
    metric: 'reloads',
    help: 'Reloads asked for, or brought about by a saved file.',
    label: ['result', result],
  }) as const

/** Of reloads, by how they went. */
export const reloadLedger = ledger({
  /** All that was asked for is in force. */
  applied: reloads('applied'),
  /** Nothing was wrong, and nothing had changed. */
  unchanged: reloads('unchanged'),
  /** In force but for pools that stayed on their last good version. */
  partial: reloads('partial'),
  /** Nothing of it is in force. */
  refused: reloads('refused'),
})

const stickyRequests = <const Result extends string>(result: Result) =>
  ({
    metric: 'sticky_requests',
    help: 'Answered requests of pools with sticky sessions, by whether they came to the backend of their session.',
    label: ['result', result],
  }) as const

/** Of a pool with sticky sessions, by whom a request was answered. */
export const stickyLedger = ledger({
  /** The backend that its session was with. */
  hits: stickyRequests('hit'),
  /** The one that the strategy picked: it told of no session, or of none that is known. */
  misses: stickyRequests('miss'),
  /** Another than its session was with, which could not take it: the session is there now. */
  moved: stickyRequests('moved'),
})

/** Of a limit of a route or pool. */
export const limitLedger = ledger({
  refused: { metric: 'limit_refused', help: 'Requests that the limit refused.' },
  reported: {
    metric: 'limit_reported',
    help: 'Requests that the limit would have refused, were it to do more than report.',
  },
})

export type EdgeCounters = CountersOf<typeof edgeLedger.specs>
export type BackendCounters = CountersOf<typeof backendLedger.specs>
export type PoolCounters = CountersOf<typeof poolLedger.specs>
export type StickyCounters = CountersOf<typeof stickyLedger.specs>
export type DeployCounters = CountersOf<typeof deployLedger.specs>
export type SourceCounters = CountersOf<typeof sourceLedger.specs>
export type ReloadCounters = CountersOf<typeof reloadLedger.specs>
export type LimitCounters = CountersOf<typeof limitLedger.specs>

/** Which rule refused a request -> where that is counted. */
export const refusedBy = {
  rate: 'refusedRate',
  concurrency: 'refusedConcurrency',
  address: 'refusedAddress',
  method: 'refusedMethod',
  body: 'refusedBody',
  certificate: 'refusedCertificate',
  credentials: 'refusedCredentials',
  key: 'refusedKey',
  token: 'refusedToken',
  'forward-auth': 'refusedForwardAuth',
  cors: 'refusedCors',
  ban: 'refusedBan',
} as const satisfies Readonly<Record<string, keyof EdgeCounters>>

/** Why a handshake came to nothing -> where that is counted. */
export const failedHandshakeBy = {
  failed: 'handshakesFailed',
  plain: 'handshakesPlain',
  late: 'handshakesLate',
  crowded: 'handshakesCrowded',
  certificate: 'handshakesUnvouched',
} as const satisfies Readonly<Record<string, keyof EdgeCounters>>

export type RefusalReason = keyof typeof refusedBy

type ResponseCounters = CountersOf<ReturnType<typeof responses>>

/** Counts a final response by its status, 200..599. */
export function countStatus(counters: ResponseCounters, status: number): void {
  if (status < 300) counters.responses2xx += 1
  else if (status < 400) counters.responses3xx += 1
  else if (status < 500) counters.responses4xx += 1
  else counters.responses5xx += 1
}
