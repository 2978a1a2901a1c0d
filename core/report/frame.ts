/**
 * What watchers are sent a few times a second, as JSON: a public format, add and never rename. Times are wall ms since
 * 1970, ratios 0..1; what is not known is null. `recent` means the newest one to two half windows (5 to 10 s).
 */
import type { Percentiles } from './distribution.ts'
import type { Phase } from './view.ts'

/** Raised when an old watcher would misread what a new balancer sends. */
export const protocolVersion = 1

/** The first message of every stream. */
export interface Hello {
  readonly protocol: number
  readonly version: string
  readonly pid: number
  /** What `recent` means at most. */
  readonly windowMs: number
  /** The scale of every `histogram`: entry i counts latencies from bound i up to bound i + 1. */
  readonly boundsMs: readonly number[]
}

export interface Frame {
  readonly at: number
  readonly uptimeMs: number
  readonly phase: Phase
  /** Whether requests are refused since the process is overloaded. */
  readonly shedding: boolean
  /** Of the certificates that end within a week, or have: how many, and the first to end; null: none. */
  readonly certificates: CertificatesFrame | null
  /** Until the next frame: 250 ms, more with hundreds of backends. */
  readonly intervalMs: number
  readonly process: { readonly residentBytes: number; readonly cpuRatio: number }
  readonly totals: Totals
  readonly pools: readonly PoolFrame[]
  readonly routes: readonly RouteFrame[]
  /** The published snapshot; null where the balancer does not number them. */
  readonly generation: Generation | null
  /** The newest reload; null: there was none. */
  readonly reload: ReloadResult | null
}

export interface CertificatesFrame {
  readonly ending: number
  /** The first that it is for. */
  readonly name: string
  readonly notAfter: number
}

/** Rates are over the newest second. */
export interface Totals {
  readonly requests: number
  readonly requestsPerSecond: number
  /** Answered 5xx, ours included. */
  readonly errorsPerSecond: number
  /** Recent. */
  readonly errorRatio: number
  readonly retriesPerSecond: number
  /** Connections closed at the cap, requests nobody was usable for, and those shed. */
  readonly refusedPerSecond: number
  /** Requests refused since the process is overloaded. */
  readonly shedPerSecond: number
  readonly inflight: number
  readonly connections: number
  readonly tunnels: number
  readonly bytesFromClientsPerSecond: number
  readonly bytesToClientsPerSecond: number
  /** Recent, of all backends. */
  readonly latency: Percentiles | null
}

export interface PoolFrame {
  readonly name: string
  readonly strategy: StrategyFrame
  readonly requestsPerSecond: number
  readonly errorsPerSecond: number
  readonly errorRatio: number
  readonly retriesPerSecond: number
  readonly inflight: number
  /** The most at once; null: no bound. */
  readonly maxInflight: number | null
  /** Requests that wait for room. */
  readonly waiting: number
  /** Requests that began to wait. */
  readonly queuedPerSecond: number
  /** Requests that found no room in time, or no place to wait. */
  readonly turnedAwayPerSecond: number
  /** Those that would be given requests if there were no others, spare ones included. */
  readonly usable: number
  /** Why backends are used that something holds out, in words; null: none is. */
  readonly degraded: string | null
  /** How far the deploy under way has come, in words; null: none is. */
  readonly deploy: string | null
  /** Which source of its members is away, and why, in words; null: none is. */
  readonly sourceAway: string | null
  readonly latency: Percentiles | null
  readonly backends: readonly BackendFrame[]
}

export interface StrategyFrame {
  /** As configured: a shipped name or a file. */
  readonly use: string
  /** The file it was loaded from. */
  readonly file: string | null
  /** Of its content. */
  readonly version: string | null
  /** Median of sampled picks. */
  readonly nsPerPick: number | null
  /** Since the start. */
  readonly faults: number
  readonly lastFault: string | null
  /** When this version went live. */
  readonly swappedAt: number | null
  /** Whether what is configured failed, and this is the version before, or the default. */
  readonly reverted: boolean
  /** What was wrong with it. */
  readonly revertedBecause: string | null
}

export interface BackendFrame {
  readonly id: string
  /** `draining` when somebody said so, else `health`. */
  readonly state: string
  /** When that began. */
  readonly since: number
  /** Why it is unhealthy; null in every other state. */
  readonly reason: string | null
  /** Why it takes no new requests, whoever says so; null: it does. */
  readonly why: string | null
  /** When that ends by itself; null: it does not. */
  readonly until: number | null
  /** Whose word that is: `operator`, `checks`, `traffic`, `ejection`, `breaker`; null: nobody's. */
  readonly by: string | null
  /** All that holds it out, the firmest first. */
  readonly holds: readonly {
    readonly by: string
    readonly why: string
    readonly since: number
    readonly until: number | null
  }[]
  /** What its pool makes of that: `used`, `trial`, `overruled`, `spare`, `out`. */
  readonly use: string
  /** 0 comes first. */
  readonly tier: number
  /** When its share, which grows, is whole; null: it is. */
  readonly fullAt: number | null
  /** `healthy`, `unhealthy`, `unchecked`: what checks and traffic say, also of one that drains. */
  readonly health: string
  readonly zone: string | null
  /** As configured. */
  readonly weight: number
  /** What the weight comes to now: 0 while it takes no new requests. */
  readonly effectiveWeight: number
  /** Recent part of the pool's requests, and the part that the weights promise. */
  readonly share: number
  readonly expectedShare: number
  readonly inflight: number
  /** The most at once now; null: no bound. */
  readonly maxInflight: number | null
  readonly requestsPerSecond: number
  readonly errorsPerSecond: number
  /** Recent: failed attempts and 5xx answers among those that ended. */
  readonly errorRatio: number
  readonly errors: number
  /** What most of these errors were, in words. */
  readonly worstError: string | null
  readonly retriesPerSecond: number
  /** Moving average of the mean latency, with 10 s. */
  readonly ewmaMs: number | null
  readonly latency: Percentiles | null
  readonly check: { readonly at: number; readonly passed: boolean; readonly detail: string } | null
  /** Since the frame before: `[index, count, …]` on the scale of the hello. */
  readonly histogram: readonly number[]
}

export interface RouteFrame {
  /** The rule's conditions in words: `GET api.example.com/v1/*`. */
  readonly match: string
  readonly pool: string
  readonly requestsPerSecond: number
  /** By a rule of the route: an address, a limit, a missing key. */
  readonly refusalsPerSecond: number
}

export interface Generation {
  readonly number: number
  readonly at: number
  readonly origin: string
  readonly summary: string
}

export interface ReloadResult {
  readonly at: number
  /** Whether everything that was asked for is in force. */
  readonly ok: boolean
  readonly origin: string
  /** `file:line:column: …`, one line each. */
  readonly problems: readonly string[]
}
