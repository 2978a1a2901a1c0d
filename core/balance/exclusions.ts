/** Why backends of a pool are no candidates of one pick: who says so, in words, and until when. Pure. */
import type { Backend } from '../backend/backend.ts'
import type { HoldOwner } from '../backend/standing.ts'

/**
 * Whose word it is. Beside the owners of facts: `tried`: it has failed this request, or is trying it; `room`: it, or its
 * pool, takes no more now; `tier`: its tier is not needed; `session`: the request's session is with another; `shown`: of
 * many with room a strategy is shown some; `strategy`: the strategy passed it over.
 */
export type ExcludedBy = HoldOwner | 'tried' | 'room' | 'tier' | 'session' | 'shown' | 'strategy'

export interface Exclusion {
  readonly backend: string
  readonly by: ExcludedBy
  /** In words. */
  readonly why: string
  /** ms from the pick on until it ends by itself; null: nobody knows, or it does not. */
  readonly untilMs: number | null
}

/** One pick, as far as it decides who is none of its candidates. */
export interface PickFacts {
  /** Of the request, in the order in which it was given to them. */
  readonly tried: readonly Backend[]
  /** Whom the request went to for its session's sake; undefined: that did not decide. */
  readonly kept: Backend | undefined
  /** As many are under way in the pool as may be. */
  readonly isPoolFull: boolean
  /** Monotonic ms. */
  readonly now: number
}

type FindReason = (backend: Backend, facts: PickFacts) => Omit<Exclusion, 'backend'> | undefined

/** The first that finds something is told. */
const finders: readonly FindReason[] = [byTries, byFacts, byTier, byRoom, bySession]

export function exclusionOf(backend: Backend, facts: PickFacts): Exclusion {
  for (const find of finders) {
    const found = find(backend, facts)
    if (found !== undefined) return { backend: backend.id, ...found }
  }
  return { backend: backend.id, by: 'shown', why: 'was not among those shown', untilMs: null }
}

function byTries(backend: Backend, { tried }: PickFacts): ReturnType<FindReason> {
  return tried.includes(backend) ? { by: 'tried', why: 'was given this request before', untilMs: null } : undefined
}

function byFacts({ use, standing }: Backend, { now }: PickFacts): ReturnType<FindReason> {
  const { by, why, until } = standing
  if (use !== 'out' || by === undefined) return undefined
  return { by, why: why ?? 'held out', untilMs: until === undefined ? null : Math.max(0, until - now) }
}

function byTier({ use, tier }: Backend): ReturnType<FindReason> {
  return use === 'spare' ? { by: 'tier', why: `its tier, ${tier}, is not needed now`, untilMs: null } : undefined
}

function byRoom({ inflight, maxInflight, hasRoom, use }: Backend, { isPoolFull }: PickFacts): ReturnType<FindReason> {
  const full = (why: string): ReturnType<FindReason> => ({ by: 'room', why, untilMs: null })
  if (inflight >= maxInflight) return full(`full: ${inflight} in flight, ${maxInflight} at most`)
  if (!hasRoom) return full(use === 'trial' ? 'all its trials are under way' : 'no connection to it is free')
  return isPoolFull ? full('its pool is full') : undefined
}

function bySession(_: Backend, { kept }: PickFacts): ReturnType<FindReason> {
  return kept && { by: 'session', why: `the session is with ${kept.id}`, untilMs: null }
}
