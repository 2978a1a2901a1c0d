import { describe, expect, test } from 'bun:test'
import { fakePool, simulate } from '../../../core/lab/simulate.ts'
import type { Strategy } from '../../../core/strategy/strategy.ts'
import { seededRandom } from '../../../core/random.ts'

const random = seededRandom(1)
const firstOnly = (): Strategy => ({ pick: ([first]) => first })

describe('simulate', () => {
  test('sends the next request when an earlier one is answered', () => {
    const pool = fakePool([1])
    const served = simulate({ strategy: firstOnly(), random, candidates: () => pool, requests: 6, concurrency: 2 })
    expect(served.map(({ startedAt }) => startedAt)).toEqual([0, 0, 10, 10, 20, 20])
    expect(served.map(({ inflightBefore }) => inflightBefore)).toEqual([0, 1, 1, 1, 1, 1])
  })

  test('answers in the order of time, not of start', () => {
    const pool = fakePool([1])
    const times = [30, 10, 10, 10]
    const ends: number[] = []
    const strategy: Strategy = { pick: ([first]) => first, onEnd: (_, { elapsedMs }, now) => ends.push(now, elapsedMs) }
    simulate({
      strategy,
      random,
      candidates: () => pool,
      requests: 4,
      concurrency: 2,
      serviceMs: () => times.shift() ?? 0,
    })
    expect(ends).toEqual([10, 10, 20, 10, 30, 30, 30, 10])
  })

  test('ends every attempt it began', () => {
    const pool = fakePool([1])
    let open = 0
    const strategy: Strategy = { pick: ([first]) => first, onStart: () => (open += 1), onEnd: () => (open -= 1) }
    simulate({ strategy, random, candidates: () => pool, requests: 100, concurrency: 7 })
    expect([open, pool[0].inflight]).toEqual([0, 0])
  })

  test('does nothing for no requests', () => {
    const pool = fakePool([1])
    expect(simulate({ strategy: firstOnly(), random, candidates: () => pool, requests: 0, concurrency: 1 })).toEqual([])
    expect(() => fakePool([])).toThrow('a pool must have at least one weight')
  })
})
