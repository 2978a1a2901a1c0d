/**
 * Outlier ejection, as gRFC A50 and Envoy have it: whoever does clearly worse than its peers over an interval is left out for
 * a while, for longer each time, and never many at once. The arithmetic, pure; `health/ejections.ts` counts and keeps the time.
 */
import { type FailureRule, percentText, secondsText } from './failure.ts'

/** Of the backends that saw at least `minRequests` in the interval, where these are at least `minBackends`. */
interface Enough {
  readonly minBackends: number
  readonly minRequests: number
}

export interface EjectionPolicy {
  readonly failures: FailureRule
  readonly intervalMs: number
  /** Out for this time as often as it was ejected lately, up to `maxTimeMs`. */
  readonly baseTimeMs: number
  readonly maxTimeMs: number
  /** Ejects whose success rate is under mean - factor * standard deviation; undefined: off. */
  readonly successRate: (Enough & { readonly factor: number }) | undefined
  /** Ejects who failed more than this share, 0..1; undefined: off. */
  readonly failureRatio: (Enough & { readonly ratio: number }) | undefined
  /** undefined: no row of failures ejects. */
  readonly failuresInRow: number | undefined
  /** 0..1 of the pool that the two rates may eject, yet always one. */
  readonly maxStatistical: number
}

export type EjectionFact =
  /** `times`: how often it was ejected lately; falls by one with each interval. */
  | { readonly kind: 'clear'; readonly since: number; readonly times: number }
  | {
      readonly kind: 'ejected'
      readonly since: number
      readonly until: number
      readonly times: number
      readonly cause: string
      /** Whether it was compared with its peers, and did not just fail in a row. */
      readonly isStatistical: boolean
    }

/** What a backend did in an interval. */
export interface Sample<Subject> {
  readonly subject: Subject
  readonly good: number
  readonly bad: number
}

export interface Outlier<Subject> {
  readonly subject: Subject
  readonly cause: string
}

/** Of a pool's interval: whom to eject and why, `room` of them at most; success rates come first. */
export function outliers<Subject>(
  samples: readonly Sample<Subject>[],
  policy: EjectionPolicy,
  room: number,
): readonly Outlier<Subject>[] {
  const found = new Map<Subject, string>()
  for (const { subject, cause } of [...lowRates(samples, policy), ...highRatios(samples, policy)])
    if (found.size < room && !found.has(subject)) found.set(subject, cause)
  return [...found].map(([subject, cause]) => ({ subject, cause }))
}

/** How many of `members` the two rates may hold out at once. */
export const statisticalRoom = (members: number, { maxStatistical }: EjectionPolicy): number =>
  maxStatistical === 0 ? 0 : Math.max(1, Math.floor(members * maxStatistical))

function lowRates<Subject>(
  samples: readonly Sample<Subject>[],
  { successRate: rule, intervalMs }: EjectionPolicy,
): Outlier<Subject>[] {
  const rated = rule === undefined ? [] : ratedOf(samples, rule)
  if (rule === undefined || rated.length < Math.max(1, rule.minBackends)) return []
  const mean = meanOf(rated.map(({ rate }) => rate))
  const deviation = Math.sqrt(meanOf(rated.map(({ rate }) => (rate - mean) ** 2)))
  const least = mean - rule.factor * deviation
  return rated
    .filter(({ rate }) => rate < least)
    .map(({ subject, rate }) => {
      const peers = (mean * rated.length - rate) / Math.max(1, rated.length - 1)
      return {
        subject,
        cause: `${percentText(rate)} of its requests went well within ${secondsText(intervalMs)}, ${percentText(peers)} of its peers'`,
      }
    })
}

function highRatios<Subject>(
  samples: readonly Sample<Subject>[],
  { failureRatio: rule, intervalMs }: EjectionPolicy,
): Outlier<Subject>[] {
  const rated = rule === undefined ? [] : ratedOf(samples, rule)
  if (rule === undefined || rated.length < Math.max(1, rule.minBackends)) return []
  return rated
    .filter(({ rate }) => 1 - rate > rule.ratio)
    .map(({ subject, rate }) => ({
      subject,
      cause: `${percentText(1 - rate)} of its requests failed within ${secondsText(intervalMs)}`,
    }))
}

const ratedOf = <Subject>(samples: readonly Sample<Subject>[], { minRequests }: Enough) =>
  samples
    .filter(({ good, bad }) => good + bad >= Math.max(1, minRequests))
    .map(({ subject, good, bad }) => ({ subject, rate: good / (good + bad) }))

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** `fact` ejected at `now`, for longer than the time before. */
export function ejected(
  { times }: EjectionFact,
  { cause, isStatistical }: { readonly cause: string; readonly isStatistical: boolean },
  policy: EjectionPolicy,
  now: number,
): EjectionFact & { readonly kind: 'ejected' } {
  const count = times + 1
  return { kind: 'ejected', since: now, until: now + outMs(count, policy), times: count, cause, isStatistical }
}

/** Its time is over. */
export const released = ({ times }: EjectionFact, now: number): EjectionFact => ({ kind: 'clear', since: now, times })

/** An interval without ejection makes up for one that was. */
export const relaxed = (fact: EjectionFact): EjectionFact =>
  fact.kind === 'ejected' || fact.times === 0 ? fact : { ...fact, times: fact.times - 1 }

/** `fact` as another policy has it: the time that it is out counts from its beginning. */
export const retimed = (fact: EjectionFact, policy: EjectionPolicy): EjectionFact =>
  fact.kind === 'clear' ? fact : { ...fact, until: fact.since + outMs(fact.times, policy) }

const outMs = (times: number, { baseTimeMs, maxTimeMs }: EjectionPolicy): number =>
  Math.min(baseTimeMs * times, Math.max(baseTimeMs, maxTimeMs))
