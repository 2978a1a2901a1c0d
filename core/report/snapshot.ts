/**
 * What GET /api/status answers, `smartedge status` shows and a dashboard will draw: plain JSON, no `undefined`, wall
 * times as ISO 8601. It is a public format: add to it, never rename. Pure: the same inputs give the same snapshot.
 */
import type { Clock } from '../clock.ts'
import { backendLedger, edgeLedger, poolLedger, stickyLedger } from '../observe/counters.ts'
import type { LatencySummary } from '../observe/latencies.ts'
import type { StatusOf } from '../observe/ledger.ts'
import { providerStatus, type ProviderStatus, sourceStatus, type SourceStatus } from './found-status.ts'
import { isoTime } from './iso-time.ts'
import { limitStatus, type LimitStatus } from './limit-status.ts'
import type { FleetStatus } from './fleet-status.ts'
import type { ReloadStatus } from './reload-status.ts'
import type {
  BackendView,
  CertificateView,
  DegradedView,
  DeployPhaseView,
  EdgeView,
  HoldOwner,
  HoldView,
  ListenerView,
  Phase,
  PoolView,
  ProcessView,
  StandingView,
  StickyView,
  StrategyFacts,
  Use,
} from './view.ts'
import { takesRequests } from './view.ts'

export interface StatusSnapshot {
  readonly version: string
  readonly runtime: string
  readonly pid: number
  readonly startedAt: string
  readonly uptimeMs: number
  readonly phase: Phase
  readonly process: { readonly residentBytes: number; readonly cpuSeconds: number }
  readonly listeners: readonly ListenerStatus[]
  readonly counters: StatusCounters
  /** null: no bounds are configured. */
  readonly overload: { readonly shedding: boolean; readonly lagMs: number } | null
  readonly pools: readonly PoolStatus[]
  /** Who adds routes and pools to those of the configuration. */
  readonly providers: readonly ProviderStatus[]
  /** Of routes and pools. */
  readonly limits: readonly LimitStatus[]
  /** null: nothing can be reloaded. */
  readonly reload: ReloadStatus | null
  /** null: the config comes from a file. */
  readonly fleet: FleetStatus | null
}

export type StatusCounters = StatusOf<typeof edgeLedger.specs>

export interface ListenerStatus {
  readonly name: string
  /** `host:port` with the real port, or `unix:/path`. */
  readonly address: string
  /** Who speaks with its clients: SmartEdge itself, or Bun.serve. */
  readonly engine: 'own' | 'serve'
  /** It speaks HTTP/3 as well, at the UDP port of the same number. */
  readonly http3: boolean
  /** What it offers in handshakes; null: its clients speak plain HTTP. */
  readonly certificates: readonly CertificateStatus[] | null
  /** Names that it orders certificates for, and that have none yet. */
  readonly missing: readonly string[]
}

export interface CertificateStatus extends Omit<CertificateView, 'notAfter'> {
  readonly notAfter: string
}

/** Beside these all that is counted of it since the start. */
export interface PoolStatus extends StatusOf<typeof poolLedger.specs> {
  readonly name: string
  /** As configured: a shipped name, or a file. */
  readonly strategy: string
  /** What is known of the version that runs; null: nothing. */
  readonly strategyVersion: StrategyStatus | null
  /** null: no session is kept at a backend. */
  readonly sticky: StickyStatus | null
  /** Where its members are found besides the config, in the order in which they count. */
  readonly sources: readonly SourceStatus[]
  /** Why backends are used that something holds out; null: none is. */
  readonly degraded: DegradedView | null
  /** The deploy under way, or the last one; null: this process knows of none. */
  readonly deploy: DeployStatus | null
  /** Attempts begun and not ended. */
  readonly inflight: number
  /** The most at once; null: no bound. */
  readonly maxInflight: number | null
  readonly backends: readonly BackendStatus[]
}

export type DeployStatus = Omit<DeployPhaseView, 'progress' | 'counters'>

/** Answered requests, by whether they came to the backend of their session. */
export interface StickyStatus extends StatusOf<typeof stickyLedger.specs> {
  /** How many learned sessions are remembered; null with a cookie of ours, which takes no memory. */
  readonly sessions: number | null
}

