/**
 * A backend's circuit breaker (Nygard, Release It!, 2007): closed while it answers well; open, and given nothing, once it
 * has failed too often; then half-open, and given a few requests at once, until these have gone well or one has not. Its
 * states and what leads from one to the next, pure; `health/breakers.ts` counts and keeps the time.
 */
import type { Random } from '../random.ts'
import { type FailureRule, percentText, rowText, secondsText, type Verdict } from './failure.ts'

export interface BreakerPolicy {
  readonly failures: FailureRule
  /** What the ratios are of. */
  readonly windowMs: number
  /** Fewer than these within the window have no ratio. */
  readonly minRequests: number
  /** 0..1 of the requests; undefined: no ratio of failures opens it. */
  readonly errorRatio: number | undefined
  /** undefined: no row of failures opens it. */
  readonly failuresInRow: number | undefined
  /** `ratio` of answers whose head took longer than `latencyMs`; undefined: slowness does not open it. */
  readonly slowCalls: { readonly latencyMs: number; readonly ratio: number } | undefined
  /** After a first trip; each further one doubles it. */
  readonly openTimeMs: number
  readonly maxOpenTimeMs: number
  /** 0..1: by up to this share an open time is shorter, so that several balancers do not come back in step. */
  readonly jitterRatio: number
  /** While half-open: so many requests at once, and so many good ones close it. */
  readonly trials: number
}

export type BreakerFact =
  /** `trips`: how often it opened before, one soon after the other. */
  | { readonly kind: 'closed'; readonly since: number; readonly trips: number }
  | {
      readonly kind: 'open'
      readonly since: number
      readonly until: number
      readonly trips: number
      readonly cause: string
    }
  | {
      readonly kind: 'half-open'
      readonly since: number
      readonly trips: number
      readonly cause: string
      /** So many trials at once; `underWay` of them have begun and not been judged, `passed` went well. */
      readonly atOnce: number
      readonly underWay: number
      readonly passed: number
    }

export type BreakerEvent =
  | { readonly kind: 'tripped'; readonly cause: string }
  /** The open time is over. */
  | { readonly kind: 'waited' }
  | { readonly kind: 'trial-begun' }
  /** Its response's head has come, or it is over without one; `bad` also when the rest of that does not come. */
  | { readonly kind: 'trial-judged'; readonly verdict: Verdict }
  /** Another policy is in force. */
  | { readonly kind: 'policy' }
  /** Nobody has counted for a while, and trials may have ended unheard. */
  | { readonly kind: 'resumed' }

export interface BreakerMoment {
  readonly policy: BreakerPolicy
  /** Monotonic ms. */
  readonly now: number
  readonly random: Random
}

/** While half-open, its share is this part of its weight: whoever is full is not to be picked time and again. */
export const TRIAL_SHARE = 0.1

export const closedBreaker = (since: number): BreakerFact => ({ kind: 'closed', since, trips: 0 })

/** What the window and the row say. */
export interface BreakerReading {
  readonly requests: number
  readonly failures: number
  readonly answers: number
  readonly slow: number
  readonly failuresInRow: number
}

/** Why a closed breaker is to open, in words; undefined: it is not. */
export function tripCause(reading: BreakerReading, policy: BreakerPolicy): string | undefined {
  const { requests, failures, answers, slow, failuresInRow } = reading
  const { errorRatio, minRequests, slowCalls, windowMs } = policy
  const within = `within ${secondsText(windowMs)}`
  if (policy.failuresInRow !== undefined && failuresInRow >= policy.failuresInRow) return rowText(failuresInRow)
  if (errorRatio !== undefined && isShare(failures, requests, errorRatio, minRequests))
    return `${percentText(failures / requests)} of ${requests} requests failed ${within}`
  if (slowCalls !== undefined && isShare(slow, answers, slowCalls.ratio, minRequests))
    return `${percentText(slow / answers)} of ${answers} answers took over ${secondsText(slowCalls.latencyMs)} ${within}`
  return undefined
}

const isShare = (part: number, whole: number, ratio: number, least: number): boolean =>
  whole >= least && part >= whole * ratio

type Of<Kind extends BreakerFact['kind']> = BreakerFact & { readonly kind: Kind }
type Step<Kind extends BreakerFact['kind']> = {
  readonly [E in BreakerEvent['kind']]?: (
    fact: Of<Kind>,
    event: BreakerEvent & { readonly kind: E },
    moment: BreakerMoment,
  ) => BreakerFact
}

/** What is not here changes nothing: a trial that ends after another has opened the breaker, say. */
const steps: { readonly [Kind in BreakerFact['kind']]: Step<Kind> } = {
  closed: {
    tripped: ({ since, trips }, { cause }, moment) =>
      // Once it has held for long enough, it begins anew.
      opened(moment.now - since < moment.policy.maxOpenTimeMs ? trips + 1 : 1, cause, moment),
  },
  open: {
    waited: halfOpened,
    policy: (fact, _, moment) => ({ ...fact, until: fact.since + openMs(fact.trips, moment) }),
  },
  'half-open': {
    'trial-begun': (fact) => ({ ...fact, underWay: fact.underWay + 1 }),
    'trial-judged': (fact, { verdict }, moment) => {
      if (verdict === 'bad') return opened(fact.trips + 1, fact.cause, moment)
      const passed = fact.passed + (verdict === 'good' ? 1 : 0)
      return settled({ ...fact, passed, underWay: Math.max(0, fact.underWay - 1) }, moment)
    },
    policy: (fact, _, moment) => settled({ ...fact, atOnce: moment.policy.trials }, moment),
    resumed: halfOpened,
  },
}

/** The state after `event`: the same object when that changes nothing. */
export function stepBreaker(fact: BreakerFact, event: BreakerEvent, moment: BreakerMoment): BreakerFact {
  const step = steps[fact.kind][event.kind] as
    ((fact: BreakerFact, event: BreakerEvent, moment: BreakerMoment) => BreakerFact) | undefined
  return step === undefined ? fact : step(fact, event, moment)
}

/** None of its trials has begun yet. */
function halfOpened(
  { trips, cause }: Of<'open' | 'half-open'>,
  _: BreakerEvent,
  { policy, now }: BreakerMoment,
): BreakerFact {
  return { kind: 'half-open', since: now, trips, cause, atOnce: policy.trials, underWay: 0, passed: 0 }
}

const settled = (fact: Of<'half-open'>, { now, policy }: BreakerMoment): BreakerFact =>
  fact.passed >= policy.trials ? { kind: 'closed', since: now, trips: fact.trips } : fact

/** `cause`: of the first of several trips in a row; that trials failed since is what their number says. */
const opened = (trips: number, cause: string, moment: BreakerMoment): BreakerFact => ({
  kind: 'open',
  since: moment.now,
  until: moment.now + openMs(trips, moment),
  trips,
  cause,
})

/** Never more than `maxOpenTimeMs`. */
function openMs(trips: number, { policy, random }: BreakerMoment): number {
  const { openTimeMs, maxOpenTimeMs, jitterRatio } = policy
  return Math.min(maxOpenTimeMs, openTimeMs * 2 ** (trips - 1)) * (1 - jitterRatio * random())
}
