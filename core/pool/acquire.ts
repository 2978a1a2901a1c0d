/**
 * A backend and a stream to it: now, later or never. Picking and opening are one act, so that the one who is picked still
 * has room.
 */
import type { Verdict } from '../admission/admission.ts'
import type { Backend } from '../backend/backend.ts'
import type { BackendStream, StreamChoice, StreamSource } from '../stream/backend-stream.ts'
import type { PickContext } from '../strategy/strategy.ts'
import type { Pool } from './pool.ts'
import type { Entrant } from './queue.ts'

export interface Acquired {
  readonly backend: Backend
  readonly stream: BackendStream
}

/** Who wants a stream: a request, as far as it has come. */
export interface Asker {
  /** Backends that have failed it. */
  readonly tried: readonly Backend[]
  /** It has been in the pool's queue, or was turned away there. */
  readonly hasQueued: boolean
}

/** undefined: nobody is usable, has room, and has not failed it; or others wait, and it has not had its turn. */
export function acquire(pool: Pool, context: PickContext, asker: Asker, choice: StreamChoice): Acquired | undefined {
  if (pool.queue.length > 0 && mayQueue(asker)) return undefined
  const backend = pool.balancer.pick(context, asker.tried)
  const stream = backend && sourceOf(pool, backend).open(choice)
  return stream && { backend, stream }
}

/**
 * For one that has acquired nothing: a place in the pool's queue, or none there. undefined: room is not what it lacks, or it
 * has had its turn.
 */
export function queueUp({ balancer, queue }: Pool, asker: Asker, entrant: Entrant): Verdict | undefined {
  if (!mayQueue(asker) || !balancer.hasCandidates) return undefined
  return queue.length > 0 || !balancer.hasRoom ? queue.enter(entrant) : undefined
}

/** A retry takes the place that its request has had already. */
const mayQueue = ({ tried, hasQueued }: Asker): boolean => tried.length === 0 && !hasQueued

export function sourceOf({ connections, name }: Pool, backend: Backend): StreamSource {
  const source = connections.get(backend)
  if (source === undefined) throw new Error(`backend ${backend.id} has no connections in pool ${name}`)
  return source
}
