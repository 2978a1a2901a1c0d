/** Counts how an exchange ended, for the process and for its route; who refused it, too. */
import type { Backend } from '../backend/backend.ts'
import { countStatus, type RefusalReason, refusedBy } from '../observe/counters.ts'
import { countGrpc } from '../observe/http2-counters.ts'
import type { MethodClass } from '../observe/route-traffic.ts'
import type { Attempt } from './attempt.ts'
import type { Route, Services } from './world.ts'

export interface EndedExchange {
  readonly services: Services
  readonly route: Route
  readonly method: MethodClass
  readonly startedAt: number
}

/** `status`: 0: the client left before the end. `backend`: whose response was passed on, as far as it came; undefined: nobody's. */
export function countEnding(
  status: number,
  { services, route, method, startedAt }: EndedExchange,
  backend: Backend | undefined,
  now: number,
): void {
  const { counters } = services
  if (status === 0) counters.abandoned += 1
  else if (status >= 200) countStatus(counters, status)
  if (route.pool === undefined) counters.unrouted += 1
  route.traffic.end(method, status, backend, now - startedAt)
}

/** A rule of the route, or the bound of its bodies, has refused it. */
export function countRefusal(
  reason: RefusalReason,
  { services, route }: Pick<EndedExchange, 'services' | 'route'>,
): void {
  services.counters[refusedBy[reason]] += 1
  route.traffic.refused += 1
}

/** What a call of gRPC has come to at its backend; anything else is none. */
export function countCall({ services }: Pick<EndedExchange, 'services'>, { stream }: Pick<Attempt, 'stream'>): void {
  countGrpc(services.counters, stream.grpcStatus)
}
