import { describe, expect, test } from 'bun:test'
import { extendStreak, judge } from '../../../core/backend/thresholds.ts'
import type { ChecksFact } from '../../../core/backend/facts.ts'

/** The standing after each of `results`, which is written as `+` (good) and `-` (bad). */
function standings(start: ChecksFact['kind'], results: string, rise: number, fall: number): string {
  let standing = start
  let streak = 0
  return Array.from(results)
    .map((result) => {
      streak = extendStreak(streak, result === '+')
      standing = judge(standing, streak, { rise, fall }) ?? standing
      return standing === 'passing' ? 'p' : standing === 'failing' ? 'f' : '?'
    })
    .join('')
}

describe('thresholds', () => {
  const steps: readonly (readonly [says: string, start: ChecksFact['kind'], results: string, becomes: string])[] = [
    ['keeps a passing one through failures short of fall', 'passing', '--+--+', 'pppppp'],
    ['fails a passing one after fall failures in a row', 'passing', '-+---', 'ppppf'],
    ['keeps a failing one through a lone success', 'failing', '+-+-', 'ffff'],
    ['passes a failing one after rise successes in a row', 'failing', '+-++', 'fffp'],
    ['lets the first success decide for an unchecked one', 'unchecked', '+--', 'ppp'],
    ['lets the first failure decide against an unchecked one', 'unchecked', '-+', 'ff'],
    ['swings down and up again', 'unchecked', '+---++---', 'pppffpppf'],
    ['stays as it is without results', 'unchecked', '', ''],
  ]
  for (const [says, start, results, becomes] of steps) {
    test(says, () => expect(standings(start, results, 2, 3)).toBe(becomes))
  }

  test('changes with every result when both thresholds are one', () => {
    expect(standings('passing', '-+-+', 1, 1)).toBe('fpfp')
  })

  test('says nothing when the standing is already so', () => {
    expect(judge('passing', 1_000_000, { rise: 1, fall: 1 })).toBeUndefined()
    expect(judge('failing', -1_000_000, { rise: 1, fall: 1 })).toBeUndefined()
    expect(judge('unchecked', 0, { rise: 1, fall: 1 })).toBeUndefined()
  })
})
