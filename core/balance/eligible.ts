/** Which of a pool's backends may be picked now. */
import type { Backend } from '../backend/backend.ts'

/** At least one backend; satisfies `Candidates` by shape. */
export type EligibleBackends = readonly [Backend, ...Backend[]]

/**
 * Those whose standing lets them be picked. This is the place for rules that need the whole pool, of which there is one:
 * what traffic found leaves nobody without a backend. Where it holds out all that are left, they are picked as if it had
 * said nothing, since a request that may fail is better than one that must, and nothing else finds out so soon who is
 * back. What people and checks say stands. A fresh list, so that its identity tells strategies that something changed;
 * undefined when nobody is left.
 */
export function eligibleBackends(backends: readonly Backend[]): EligibleBackends | undefined {
  const usable = nonEmpty(backends.filter(({ standing }) => standing.usable))
  return usable ?? nonEmpty(backends.filter(({ standing }) => standing.by === 'traffic'))
}

/** Those of `candidates` that are not in `tried`: what a retry may pick from. */
export function withoutTried(candidates: EligibleBackends, tried: readonly Backend[]): EligibleBackends | undefined {
  return nonEmpty(candidates.filter((backend) => !tried.includes(backend)))
}

function nonEmpty(backends: readonly Backend[]): EligibleBackends | undefined {
  const [first, ...rest] = backends
  return first === undefined ? undefined : [first, ...rest]
}
