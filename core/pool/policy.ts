/** What one exchange may do beyond the plain way: try again, and where an affinity key is found. */

export interface RetryPolicy {
  /** Backends tried for one request at most, the first included: 1..10. 1 switches retries off. */
  readonly attempts: number
}

/** Where a strategy's `context.key` comes from. */
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
