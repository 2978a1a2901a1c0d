/** What one exchange may do beyond the plain way: try again, and where an affinity key is found. */

export interface RetryPolicy {
  /** Backends tried for one request at most, the first included: 1..10. 1 switches retries off. */
  readonly attempts: number
}

/** Where a strategy's `context.key` may come from. */
export type Affinity =
  | { readonly kind: 'client' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }
