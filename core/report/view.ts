/**
 * What status and metrics read of a running edge, by shape: `core/backend`'s `Backend` satisfies it, and this
 * folder does not import it; so may what another process tells. Everything is live; readers take it in one synchronous go, but
 * for the page of metrics, which goes through it slice by slice.
 */
import type { BucketCounts } from '../observe/buckets.ts'
import type {
  BackendCounters,
  DeployCounters,
  EdgeCounters,
  LimitCounters,
  PoolCounters,
  SourceCounters,
  StickyCounters,
} from '../observe/counters.ts'
import type { LatencyView } from '../observe/latencies.ts'
import type { RouteTraffic } from '../observe/route-traffic.ts'
import type { FleetStatus } from './fleet-status.ts'
import type { ReloadStatus } from './reload-status.ts'

export interface EdgeView {
  readonly phase: Phase
  readonly listeners: readonly ListenerView[]
  readonly counters: Readonly<EdgeCounters>
  readonly pools: readonly PoolView[]
  /** The rules in file order; absent: not counted. */
  readonly routes?: readonly RouteView[]
  /** Who adds routes and pools; absent: nobody. */
  readonly providers?: readonly ProviderView[]
  /** Those of routes and pools; absent: there are none. */
  readonly limits?: readonly LimitView[]
  /** Whether requests are shed; absent: nobody looks. */
  readonly overload?: OverloadView
  /** What is in force since when; absent: nothing can be reloaded. */
  readonly reload?: ReloadStatus
  /** How the source of the config is followed; absent: it is a file. */
  readonly fleet?: FleetStatus
  /** Of the event loop; absent: nobody looks. */
  readonly loop?: LoopView
  /** What is known of the clients' database; absent: there is none. */
  readonly clients?: ClientsView
}

export interface ProviderView {
  readonly name: string
  readonly presence: SourceView['presence']
  readonly routes: number
  readonly pools: number
  /** Those whom it tells of that are left out, and why. */
  readonly skipped: readonly { readonly entry: string; readonly reason: string }[]
}

export interface LoopView {
  /** How late it came round at the newest look. */
  readonly lagMs: number
  /** How late it came round at all looks; undefined before the first. */
  readonly lags: BucketCounts | undefined
}

export interface ClientsView {
  readonly isUp: boolean
  /** How old what is known is at most; undefined: nothing is. */
  readonly ageMs: number | undefined
  readonly size: number
}

export interface OverloadView {
  readonly isShedding: boolean
  /** How late the event loop came round at the newest look. */
  readonly lagMs: number
}

export interface RouteView {
  /** The same for as long as the rule's text is. */
  readonly key: string
  /** The rule's conditions in words. */
  readonly match: string
  readonly pool: string
  /** Requests that this rule took, since it was published. */
  readonly requests: number
  /** Those of them that one of its rules refused. */
  readonly refused: number
  /** What became of them; absent: nobody counts that. */
  readonly traffic?: Pick<RouteTraffic, 'of' | 'durations'> | undefined
}

/** A limit of a route or pool. */
export interface LimitView {
  /** `name`: the pool's, or the route's rule in words: of two limits that are told alike here, both stand in the list. */
  readonly owner: { readonly kind: 'route' | 'pool'; readonly name: string }
  readonly name: string
  readonly kind: 'rate' | 'in-flight' | 'connections'
  readonly counters: Readonly<LimitCounters>
  /** Addresses, clients or whatever it counts by, that something is held of now. */
  readonly keys: number
  /** Those forgotten for want of room that had used something up. */
  readonly evicted: number
}

/** `draining`: no new connections, what is in flight is being finished. */
export type Phase = 'starting' | 'serving' | 'draining'

export interface ListenerView {
  readonly name: string
  /** `host:port` with the real port, or `unix:/path`. */
  readonly address: string
  /** Who speaks with its clients; absent: we do. */
  readonly engine?: 'serve'
  /** It speaks HTTP/3 as well, at the UDP port of the same number; absent: it does not. */
  readonly http3?: true
  /** What it offers in handshakes; absent: its clients speak plain HTTP. */
  readonly certificates?: readonly CertificateView[]
  /** Names that it orders certificates for, and that have none yet; absent: none. */
  readonly missing?: readonly string[]
}

