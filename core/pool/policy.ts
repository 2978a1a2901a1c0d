/** What one exchange may do beyond the plain way: try again, ask a second backend, and where an affinity key is found. */

/**
 * Failures after which a request may be tried again, beside statuses. 'connect': nothing of it was sent. 'protocol': what
 * came back is no HTTP.
 */
export type RetryCause = 'connect' | 'reset' | 'timeout' | 'protocol'

export interface RetryPolicy {
  /**
   * Backends that one request is sent to at most, the first included: 1..10. 1 switches retries off. Those that cannot be
   * reached do not count.
   */
  readonly attempts: number
  /** After which failures, statuses aside. */
  readonly on: readonly RetryCause[]
  /** Of responses that are thrown away for another's, 400..599; none: every response is passed on. */
  readonly statuses: readonly number[]
  /** Of calls of gRPC that have come to nothing else, by number; none: what a call has come to is passed on. */
  readonly grpcStatuses: readonly number[]
  /** ms: the longest wait before the first retry of a request; it doubles with each further one, up to `maxBackoffMs`. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
  /** ms: a backend that asks for a longer wait has its response passed on. */
  readonly maxRetryAfterMs: number
  /** Of a request's body kept to be sent again; 0: none is. */
  readonly maxBodyBytes: number
  readonly budget: BudgetPolicy
}

/** What a route changes of its pool's policy; keys that are absent are as the pool says. */
export type RouteRetry = Partial<Omit<RetryPolicy, 'budget'>>

/** What retries and hedges of a pool may come to together, over the newest ten seconds. */
export interface BudgetPolicy {
  /** Of the requests: 0..1. */
  readonly ratio: number
  /** As many are free where there are few requests: >= 0. */
  readonly perSecond: number
}

export type HedgePercentile = 'p50' | 'p95' | 'p99'

export interface HedgePolicy {
  /** Of the times that the pool's backends took to begin a response. */
  readonly after: HedgePercentile
  /** ms: never sooner than this, however fast they are. */
  readonly leastMs: number
}

/** Where a strategy's `context.key` may come from. */
export type Affinity =
  | { readonly kind: 'client' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }

/** How requests wait for room in a pool. */
export interface QueuePolicy {
  /** Requests that may wait at once: 1 or more. */
  readonly length: number
  /** How long each may wait, at most. */
  readonly timeoutMs: number
  /** 'fifo': who came first is first. 'deadline': whose client waits the shortest time from now on is. */
  readonly order: 'fifo' | 'deadline'
}

/** How many requests at once each backend is found to bear. */
export interface ConcurrencyPolicy {
  /** Requests at once before anything is known: `min` to `max`. */
  readonly start: number
  /** Never fewer, 1 or more. */
  readonly min: number
  /** Never more. */
  readonly max: number
  /** Responses that take so many times as long as usual are no sign of too many requests: 1 or more. */
  readonly tolerance: number
}
