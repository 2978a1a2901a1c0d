import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { RetryBudget } from '../../../core/pool/retry-budget.ts'

const usual = { ratio: 0.2, perSecond: 3 }

/** How many of `asked` it gives at `now`. */
const given = (budget: RetryBudget, now: number, asked: number): number =>
  Array.from({ length: asked }, () => budget.take(now)).filter(Boolean).length

function request(budget: RetryBudget, now: number, count: number): void {
  for (let index = 0; index < count; index += 1) budget.onRequest(now)
}

describe('a retry budget', () => {
  test('gives three a second where there are no requests, over ten seconds', () => {
    const budget = new RetryBudget(usual)
    expect(given(budget, 0, 100)).toBe(30)
    expect(given(budget, 9999, 100)).toBe(0)
    expect(given(budget, 10_000, 100)).toBe(30)
  })

  test('gives a fifth of the requests where that is more', () => {
    const budget = new RetryBudget(usual)
    request(budget, 0, 1000)
    expect(given(budget, 5000, 1000)).toBe(200)
    request(budget, 6000, 50)
    expect(given(budget, 6000, 1000)).toBe(10)
  })

  test('forgets requests after ten seconds, and what was taken', () => {
    const budget = new RetryBudget(usual)
    request(budget, 500, 1000)
    expect(given(budget, 9999, 1000)).toBe(200)
    request(budget, 10_000, 1000)
    expect(given(budget, 10_000, 1000)).toBe(0)
    expect(given(budget, 18_999, 1000)).toBe(0)
    expect(given(budget, 19_000, 1000)).toBe(200)
  })

  test('remembers nothing of before a long silence', () => {
    const budget = new RetryBudget(usual)
    request(budget, 0, 1000)
    given(budget, 0, 1000)
    expect(given(budget, 1e9, 1000)).toBe(30)
  })

  test('stands by what it counted when its policy changes', () => {
    const budget = new RetryBudget(usual)
    request(budget, 0, 1000)
    expect(given(budget, 0, 1000)).toBe(200)
    budget.update({ ratio: 0.5, perSecond: 0 })
    expect(given(budget, 0, 1000)).toBe(300)
    budget.update({ ratio: 0, perSecond: 0 })
    expect(given(budget, 0, 1)).toBe(0)
  })

  test('takes a clock that goes back for one that stands still', () => {
    const budget = new RetryBudget(usual)
    expect(given(budget, 20_000, 30)).toBe(30)
    expect(given(budget, 0, 1)).toBe(0)
  })

  /** Steps of some ms, each with requests and with retries asked for. */
  const steps = fc.array(fc.record({ ms: fc.nat(4000), requests: fc.nat(300), asked: fc.nat(300) }), {
    minLength: 1,
    maxLength: 60,
  })
  const policies = fc.record({ ratio: fc.double({ min: 0, max: 1, noNaN: true }), perSecond: fc.nat(20) })

  test('never gives more than its share and the least, whatever comes when', () => {
    fc.assert(
      fc.property(policies, steps, (policy, plan) => {
        const budget = new RetryBudget(policy)
        let now = 0
        let requests = 0
        let taken = 0
        for (const { ms, requests: more, asked } of plan) {
          now += ms
          request(budget, now, more)
          requests += more
          taken += given(budget, now, asked)
          const least = policy.perSecond * (now / 1000 + 20)
          expect(taken).toBeLessThanOrEqual(policy.ratio * requests + least + 1e-6)
        }
      }),
    )
  })

  test('gives the least at any time, to whoever has asked for nothing in ten seconds', () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const budget = new RetryBudget(usual)
        let now = 0
        for (const { ms, requests, asked } of plan) {
          now += ms
          request(budget, now, requests)
          given(budget, now, asked)
        }
        expect(given(budget, now + 10_000, 30)).toBe(30)
      }),
    )
  })
})
