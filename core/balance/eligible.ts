/** Which of a pool's backends may be picked now. */
import type { Backend } from '../backend/backend.ts'

/** At least one backend. */
export type EligibleBackends = readonly [Backend, ...Backend[]]

/**
 * Those whose standing lets them be picked. This is the place for rules that need the whole pool, of which there is one:
 * what traffic found leaves nobody without a backend. Where it holds out all that are left, they are picked as if it had
 * said nothing, since a request that may fail is better than one that must, and nothing else finds out so soon who is
 * back. What people and checks say stands. undefined when nobody is left.
 */
export function eligibleBackends(backends: readonly Backend[]): EligibleBackends | undefined {
  const usable = backends.filter(({ standing }) => standing.usable)
  return orNobody(usable) ?? heldOutByTraffic(backends)
}

/** Those that nothing but traffic holds out. */
export const heldOutByTraffic = (backends: readonly Backend[]): EligibleBackends | undefined =>
  orNobody(backends.filter(({ standing }) => !standing.usable && standing.by === 'traffic'))

/** Those of `backends` that take one more request, and are not in `tried`: for a list that nobody has looked through yet. */
export function withRoom(backends: EligibleBackends, tried: readonly Backend[]): EligibleBackends | undefined {
  const isTried = new Set(tried)
  return orNobody(backends.filter((backend) => backend.hasRoom && !isTried.has(backend)))
}

export const orNobody = (backends: readonly Backend[]): EligibleBackends | undefined =>
  isSomebody(backends) ? backends : undefined

const isSomebody = (backends: readonly Backend[]): backends is EligibleBackends => backends.length > 0
