/** Which of a pool's backends may be picked now. */
import type { Backend } from '../backend/backend.ts'

/** At least one backend; satisfies `Candidates` by shape. */
export type EligibleBackends = readonly [Backend, ...Backend[]]

export interface Eligibility {
  /** Whether a backend may take traffic before its first check. */
  readonly admitsUnchecked: boolean
  /**
   * Whether, when nobody is usable, everybody is: in a pool without checks only traffic can find out who is back, and a
   * request that may fail is better than one that must.
   */
  readonly failsOpen: boolean
}

/** A fresh list, so that its identity tells strategies that something changed; undefined when nobody is usable. */
export function eligibleBackends(backends: readonly Backend[], rule: Eligibility): EligibleBackends | undefined {
  const active = backends.filter((backend) => !backend.isDraining)
  const eligible = nonEmpty(active.filter((backend) => isEligible(backend, rule)))
  return eligible ?? (rule.failsOpen ? nonEmpty(active) : undefined)
}

/** Those of `candidates` that are not in `tried`: what a retry may pick from. */
export function withoutTried(candidates: EligibleBackends, tried: readonly Backend[]): EligibleBackends | undefined {
  return nonEmpty(candidates.filter((backend) => !tried.includes(backend)))
}

function isEligible(backend: Backend, rule: Eligibility): boolean {
  switch (backend.health.kind) {
    case 'healthy':
      return true
    case 'unchecked':
      return rule.admitsUnchecked
    case 'unhealthy':
      return false
  }
}

function nonEmpty(backends: readonly Backend[]): EligibleBackends | undefined {
  const [first, ...rest] = backends
  return first === undefined ? undefined : [first, ...rest]
}