/** A certificate that a listener has. */
export interface CertificateView {
  /** It is for these. */
  readonly names: readonly string[]
  /** Who has signed it. */
  readonly issuer: string
  readonly kind: 'ecdsa' | 'rsa'
  /** Wall ms. */
  readonly notAfter: number
  /** SHA-256, `AA:BB:…`. */
  readonly fingerprint: string
}

export interface PoolView {
  readonly name: string
  /** The strategy's name or the path of its file, as configured. */
  readonly strategy: string
  /** What is known of the running copy; absent: nothing. */
  readonly strategyFacts?: StrategyFacts
  /** Absent: no session is kept at a backend. */
  readonly sticky?: StickyView
  /** Where its members are found besides the config, in the order in which they count; absent: nowhere. */
  readonly sources?: readonly SourceView[]
  /** Why backends are used that something holds out, in words; undefined or absent: none is. */
  readonly degraded?: DegradedView | undefined
  /** The deploy under way, or the last one; undefined or absent: this process knows of none. */
  readonly deploy?: DeployPhaseView | undefined
  /** Attempts under way. */
  readonly inflight: number
  /** The most at once; Infinity: no bound. */
  readonly maxInflight: number
  readonly counters: Readonly<PoolCounters>
  /** How long those waited that have waited for room; undefined or absent: nobody has. */
  readonly queueWaits?: BucketCounts | undefined
  readonly backends: readonly BackendView[]
}

/** A source of members. Instants are monotonic ms. */
export interface SourceView {
  /** Its kind and where it is; two of a pool may be called alike. */
  readonly name: string
  /** Those of its list that count. */
  readonly members: number
  /** `waiting`: it has not been heard yet. */
  readonly presence:
    | { readonly kind: 'waiting' }
    | { readonly kind: 'present' }
    | { readonly kind: 'away'; readonly since: number; readonly reason: string }
  /** When they were last known to be what it lists; undefined: never. */
  readonly knownAt: number | undefined
  /** While it is away: how long ago that was or, of one never heard, how long it has been away; else 0. ms. */
  readonly ageMs: number
  /** Entries of its newest list that are left out, and why the first few are. */
  readonly skipped: {
    readonly count: number
    readonly first: readonly { readonly entry: string; readonly reason: string }[]
  }
  /** A list that has lost more than half of them, which is not believed before `until`. */
  readonly heldBack: { readonly members: number; readonly until: number } | undefined
  readonly counters: Readonly<SourceCounters>
}

/** What each is: `core/deploy/machine.ts`. */
export const deployPhases = [
  'waiting',
  'canary',
  'switching',
  'draining',
  'done',
  'failed',
  'rolled-back',
  'aborted',
] as const

/** A deploy, as far as everybody wants to know. */
export interface DeployPhaseView {
  readonly id: number
  readonly phase: (typeof deployPhases)[number]
  readonly over: boolean
  /** RFC 3339: since when it is in that phase. */
  readonly since: string
  /** What brought that about, in words. */
  readonly detail: string
  /** How far it has come, in words. */
  readonly progress: string
  /** Of all deploys of the pool that this process has seen the end of. */
  readonly counters: Readonly<DeployCounters>
}

/** `restraint`: more than `maxEjected` would be out. `panic`: under `panicThreshold`. `nobody-left`: connects fail everywhere. */
export interface DegradedView {
  readonly cause: 'restraint' | 'panic' | 'nobody-left'
  readonly detail: string
}

export interface StickyView {
  readonly counters: Readonly<StickyCounters>
  /** How many are remembered; undefined: none is, since clients bring all there is to know. */
  readonly sessions: number | undefined
}

