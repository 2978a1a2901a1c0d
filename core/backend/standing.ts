/** A backend's facts -> what they come to: whether it may be picked, with which weight, and why (not) since when. Pure. */
import { type Facts, isFailing } from './facts.ts'

/** As people see it. What checks and traffic say goes on while a backend drains, so that is told apart. */
export type Health = 'unchecked' | 'healthy' | 'unhealthy'

export interface Standing {
  /** Whether it may be picked, for all that is known of it alone. */
  readonly usable: boolean
  /** > 0; what its share comes to while it is usable. */
  readonly weight: number
  /** Whose fact keeps it out; undefined: nobody's. */
  readonly by: keyof Facts | undefined
  /** That fact in words; undefined when nothing keeps it out. */
  readonly why: string | undefined
  /** Monotonic ms: when the fact that decides began. */
  readonly since: number
  /** Monotonic ms: when that fact ends by itself; undefined: it does not. */
  readonly until: number | undefined
  readonly state: Health | 'draining'
  /** What checks and traffic say, also of one that drains. */
  readonly health: Health
}

export interface StandingRule {
  /**
   * Monotonic ms: a backend that came then or later may not be picked before a check has found it well; undefined: all
   * may. Those that served before checks came into force go on.
   */
  readonly awaitsCheckSince: number | undefined
}

/** Why a backend may not be picked. */
type Hold = Pick<Standing, 'why' | 'since' | 'until'> & { readonly by: keyof Facts }

type FindHold = (facts: Facts, rule: StandingRule, now: number) => Hold | undefined

/** The firmest first: of several that hold, people are told the first, and what is held by the last alone may be overruled. */
const holds: readonly FindHold[] = [heldByOperator, heldByChecks, heldByTraffic]

/** `now`: monotonic ms. To be asked again when a fact changes and when `until` has come. */
export function standingOf(facts: Facts, rule: StandingRule, now: number): Standing {
  const hold = firstHold(facts, rule, now)
  const health = healthOf(facts, now)
  return {
    usable: hold === undefined,
    weight: facts.operator.weight,
    by: hold?.by,
    why: hold?.why,
    since: hold?.since ?? wellSince(facts),
    until: hold?.until,
    state: hold?.by === 'operator' ? 'draining' : health,
    health,
  }
}

function firstHold(facts: Facts, rule: StandingRule, now: number): Hold | undefined {
  for (const find of holds) {
    const hold = find(facts, rule, now)
    if (hold !== undefined) return hold
  }
  return undefined
}

function heldByOperator({ operator }: Facts): Hold | undefined {
  if (operator.kind === 'active') return undefined
  return { by: 'operator', why: 'told to drain', since: operator.since, until: undefined }
}

function heldByChecks({ checks }: Facts, { awaitsCheckSince }: StandingRule): Hold | undefined {
  const { since } = checks
  if (checks.kind === 'failing') return { by: 'checks', why: checks.cause, since, until: undefined }
  if (checks.kind === 'passing' || awaitsCheckSince === undefined || since < awaitsCheckSince) return undefined
  return { by: 'checks', why: 'waits for its first check', since, until: undefined }
}

function heldByTraffic({ traffic }: Facts, _: StandingRule, now: number): Hold | undefined {
  if (traffic.kind === 'clear' || !isFailing(traffic, now)) return undefined
  return { by: 'traffic', why: traffic.cause, since: traffic.since, until: traffic.until }
}

function healthOf({ checks, traffic }: Facts, now: number): Health {
  if (checks.kind === 'failing' || isFailing(traffic, now)) return 'unhealthy'
  return checks.kind === 'passing' ? 'healthy' : 'unchecked'
}

/** When the last of the facts began that let it be picked. */
function wellSince({ checks, traffic }: Facts): number {
  const clearSince = traffic.kind === 'failing' ? (traffic.until ?? traffic.since) : traffic.since
  return Math.max(checks.since, clearSince)
}
