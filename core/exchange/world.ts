/** What requests are served by: the published snapshot, and the services of the process that every exchange uses. */
import type { Backend } from '../backend/backend.ts'
import type { Balancer } from '../balance/balancer.ts'
import type { Place } from '../strategy/strategy.ts'
import type { Clock } from '../clock.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ClientIdentity } from '../net/client-exchange.ts'
import type { ConnectionPool } from '../net/connection-pool.ts'
import type { ClientTimeouts } from '../net/timeouts.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Random } from '../random.ts'
import type { RouteTable } from '../route/table.ts'
import type { Affinity, RetryPolicy } from './policy.ts'
import type { WriteRequestId } from '../forward/request-id.ts'

/** Immutable; a request keeps the one it began with. */
export interface World {
  readonly routes: RouteTable
  /** The pool of each rule, by the index that `routes.find` returns. */
  readonly poolOfRule: readonly Pool[]
  /** Counts what each rule took, by the same index; the one thing here that changes. */
  readonly requestsOfRule: Float64Array
  /** Those of client connections. */
  readonly limits: HttpLimits & { readonly maxConnections: number | undefined }
  readonly timeouts: ClientTimeouts
  readonly identify: (address: string) => ClientIdentity
  /** The one in every identity made by `identify`: tells identities of this snapshot from older ones. */
  readonly isTrustedProxy: (address: string) => boolean
  /** Where a client is; undefined: nobody configured how to know. */
  readonly geo: Geo | undefined
}

export interface Pool {
  readonly name: string
  readonly balancer: Balancer
  readonly affinity: Affinity
  readonly retry: RetryPolicy
  readonly connections: { get(backend: Backend): ConnectionPool | undefined }
}

export interface Services {
  readonly clock: Clock
  readonly random: Random
  readonly counters: EdgeCounters
  /** The parser of this process, shared with the client connections. */
  readonly head: RequestHead
  readonly writeRequestId: WriteRequestId
  /** Whether connections are to be closed behind the response under way. */
  isDraining(): boolean
}

export interface Geo {
  /** Lower-case name of the field that a trusted proxy sets; undefined: none. */
  readonly header: string | undefined
  find(address: string, headerValue: string | undefined): { zone: string | undefined; place: Place | undefined }
}