export interface StrategyFacts {
  /** As the plugin calls itself. */
  readonly name: string
  readonly file: string | undefined
  /** Of the file's content. */
  readonly version: string | undefined
  /** Throws and strangers returned, since the pool started. */
  readonly faults: number
  /** How often another version took over since then, be it back. */
  readonly swaps: number
  readonly lastFault: string | undefined
  /** Median of sampled picks; undefined while there are too few. */
  readonly nsPerPick: number | undefined
  /** Wall ms. */
  readonly loadedAt: number | undefined
  /** Why another version or strategy runs than the one configured: that failed; undefined: it runs. */
  readonly revertedBecause: string | undefined
}

export interface BackendView {
  readonly id: string
  readonly configuredWeight: number
  /** The share it is given while it takes requests. */
  readonly weight: number
  /** Whole, >= 0. */
  readonly tier: number
  readonly use: Use
  readonly zone: string | undefined
  readonly inflight: number
  /** The most at once, as configured and as learned; Infinity: no bound. */
  readonly maxInflight: number
  readonly standing: StandingView
  /** How its circuit breaker stands, which is closed where there is none. */
  readonly facts: { readonly breaker: { readonly kind: BreakerState } }
  /** `at` is wall time in ms. */
  readonly lastCheck:
    { readonly at: number; readonly passed: boolean; readonly elapsedMs: number; readonly detail: string } | undefined
  readonly counters: Readonly<BackendCounters>
  readonly latency: LatencyView
}

export type BreakerState = (typeof breakerStates)[number]

export const breakerStates = ['closed', 'half-open', 'open'] as const

/**
 * What its pool makes of it. `used`: it takes requests. `trial`: a few at once. `overruled`: something holds it out, and it
 * takes requests all the same. `spare`: usable, in a tier that is not needed now. `out`: it takes none.
 */
export type Use = 'used' | 'trial' | 'overruled' | 'spare' | 'out'

/** Whether it would be given requests if there were no other. */
export const isUsable = ({ use }: Pick<BackendView, 'use'>): boolean => use !== 'out'

/** Whether it is given any now. */
export const takesRequests = ({ use }: Pick<BackendView, 'use'>): boolean => use !== 'out' && use !== 'spare'

/** What is known of a backend, summed up. Instants are monotonic ms. */
export interface StandingView {
  /** All that holds it out, the firmest first; the following four are the first one's. */
  readonly holds: readonly HoldView[]
  /** Who keeps it out; undefined: nobody. */
  readonly by: HoldOwner | undefined
  readonly why: string | undefined
  /** When that began, or, when nobody does, when it last became so. */
  readonly since: number
  /** When that ends by itself; undefined: it does not. */
  readonly until: number | undefined
  readonly state: 'unchecked' | 'healthy' | 'unhealthy' | 'draining'
  /** What checks and traffic say, also of one that drains. */
  readonly health: 'unchecked' | 'healthy' | 'unhealthy'
  /** Its share grows until then; undefined: it has all of it. */
  readonly ramp: { readonly since: number; readonly until: number; readonly cause: string } | undefined
}

export interface HoldView {
  readonly by: HoldOwner
  readonly why: string
  readonly since: number
  readonly until: number | undefined
}

/** Whose word keeps a backend out. */
export type HoldOwner = (typeof holdOwners)[number]

/**
 * `operator`: people, through config or API. `checks`: active checks. `traffic`: the connects of requests. `ejection`: it
 * did worse than its peers. `breaker`: it failed too often.
 */
export const holdOwners = ['operator', 'checks', 'traffic', 'ejection', 'breaker'] as const

/** The process around the edge, read afresh for each answer. */
export interface ProcessView {
  readonly version: string
  /** Name and version of what runs it: `bun 1.4.5`. */
  readonly runtime: string
  readonly pid: number
  /** Wall time in ms. */
  readonly startedAt: number
  readonly residentBytes: number
  /** User and system together, since the start. */
  readonly cpuSeconds: number
}

/** And what takes longer to find out. */
export interface CostlyProcessView extends ProcessView {
  /** Of JavaScript objects. */
  readonly heapBytes: number
  /** undefined, here and below: the system does not say. */
  readonly openDescriptors: number | undefined
  readonly maxDescriptors: number | undefined
}
