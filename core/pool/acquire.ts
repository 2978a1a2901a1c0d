/** A backend and a stream to it: picking and opening are one act, so that the one who is picked still has room. */
import type { Backend } from '../backend/backend.ts'
import type { BackendStream, StreamChoice, StreamSource } from '../stream/backend-stream.ts'
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

export function sourceOf({ connections, name }: Pool, backend: Backend): StreamSource {
  const source = connections.get(backend)
  if (source === undefined) throw new Error(`backend ${backend.id} has no connections in pool ${name}`)
  return source
}
