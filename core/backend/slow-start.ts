/**
 * Slow start: a backend that has just come, or come back, is given a share that grows, since caches are cold, code is not
 * yet compiled and connections are few. Pure; `health/ramps.ts` says when one begins.
 */

export interface SlowStartPolicy {
  /** How long the share grows. */
  readonly windowMs: number
  /** > 0, the exponent of the time elapsed: 1 is a straight line, 2 begins slowly, 0.5 quickly. */
  readonly curve: number
  /** 0..1: the share to begin with. */
  readonly floor: number
  /** Whoever is there, or comes back, so soon after the pool has begun has its whole share at once. */
  readonly graceMs: number
}

export type RampFact =
  | { readonly kind: 'full'; readonly since: number }
  /** `cause`: `it is new`, `it is back`. */
  | { readonly kind: 'ramping'; readonly since: number; readonly cause: string }

/** Monotonic ms: when the share is whole; undefined: it is, or nobody asks for slow starts. */
export const rampEnd = (fact: RampFact, policy: SlowStartPolicy | undefined): number | undefined =>
  fact.kind === 'full' || policy === undefined ? undefined : fact.since + policy.windowMs

/** The part of its weight that it is given at `now`: from `floor` to 1. */
export function rampShare(fact: RampFact, policy: SlowStartPolicy | undefined, now: number): number {
  if (fact.kind === 'full' || policy === undefined) return 1
  const elapsed = Math.min(1, Math.max(0, now - fact.since) / policy.windowMs)
  return Math.max(policy.floor, elapsed ** policy.curve)
}
