/** A backend's facts -> what they come to: whether it may be picked, with which weight, and why (not) since when. Pure. */
import { TRIAL_SHARE } from './breaker.ts'
import { type Facts, isFailing } from './facts.ts'
import { rampEnd, rampShare, type SlowStartPolicy } from './slow-start.ts'

/** As people see it. What checks and traffic say goes on while a backend drains, so that is told apart. */
export type Health = 'unchecked' | 'healthy' | 'unhealthy'

/** Whose fact may keep a backend out. */
export type HoldOwner = Exclude<keyof Facts, 'ramp'>

/** Why a backend may not be picked, or for a few requests only. */
export interface Hold {
  readonly by: HoldOwner
  /** In words. */
  readonly why: string
  /** Monotonic ms: when that fact began. */
  readonly since: number
  /** Monotonic ms: when it ends by itself; undefined: it does not. */
  readonly until: number | undefined
  /** `trials`: so many requests at once as its breaker lets try it. */
  readonly admits: 'nobody' | 'trials'
}

export interface Standing {
  /** Whether it may be picked, for all that is known of it alone; be it for trials. */
  readonly usable: boolean
  /** All that holds it out, the firmest first. */
  readonly holds: readonly Hold[]
  /** > 0; what its share comes to while it is usable. */
  readonly weight: number
  /** Whose fact keeps it out; undefined: nobody's. Of several the firmest. */
  readonly by: HoldOwner | undefined
  /** That fact in words; undefined when nothing keeps it out. */
  readonly why: string | undefined
  /** Monotonic ms: when the fact that decides began. */
  readonly since: number
  /** Monotonic ms: when that fact ends by itself; undefined: it does not. */
  readonly until: number | undefined
  readonly state: Health | 'draining'
  /** What checks and traffic say, also of one that drains. */
  readonly health: Health
  /** Its share is growing; undefined: it has all of it. `until`: monotonic ms. */
  readonly ramp: { readonly since: number; readonly until: number; readonly cause: string } | undefined
}

export interface StandingRule {
  /**
   * Monotonic ms: a backend that came then or later may not be picked before a check has found it well; undefined: all
   * may. Those that served before checks came into force go on.
   */
  readonly awaitsCheckSince: number | undefined
  /** undefined: whoever is usable has its whole share. */
  readonly slowStart: SlowStartPolicy | undefined
}

/** Before a pool has said anything. */
export const NO_RULE: StandingRule = { awaitsCheckSince: undefined, slowStart: undefined }

type FindHold = (facts: Facts, rule: StandingRule, now: number) => Hold | undefined

/** The firmest first: of several that hold, people are told the first. Which may be overruled, `balance/eligible.ts` says. */
const finders: readonly FindHold[] = [heldByOperator, heldByChecks, heldByTraffic, heldByEjection, heldByBreaker]

/** `now`: monotonic ms. To be asked again when a fact changes, when `until` has come, and while its share grows. */
export function standingOf(facts: Facts, rule: StandingRule, now: number): Standing {
  const holds = finders.flatMap((find) => find(facts, rule, now) ?? [])
  const [first] = holds
  const health = healthOf(facts, now)
  return {
    usable: holds.every(({ admits }) => admits === 'trials'),
    holds,
    weight: facts.operator.weight * shareOf(facts, rule, now),
    by: first?.by,
    why: first?.why,
    since: first?.since ?? wellSince(facts),
    until: first?.until,
    state: first?.by === 'operator' ? 'draining' : health,
    health,
    ramp: rampOf(facts, rule, now),
  }
}

function heldByOperator({ operator }: Facts): Hold | undefined {
  if (operator.kind === 'active') return undefined
  return { by: 'operator', why: 'told to drain', since: operator.since, until: undefined, admits: 'nobody' }
}

function heldByChecks({ checks }: Facts, { awaitsCheckSince }: StandingRule): Hold | undefined {
  const hold = { by: 'checks', since: checks.since, until: undefined, admits: 'nobody' } as const
  if (checks.kind === 'failing') return { ...hold, why: checks.cause }
  if (checks.kind === 'passing' || awaitsCheckSince === undefined || checks.since < awaitsCheckSince) return undefined
  return { ...hold, why: 'waits for its first check' }
}

function heldByTraffic({ traffic }: Facts, _: StandingRule, now: number): Hold | undefined {
  if (traffic.kind === 'clear' || !isFailing(traffic, now)) return undefined
  return { by: 'traffic', why: traffic.cause, since: traffic.since, until: traffic.until, admits: 'nobody' }
}

function heldByEjection({ ejection }: Facts): Hold | undefined {
  if (ejection.kind === 'clear') return undefined
  const { cause, since, until } = ejection
  return { by: 'ejection', why: `ejected: ${cause}`, since, until, admits: 'nobody' }
}

function heldByBreaker({ breaker }: Facts): Hold | undefined {
  if (breaker.kind === 'closed') return undefined
  const { cause, since, trips } = breaker
  const times = trips === 1 ? '' : `, opened ${trips} times`
  if (breaker.kind === 'open')
    return { by: 'breaker', why: `breaker open: ${cause}${times}`, since, until: breaker.until, admits: 'nobody' }
  const trials = `${breaker.atOnce} ${breaker.atOnce === 1 ? 'request' : 'requests'} at once`
  return {
    by: 'breaker',
    why: `breaker half-open, ${trials}: ${cause}${times}`,
    since,
    until: undefined,
    admits: 'trials',
  }
}

function healthOf({ checks, traffic, ejection, breaker }: Facts, now: number): Health {
  const isIll = checks.kind === 'failing' || isFailing(traffic, now)
  if (isIll || ejection.kind === 'ejected' || breaker.kind !== 'closed') return 'unhealthy'
  return checks.kind === 'passing' ? 'healthy' : 'unchecked'
}

const shareOf = ({ breaker, ramp }: Facts, { slowStart }: StandingRule, now: number): number =>
  breaker.kind === 'half-open' ? TRIAL_SHARE : rampShare(ramp, slowStart, now)

function rampOf({ ramp }: Facts, { slowStart }: StandingRule, now: number): Standing['ramp'] {
  const until = rampEnd(ramp, slowStart)
  if (ramp.kind === 'full' || until === undefined || until <= now) return undefined
  return { since: ramp.since, until, cause: ramp.cause }
}

/** When the last of the facts began that let it be picked. */
function wellSince({ checks, traffic, ejection, breaker }: Facts): number {
  const clearSince = traffic.kind === 'failing' ? (traffic.until ?? traffic.since) : traffic.since
  return Math.max(checks.since, clearSince, ejection.since, breaker.since)
}
