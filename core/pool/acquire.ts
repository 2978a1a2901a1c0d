/** A backend and a stream to it: picking and opening are one act, since a backend at its cap is no choice at all. */
import type { Backend } from '../backend/backend.ts'
import type { BackendStream, StreamSource } from '../stream/backend-stream.ts'
import type { PickContext } from '../strategy/strategy.ts'
import type { Pool } from './pool.ts'

export interface Acquired {
  readonly backend: Backend
  readonly stream: BackendStream
}

/**
 * Picks among the usable backends that are not in `tried` until one has a stream to offer; those that have none are added
 * to `tried`. undefined: nobody is left.
 */
export function acquire(pool: Pool, context: PickContext, tried: Backend[]): Acquired | undefined {
  for (;;) {
    const backend = pool.balancer.pick(context, tried)
    if (backend === undefined) return undefined
    const stream = sourceOf(pool, backend).open('any')
    if (stream !== undefined) return { backend, stream }
    tried.push(backend)
  }
}

export function sourceOf({ connections, name }: Pool, backend: Backend): StreamSource {
  const source = connections.get(backend)
  if (source === undefined) throw new Error(`backend ${backend.id} has no connections in pool ${name}`)
  return source
}
