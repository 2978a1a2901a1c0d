import { describe, expect, test } from 'bun:test'
import { measurePick } from '../../../core/lab/pick-speed.ts'
import type { Strategy } from '../../../core/strategy/strategy.ts'

/** A clock that only what is measured moves. */
function strategyTaking(pickMs: (index: number) => number, endMs = 0) {
  let [nowMs, picks] = [0, 0]
  const strategy: Strategy = {
    pick(candidates) {
      nowMs += pickMs(picks)
      picks += 1
      return candidates[0]
    },
    onEnd() {
      nowMs += endMs
    },
  }
  return { strategy, now: () => nowMs, picks: () => picks }
}

describe('measurePick', () => {
  test('says what a pick takes, in ns', () => {
    const { strategy, now } = strategyTaking(() => 0.002)
    expect(measurePick(strategy, now)).toBeCloseTo(2000)
  })

  test('counts the hooks in', () => {
    const { strategy, now } = strategyTaking(() => 0.002, 0.001)
    expect(measurePick(strategy, now)).toBeCloseTo(3000)
  })

  test('is not led astray by most of the runs being disturbed', () => {
    const { strategy, now } = strategyTaking((index) => (index % 640 < 64 ? 0.001 : 0.1))
    expect(measurePick(strategy, now)).toBeCloseTo(1000)
  })

  test('does not miss what is slow in one pick of sixteen', () => {
    const { strategy, now } = strategyTaking((index) => (index % 16 === 0 ? 16 : 0.001))
    expect(measurePick(strategy, now)).toBeGreaterThan(900_000)
  })

  test('ends early when a pick takes a second', () => {
    const { strategy, now, picks } = strategyTaking(() => 1000)
    expect(measurePick(strategy, now)).toBeCloseTo(1e9)
    expect(picks()).toBeLessThan(10)
  })
})
