/** Whether a backend gets requests, and whether anybody else could take them. Pure. */

/** Of a status or of a frame. */
interface Used {
  readonly state: string
  readonly use?: string
}

// Balancers of before it was told leave `use` out.

/** Whether nothing is held against it, so that it gets new requests, or would if its tier were needed. */
export const isUsable = ({ state, use }: Used): boolean =>
  use === undefined ? state !== 'unhealthy' && state !== 'draining' : use === 'used' || use === 'spare'

/** Whether it gets any now, be it in spite of what is held against it. */
export const isServing = (backend: Used): boolean =>
  backend.use === undefined ? isUsable(backend) : backend.use !== 'out' && backend.use !== 'spare'

/** Whether `backend`, one of its pool's `backends`, gets requests or would, and nobody else is usable. */
export const isLastUsable = (backends: readonly Used[], backend: Used): boolean =>
  (isUsable(backend) || isServing(backend)) && !backends.some((other) => other !== backend && isUsable(other))
