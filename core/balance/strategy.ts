/**
 * The contract between SmartEdge and a balancing algorithm: the whole of it. A strategy only ranks; health, capacity,
 * retries and counting are settled before and after it. Per-backend memory belongs in a `WeakMap<Candidate, …>`.
 */

/** A point on the earth, degrees: latitude -90..90, longitude -180..180. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** One backend usable now. The same object for as long as its id stays configured, across reloads. */
export interface Candidate {
  /** `host:port` or `unix:/path`, unique in the pool. */
  readonly id: string
  /** > 0, relative share, 1 is neutral; live, it may change between picks. */
  readonly weight: number
  /** Attempts begun and not ended, upgraded connections included; live. */
  readonly inflight: number
  readonly zone: string | undefined
  readonly place: Place | undefined
}

/** Never empty. A new array whenever membership or eligibility changes; otherwise the same reference. */
export type Candidates = readonly [Candidate, ...Candidate[]]

/** Who asks, as far as known. Zone and place are looked up when first read. */
export interface Client {
  /** The client's IP address as text, after `trustedProxies`. */
  readonly address: string
  readonly zone: string | undefined
  readonly place: Place | undefined
}

export interface PickContext {
  /** The affinity key that the pool's `affinity` setting takes from the request; undefined when it is absent there. */
  readonly key: string | undefined
  readonly client: Client
  /** Monotonic ms. */
  readonly now: number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

export type Outcome =
  | { readonly kind: 'completed'; readonly status: number; readonly elapsedMs: number }
  | {
      readonly kind: 'failed'
      readonly cause: 'connect' | 'timeout' | 'reset' | 'protocol'
      readonly elapsedMs: number
    }
  /** The client left: says nothing about the backend. */
  | { readonly kind: 'abandoned'; readonly elapsedMs: number }

export interface Strategy {
  /** Synchronous, no I/O, no timers, keeps no array. Returns a member of `candidates`. */
  pick(candidates: Candidates, context: PickContext): Candidate
  /** An attempt on `candidate` begins. `now` is monotonic ms here and below. */
  onStart?(candidate: Candidate, now: number): void
  /** Its response head has arrived, `ttfbMs` after the attempt began. */
  onResponse?(candidate: Candidate, ttfbMs: number, now: number): void
  /** It is over: once for each onStart, on every path. */
  onEnd?(candidate: Candidate, outcome: Outcome, now: number): void
}

export interface StrategyPlugin<Options = unknown> {
  readonly apiVersion: 1
  readonly name: string
  /** The `options` of the config (undefined when absent) -> valid options; throws an Error naming the offending key. */
  parse(raw: unknown): Options
  /** A fresh strategy; called once per pool. */
  create(options: Options): Strategy
}

/** Adds inference only; a plain object of the same shape loads too. */
export const defineStrategy = <Options>(plugin: StrategyPlugin<Options>): StrategyPlugin<Options> => plugin
