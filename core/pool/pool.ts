/** A pool as requests see it: what a snapshot holds of it. */
import type { Backend } from '../backend/backend.ts'
import type { Balancer } from '../balance/balancer.ts'
import type { Sticky } from '../sticky/sticky.ts'
import type { StreamSource } from '../stream/backend-stream.ts'
import type { Affinity, RetryPolicy } from './policy.ts'

export interface Pool {
  readonly name: string
  readonly balancer: Pick<Balancer, 'pick' | 'begin' | 'offers'>
  /** The first of them that the request has is the key. */
  readonly affinity: readonly Affinity[]
  readonly retry: RetryPolicy
  /** What keeps sessions at their backends; undefined: nothing. */
  readonly sticky: Sticky | undefined
  /** Streams to each of its backends, those that are leaving included. */
  readonly connections: { get(backend: Backend): StreamSource | undefined }
}
