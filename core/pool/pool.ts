/** A pool as the requests of one route see it: what a snapshot holds of it. */
import type { Backend } from '../backend/backend.ts'
import type { Balancer } from '../balance/balancer.ts'
import type { Sticky } from '../sticky/sticky.ts'
import type { StreamSource } from '../stream/backend-stream.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { HeadTimes } from './head-times.ts'
import type { Affinity, RetryPolicy } from './policy.ts'
import type { PoolQueue } from './queue.ts'
import type { RetryBudget } from './retry-budget.ts'

export interface Pool {
  readonly name: string
  readonly balancer: Pick<
    Balancer,
    'pick' | 'hasOther' | 'begin' | 'offers' | 'hasUsable' | 'hasRoom' | 'isAtBound' | 'members'
  >
  /** Where requests wait while all that are usable are full. */
  readonly queue: Pick<PoolQueue, 'length' | 'isDue' | 'hasPlace' | 'enter'>
  /** The first of them that the request has is the key. */
  readonly affinity: readonly Affinity[]
  /** What keeps sessions at their backends; undefined: nothing. */
  readonly sticky: Sticky | undefined
  readonly retry: RetryPolicy
  /** Its backends may say that they did nothing with a request, since they speak HTTP/2; absent: they may not. */
  readonly mayRefuse?: boolean
  readonly timeouts: BackendTimeouts
  /** Of all attempts beyond the first of each request; kept over reloads. */
  readonly budget: RetryBudget
  /** Kept over reloads. */
  readonly headTimes: HeadTimes
  /** Streams to each of its backends, those that are leaving included. */
  readonly connections: { get(backend: Backend): StreamSource | undefined }
}
