import { describe, expect, test } from 'bun:test'
import { extendStreak, judge } from '../../../core/backend/thresholds.ts'
import type { Health } from '../../../core/backend/backend.ts'

/** The standing after each of `results`, which is written as `+` (good) and `-` (bad). */
function standings(start: Health['kind'], results: string, rise: number, fall: number): string {
  let standing = start
  let streak = 0
  return Array.from(results)
    .map((result) => {
      streak = extendStreak(streak, result === '+')
      standing = judge(standing, streak, { rise, fall }) ?? standing
      return standing === 'healthy' ? 'h' : standing === 'unhealthy' ? 'u' : '?'
    })
    .join('')
}

describe('thresholds', () => {
  const steps: readonly (readonly [says: string, start: Health['kind'], results: string, becomes: string])[] = [
    ['keeps a healthy one through failures short of fall', 'healthy', '--+--+', 'hhhhhh'],
    ['drops a healthy one after fall failures in a row', 'healthy', '-+---', 'hhhhu'],
    ['keeps an unhealthy one down through a lone success', 'unhealthy', '+-+-', 'uuuu'],
    ['raises an unhealthy one after rise successes in a row', 'unhealthy', '+-++', 'uuuh'],
    ['lets the first success decide for an unchecked one', 'unchecked', '+--', 'hhh'],
    ['lets the first failure decide against an unchecked one', 'unchecked', '-+', 'uu'],
    ['swings down and up again', 'unchecked', '+---++---', 'hhhuuhhhu'],
    ['stays as it is without results', 'unchecked', '', ''],
  ]
  for (const [says, start, results, becomes] of steps) {
    test(says, () => expect(standings(start, results, 2, 3)).toBe(becomes))
  }

  test('changes with every result when both thresholds are one', () => {
    expect(standings('healthy', '-+-+', 1, 1)).toBe('uhuh')
  })

  test('says nothing when the standing is already so', () => {
    expect(judge('healthy', 1_000_000, { rise: 1, fall: 1 })).toBeUndefined()
    expect(judge('unhealthy', -1_000_000, { rise: 1, fall: 1 })).toBeUndefined()
    expect(judge('unchecked', 0, { rise: 1, fall: 1 })).toBeUndefined()
  })
})
