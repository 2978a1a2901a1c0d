/** How a pool's members are checked. */
import type { StatusRange } from '../backend/failure.ts'

/** undefined in a pool that has no active checks. */
export interface HealthPolicy {
  readonly check: HealthCheck
  readonly intervalMs: number
  /** 0..1 of the interval: each wait is drawn from interval * (1 ± jitter), so that checks do not march in step. */
  readonly jitterRatio: number
  readonly timeoutMs: number
  /** Consecutive good checks that make an unhealthy member usable. */
  readonly rise: number
  /** Consecutive bad checks that make a healthy member unusable. */
  readonly fall: number
  /** Whether a member takes traffic before its first check. */
  readonly initially: 'usable' | 'unchecked'
  /** Checks of this pool under way at once. */
  readonly maxConcurrent: number
}

export type HealthCheck =
  /** `host`: the Host field sent; undefined: the member's own. */
  | {
      readonly kind: 'http'
      readonly path: string
      readonly host: string | undefined
      readonly expect: readonly StatusRange[]
    }
  | { readonly kind: 'tcp' }
  /** By grpc.health.v1; `service`: '' for the whole server. */
  | { readonly kind: 'grpc'; readonly service: string }
