import { describe, expect, test } from 'bun:test'
import { AskedStrategy, threw } from '../../../core/balance/asked-strategy.ts'
import { fakeAttempt, fakePool } from '../../../core/lab/fakes.ts'
import type { Outcome, Strategy } from '../../../core/strategy/strategy.ts'
import { contextOf } from '../../support/pick-context.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const completed: Outcome = { kind: 'completed', status: 200, elapsedMs: 3 }
const pool = fakePool([1, 1, 1])
/** As an attempt at a backend tells of itself. */
const begun = { view: fakeAttempt(pool[0], { startedAt: 1 }), status: 204 }
const context = contextOf({ random: () => 0.5 })
const first: Strategy = { pick: (candidates) => candidates[0] }

/** `costMs`: what each call of the strategy takes on the virtual clock. */
function asking(make: (spend: (ms: number) => void) => Strategy) {
  const clock = virtualClock()
  const faults: string[] = []
  const slow: number[] = []
  const asked: AskedStrategy = new AskedStrategy({
    strategy: make((ms) => clock.advance(ms)),
    reports: {
      onFault: (what, error) => faults.push(error instanceof Error ? `${what}: ${error.message}` : what),
      onSlow: (msPerRequest) => slow.push(msPerRequest),
    },
    clock,
  })
  const pick = (times: number): void => {
    for (let index = 0; index < times; index += 1) asked.pick(pool, context)
  }
  return { asked, faults, slow, pick }
}

const throwing = (): never => {
  throw new Error('boom')
}

describe('AskedStrategy', () => {
  test('hands on whatever the strategy returns', () => {
    const stranger = {}
    expect(asking(() => first).asked.pick(pool, context)).toBe(pool[0])
    expect(asking(() => ({ pick: () => stranger as never })).asked.pick(pool, context)).toBe(stranger)
  })

  test('tells of what any call throws, and goes on', () => {
    const { asked, faults } = asking(() => ({
      pick: throwing,
      onStart: throwing,
      onResponse: throwing,
      onEnd: throwing,
    }))
    expect(asked.pick(pool, context)).toBe(threw)
    asked.onStart(undefined, 1, begun)
    asked.onResponse(undefined, 1, 2, begun)
    asked.onEnd(undefined, completed, 3, begun)
    expect(faults).toEqual(['pick threw: boom', 'onStart threw: boom', 'onResponse threw: boom', 'onEnd threw: boom'])
  })

  test('calls hooks as methods, and only those that there are', () => {
    const told: unknown[] = []
    const { asked } = asking(() => ({
      ...first,
      onEnd(attempt, outcome, now) {
        told.push(this.pick === first.pick, attempt, outcome, now)
      },
    }))
    asked.onStart(undefined, 1, begun)
    asked.onResponse(undefined, 1, 2, begun)
    asked.onEnd(undefined, completed, 3, begun)
    expect(told).toEqual([true, begun.view, completed, 3])
  })

  test('asks another from the next call on, also of attempts under way', () => {
    const ended: string[] = []
    const named = (name: string): Strategy => ({ ...first, onEnd: () => void ended.push(name) })
    const { asked } = asking(() => named('one'))
    asked.onEnd(undefined, completed, 1, begun)
    asked.swap(named('two'))
    asked.onEnd(undefined, completed, 2, begun)
    expect(ended).toEqual(['one', 'two'])
  })

  test('shows what a pick takes from twenty samples on, and forgets with the strategy', () => {
    const { asked, pick } = asking((spend) => ({
      pick(candidates) {
        spend(0.002)
        return candidates[0]
      },
      onEnd: () => spend(9),
    }))
    pick(1231)
    expect(asked.nsPerPick).toBeUndefined()
    pick(1)
    expect(asked.nsPerPick).toBeCloseTo(2000)
    asked.swap(first)
    expect(asked.nsPerPick).toBeUndefined()
  })

  test.each<[string, (spend: (ms: number) => void) => Partial<Strategy>]>([
    ['pick', (spend) => ({ pick: (candidates) => (spend(0.3), candidates[0]) })],
    ['onStart', (spend) => ({ onStart: () => spend(0.3) })],
    ['onResponse', (spend) => ({ onResponse: () => spend(0.3) })],
    ['onEnd', (spend) => ({ onEnd: () => spend(0.3) })],
    ['a pick that throws', (spend) => ({ pick: () => (spend(0.3), throwing()) })],
    ['an onEnd that throws', (spend) => ({ onEnd: () => (spend(0.3), throwing()) })],
  ])('tells that a strategy is slow in %s', (_, make) => {
    const { asked, slow } = asking((spend) => ({ ...first, ...make(spend) }))
    for (let index = 0; index < 60; index += 1) {
      asked.pick(pool, context)
      asked.onStart(undefined, 1, begun)
      asked.onResponse(undefined, 1, 2, begun)
      asked.onEnd(undefined, completed, 3, begun)
    }
    expect(slow).toHaveLength(1)
    expect(slow[0]).toBeCloseTo(0.3)
  })

  test('may be given another strategy by the very report it makes', () => {
    const clock = virtualClock()
    const asked: AskedStrategy = new AskedStrategy({
      strategy: { pick: throwing },
      reports: { onFault: () => asked.swap({ pick: (candidates) => candidates[2]! }), onSlow: () => undefined },
      clock,
    })
    expect(asked.pick(pool, context)).toBe(threw)
    expect(asked.pick(pool, context)).toBe(pool[2])
  })
})
