/**
 * What is known of a backend, one fact for each who finds something out. A fact is written by its owner alone and as a
 * whole; what they come to together is `standing.ts`'s to say. Another fact is one more key here and one line there.
 */
import { type BreakerFact, closedBreaker } from './breaker.ts'
import type { EjectionFact } from './ejection.ts'
import type { Member } from './member.ts'
import type { RampFact } from './slow-start.ts'

/** Instants are monotonic ms, and tell when this very fact began. */
export interface Facts {
  operator: OperatorFact
  checks: ChecksFact
  traffic: TrafficFact
  /** Written by `health/ejections.ts`. */
  ejection: EjectionFact
  /** Written by `health/breakers.ts`. */
  breaker: BreakerFact
  /** Changes the weight alone; written by `health/ramps.ts`. */
  ramp: RampFact
}

/** Said by people, in the config or through the API; written by `Backend` as a config is put in force. */
export interface OperatorFact {
  /** `draining`: to be given no new requests. */
  readonly kind: 'active' | 'draining'
  readonly since: number
  /** > 0; relative share. */
  readonly weight: number
}

/** Found by active checks; written by `health/monitor.ts`. */
export type ChecksFact =
  /** No check has decided yet, or nobody checks. */
  | { readonly kind: 'unchecked'; readonly since: number }
  | { readonly kind: 'passing'; readonly since: number }
  /** `cause`: what the deciding check came to, in words. */
  | { readonly kind: 'failing'; readonly since: number; readonly cause: string }

/** Found by the connects of requests; written by `health/passive.ts`. */
export type TrafficFact =
  | { readonly kind: 'clear'; readonly since: number }
  /** `until`: when a request is to try it again; undefined: once checks have found it well. */
  | { readonly kind: 'failing'; readonly since: number; readonly cause: string; readonly until: number | undefined }

/** Whether it still holds: after `until` it tells of the past. */
export const isFailing = (fact: TrafficFact, now: number): boolean =>
  fact.kind === 'failing' && (fact.until === undefined || now < fact.until)

/** Of a backend that nothing is known about but its configuration. */
export const firstFacts = (member: Member, now: number): Facts => ({
  operator: operatorFact(member, undefined, now),
  checks: { kind: 'unchecked', since: now },
  traffic: { kind: 'clear', since: now },
  ejection: { kind: 'clear', since: now, times: 0 },
  breaker: closedBreaker(now),
  ramp: { kind: 'full', since: now },
})

/** `before` keeps its beginning unless the word has changed: a new weight drains nobody anew. */
export function operatorFact(
  { isDraining, weight }: Member,
  before: OperatorFact | undefined,
  now: number,
): OperatorFact {
  const kind = isDraining ? 'draining' : 'active'
  return { kind, weight, since: before?.kind === kind ? before.since : now }
}
