/** Consecutive rise/fall counting: when a row of equal results changes what checks say of a backend. Pure. */
import type { ChecksFact } from './facts.ts'

/** Results of one kind in a row: n > 0 good ones, n < 0 bad ones, 0 none yet. */
export type Streak = number

export interface Thresholds {
  /** >= 1 good results that make an unhealthy backend usable. */
  readonly rise: number
  /** >= 1 bad results that make a healthy one unusable. */
  readonly fall: number
}

/** The streak after one more result; a result of the other kind begins a new one. */
export function extendStreak(streak: Streak, passed: boolean): Streak {
  return passed ? Math.max(streak, 0) + 1 : Math.min(streak, 0) - 1
}

/**
 * What `streak` makes of a backend that was `before`; undefined: no change. Of an unchecked one nothing is known, so its
 * first result decides at once, either way (as in HAProxy): waiting for `rise` would delay every start, waiting for
 * `fall` would feed traffic to a backend that has only ever failed.
 */
export function judge(
  before: ChecksFact['kind'],
  streak: Streak,
  thresholds: Thresholds,
): 'passing' | 'failing' | undefined {
  const rise = before === 'unchecked' ? 1 : thresholds.rise
  const fall = before === 'unchecked' ? 1 : thresholds.fall
  if (before !== 'passing' && streak >= rise) return 'passing'
  if (before !== 'failing' && -streak >= fall) return 'failing'
  return undefined
}
