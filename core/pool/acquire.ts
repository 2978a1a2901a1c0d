/** A backend and a stream to it: picking and opening are one act, so that the one who is picked still has room. */
import type { Backend } from '../backend/backend.ts'
import type { BackendStream, StreamChoice, StreamSource } from '../stream/backend-stream.ts'
import type { Session } from '../sticky/sticky.ts'
import type { PickContext } from '../strategy/strategy.ts'
import type { Pool } from './pool.ts'

export interface Acquired {
  readonly backend: Backend
  readonly stream: BackendStream
}

/** undefined: nobody is usable, has room, and is not in `tried`. */
export function acquire(
  pool: Pool,
  context: PickContext,
  tried: readonly Backend[],
  choice: StreamChoice,
): Acquired | undefined {
  const backend = pool.balancer.pick(context, tried)
  const stream = backend && sourceOf(pool, backend).open(choice, pool.timeouts)
  return stream && { backend, stream }
}

/**
 * The backend that a session is with and a stream to it; undefined: it is with nobody who may have this request, so that
 * the strategy is to pick. Draining, a backend goes on for the sessions that it has, unless it has been found unwell.
 */
export function acquireKept(
  pool: Pool,
  session: Session | undefined,
  tried: readonly Backend[],
  choice: StreamChoice,
): Acquired | undefined {
  const backend = session?.backend
  if (backend === undefined || tried.includes(backend) || !mayKeep(pool, backend) || !backend.hasRoom) return undefined
  const stream = sourceOf(pool, backend).open(choice, pool.timeouts)
  return stream && { backend, stream }
}

function mayKeep({ balancer }: Pool, backend: Backend): boolean {
  const { state, health } = backend.standing
  return balancer.offers(backend) || (state === 'draining' && health !== 'unhealthy')
}

export function sourceOf({ connections, name }: Pool, backend: Backend): StreamSource {
  const source = connections.get(backend)
  if (source === undefined) throw new Error(`backend ${backend.id} has no connections in pool ${name}`)
  return source
}
