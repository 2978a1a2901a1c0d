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

/** Requests at that time, then how many of the retries asked for are given. */
type Step = readonly [now: number, requests: number, asked: number, given: number]

const courses: readonly (readonly [name: string, steps: readonly Step[]])[] = [
  [
    'gives three a second where there are no requests, over ten seconds',
    [
      [0, 0, 100, 30],
      [9999, 0, 100, 0],
      [10_000, 0, 100, 30],
    ],
  ],
  [
    'gives a fifth of the requests where that is more',
    [
      [0, 1000, 0, 0],
      [5000, 0, 1000, 200],
      [6000, 50, 1000, 10],
    ],
  ],
  [
    'forgets requests after ten seconds, and what was taken',
    [
      [500, 1000, 0, 0],
      [9999, 0, 1000, 200],
      [10_000, 1000, 1000, 0],
      [18_999, 0, 1000, 0],
      [19_000, 0, 1000, 200],
    ],
  ],
  [
    'remembers nothing of before a long silence',
    [
      [0, 1000, 1000, 200],
      [1e9, 0, 1000, 30],
    ],
  ],
  [
    'takes a clock that goes back for one that stands still',
    [
      [20_000, 0, 30, 30],
      [0, 0, 1, 0],
    ],
  ],
]

describe('a retry budget', () => {
  test.each(courses)('%s', (_, steps) => {
    const budget = new RetryBudget(usual)
    const told = steps.map(([now, requests, asked]) => {
      request(budget, now, requests)
      return [now, requests, asked, given(budget, now, asked)] as const
    })
    expect(told).toEqual([...steps])
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