export interface StrategyStatus {
  /** As the plugin calls itself. */
  readonly name: string
  readonly file: string | null
  /** Of the content of the file and what it imports. */
  readonly version: string | null
  /** When it went live. */
  readonly since: string | null
  /** Whether what is configured failed, and this is the version before, or the default. */
  readonly reverted: boolean
  /** What was wrong with it; null: it runs. */
  readonly revertedBecause: string | null
  /** Throws and strangers returned, of all versions since the pool started. */
  readonly faults: number
  /** How often another version took over since then, be it back. */
  readonly swaps: number
  readonly lastFault: string | null
  /** Median of sampled picks, ns; null while there are too few. */
  readonly pickNs: number | null
}

/** Beside these all that is counted since the start. */
export interface BackendStatus extends StatusOf<typeof backendLedger.specs> {
  readonly id: string
  /** `draining` when somebody said so, else `health`. */
  readonly state: StandingView['state']
  /** When that began. */
  readonly since: string
  /** Why it is unhealthy; null in every other state. */
  readonly reason: string | null
  /** Why it takes no new requests, whoever says so; null: it does. */
  readonly why: string | null
  /** When that ends by itself; null: it does not. */
  readonly until: string | null
  /** Whose word that is; null: nobody's. */
  readonly by: HoldOwner | null
  /** All that holds it out, the firmest first; `why`, `by`, `since` and `until` are the first one's. */
  readonly holds: readonly HoldStatus[]
  /** What its pool makes of that: `used`, `trial`, `overruled`, `spare`, `out`. */
  readonly use: Use
  /** What checks and traffic say, also of one that drains. */
  readonly health: StandingView['health']
  /** 0 comes first. */
  readonly tier: number
  /** It starts slowly: its share grows until then; null: it has all of it. */
  readonly slowStart: { readonly since: string; readonly until: string; readonly why: string } | null
  /** As configured. */
  readonly weight: number
  /** What it comes to now: 0 while it takes no new requests. */
  readonly effectiveWeight: number
  readonly zone: string | null
  /** Attempts begun and not ended, upgraded connections included. */
  readonly inflight: number
  /** The most at once now, as configured and as `concurrency` has found; null: no bound. */
  readonly maxInflight: number | null
  /** The newest active check; null before the first, and in a pool without checks. */
  readonly lastCheck: {
    readonly at: string
    readonly passed: boolean
    readonly elapsedMs: number
    readonly detail: string
  } | null
  /** Over the newest one to two minutes; null when they saw no request. */
  readonly latency: LatencySummary | null
}

export interface HoldStatus {
  readonly by: HoldOwner
  readonly why: string
  readonly since: string
  readonly until: string | null
}

/** Reads everything at one instant. */
export function buildSnapshot(edge: EdgeView, process: ProcessView, clock: Clock): StatusSnapshot {
  const wallMs = clock.wallTime()
  // Health counts in monotonic time; the difference turns it into wall time.
  const offsetMs = wallMs - clock.now()
  return {
    version: process.version,
    runtime: process.runtime,
    pid: process.pid,
    startedAt: isoTime(process.startedAt),
    uptimeMs: Math.max(0, Math.round(wallMs - process.startedAt)),
    phase: edge.phase,
    process: { residentBytes: process.residentBytes, cpuSeconds: process.cpuSeconds },
    listeners: edge.listeners.map(listenerStatus),
    counters: edgeLedger.status(edge.counters),
    overload: edge.overload ? { shedding: edge.overload.isShedding, lagMs: edge.overload.lagMs } : null,
    pools: edge.pools.map((pool) => poolStatus(pool, offsetMs)),
    providers: (edge.providers ?? []).map((provider) => providerStatus(provider, offsetMs)),
    limits: (edge.limits ?? []).map(limitStatus),
    reload: edge.reload ?? null,
    fleet: edge.fleet ?? null,
  }
}

