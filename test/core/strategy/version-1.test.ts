import { describe, expect, test } from 'bun:test'
import { fakeAttempt, fakePool } from '../../../core/lab/fakes.ts'
import { defineStrategy, type Outcome, type StrategyOfVersion1 } from '../../../core/strategy/strategy.ts'
import { fromVersion1 } from '../../../core/strategy/version-1.ts'
import { contextOf } from '../../support/pick-context.ts'

const pool = fakePool([1, 2])
const context = contextOf({ random: () => 0.5 })
const completed: Outcome = { kind: 'completed', status: 200, elapsedMs: 9 }

/** Notes what it is called with, and as whose method. */
class Noting implements StrategyOfVersion1 {
  readonly calls: unknown[] = []

  pick(...given: unknown[]): (typeof pool)[0] {
    this.calls.push(['pick', ...given])
    return pool[1]!
  }

  onStart(...given: unknown[]): void {
    this.calls.push(['onStart', ...given])
  }

  onResponse(...given: unknown[]): void {
    this.calls.push(['onResponse', ...given])
  }

  onEnd(...given: unknown[]): void {
    this.calls.push(['onEnd', ...given])
  }

  export(...given: unknown[]): string {
    this.calls.push(['export', ...given])
    return 'state'
  }

  import(...given: unknown[]): void {
    this.calls.push(['import', ...given])
  }
}

describe('fromVersion1', () => {
  test('calls each part as a method, with the arguments of version 1 and no others', () => {
    const old = new Noting()
    const strategy = fromVersion1(old)
    const attempt = fakeAttempt(pool[0], { startedAt: 10 })
    expect(strategy.pick(pool, context)).toBe(pool[1]!)
    strategy.onStart?.(attempt)
    strategy.onResponse?.(attempt, 204, 14)
    strategy.onResponse?.(attempt, 204, 9)
    strategy.onEnd?.(attempt, completed, 19)
    expect(strategy.export?.()).toBe('state')
    strategy.import?.('state')
    expect(old.calls).toEqual([
      ['pick', pool, context],
      ['onStart', pool[0], 10],
      ['onResponse', pool[0], 4, 14],
      ['onResponse', pool[0], 0, 9],
      ['onEnd', pool[0], completed, 19],
      ['export'],
      ['import', 'state'],
    ])
  })

  test('has no hooks where there are none, so that nothing is made for them', () => {
    const strategy = fromVersion1({ pick: ([first]) => first })
    expect(Object.keys(strategy)).toEqual(['pick'])
  })

  test('lets through what a hook throws', () => {
    const strategy = fromVersion1({
      pick: ([first]) => first,
      onEnd: () => {
        throw new Error('boom')
      },
    })
    expect(() => strategy.onEnd?.(fakeAttempt(pool[0]), completed, 1)).toThrow('boom')
  })
})

describe('defineStrategy', () => {
  test('knows the hooks of either version by the number', () => {
    const plugins = [
      defineStrategy({
        apiVersion: 1,
        name: 'one',
        parse: () => 7,
        create: (size) => ({
          pick: (candidates) => candidates[size] ?? candidates[0],
          onEnd: (candidate, { elapsedMs }, now) => void [candidate.id, elapsedMs.toFixed(), now.toFixed()],
        }),
      }),
      defineStrategy({
        apiVersion: 2,
        name: 'two',
        parse: () => 7,
        create: (size) => ({
          pick: (candidates) => candidates[size] ?? candidates[0],
          onEnd: ({ candidate, startedAt }, { elapsedMs }, now) =>
            void [candidate.id, elapsedMs.toFixed(), (now - startedAt).toFixed()],
        }),
      }),
    ]
    expect(plugins.map(({ name, apiVersion }) => [name, apiVersion])).toEqual([
      ['one', 1],
      ['two', 2],
    ])
  })
})