const listenerStatus = ({ name, address, engine, http3, certificates, missing }: ListenerView): ListenerStatus => ({
  name,
  address,
  engine: engine ?? 'own',
  http3: http3 ?? false,
  certificates:
    certificates?.map((certificate) => ({ ...certificate, notAfter: isoTime(certificate.notAfter) })) ?? null,
  missing: missing ?? [],
})

const poolStatus = (pool: PoolView, offsetMs: number): PoolStatus => ({
  name: pool.name,
  strategy: pool.strategy,
  strategyVersion: pool.strategyFacts === undefined ? null : strategyStatus(pool.strategyFacts),
  sticky: pool.sticky === undefined ? null : stickyStatus(pool.sticky),
  sources: (pool.sources ?? []).map((source) => sourceStatus(source, offsetMs)),
  degraded: pool.degraded ?? null,
  deploy: deployStatus(pool.deploy),
  inflight: pool.inflight,
  maxInflight: boundOf(pool),
  ...poolLedger.status(pool.counters),
  backends: pool.backends.map((backend) => backendStatus(backend, offsetMs)),
})

const deployStatus = (deploy: DeployPhaseView | undefined): DeployStatus | null =>
  deploy === undefined
    ? null
    : { id: deploy.id, phase: deploy.phase, over: deploy.over, since: deploy.since, detail: deploy.detail }

const stickyStatus = ({ counters, sessions }: StickyView): StickyStatus => ({
  ...stickyLedger.status(counters),
  sessions: sessions ?? null,
})

const strategyStatus = (facts: StrategyFacts): StrategyStatus => ({
  name: facts.name,
  file: facts.file ?? null,
  version: facts.version ?? null,
  since: facts.loadedAt === undefined ? null : isoTime(facts.loadedAt),
  reverted: facts.revertedBecause !== undefined,
  revertedBecause: facts.revertedBecause ?? null,
  faults: facts.faults,
  swaps: facts.swaps,
  lastFault: facts.lastFault ?? null,
  pickNs: facts.nsPerPick === undefined ? null : Math.round(facts.nsPerPick),
})

function backendStatus(backend: BackendView, offsetMs: number): BackendStatus {
  const { standing, counters, lastCheck, latency, tier, use } = backend
  const { state, health, why, by, since, until, holds, ramp } = standing
  return {
    id: backend.id,
    state,
    since: isoTime(since + offsetMs),
    reason: reasonOf(standing),
    why: why ?? null,
    until: until === undefined ? null : isoTime(until + offsetMs),
    by: by ?? null,
    holds: holds.map((hold) => holdStatus(hold, offsetMs)),
    use,
    health,
    tier,
    slowStart: ramp
      ? { since: isoTime(ramp.since + offsetMs), until: isoTime(ramp.until + offsetMs), why: ramp.cause }
      : null,
    weight: backend.configuredWeight,
    effectiveWeight: effectiveWeightOf(backend),
    zone: backend.zone ?? null,
    inflight: backend.inflight,
    maxInflight: boundOf(backend),
    ...backendLedger.status(counters),
    lastCheck: lastCheck ? checkStatus(lastCheck) : null,
    latency: latency.summary() ?? null,
  }
}

/** What its weight comes to now: 0 while it takes no new requests. Four digits: a share that grows has as many as a number can. */
export const effectiveWeightOf = (backend: Pick<BackendView, 'use' | 'weight'>): number =>
  takesRequests(backend) ? Number(backend.weight.toPrecision(4)) : 0

const holdStatus = ({ by, why, since, until }: HoldView, offsetMs: number): HoldStatus => ({
  by,
  why,
  since: isoTime(since + offsetMs),
  until: until === undefined ? null : isoTime(until + offsetMs),
})

const checkStatus = ({ at, passed, elapsedMs, detail }: NonNullable<BackendView['lastCheck']>) => ({
  at: isoTime(at),
  passed,
  elapsedMs,
  detail,
})

/** What it has been since the first version: why, but of unhealthy ones only. */
export const reasonOf = ({ state, why }: StandingView): string | null => (state === 'unhealthy' ? (why ?? null) : null)

/** JSON has no Infinity. */
export const boundOf = ({ maxInflight }: { readonly maxInflight: number }): number | null =>
  Number.isFinite(maxInflight) ? maxInflight : null
