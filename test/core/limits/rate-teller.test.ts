import { describe, expect, test } from 'bun:test'
import type { Verdict } from '../../../core/admission/admission.ts'
import type { RatePolicy } from '../../../core/limits/policy.ts'
import { policyOf } from '../../../core/limits/rate-fields.ts'
import { RateTeller, type Standing } from '../../../core/limits/rate-teller.ts'

const policy = (name: string, burst: number): RatePolicy => ({
  kind: 'rate',
  name,
  by: [{ kind: 'address' }],
  report: false,
  rate: { count: 10, perMs: 1000 },
  burst,
})

/** One whose level the test sets. */
function standing(name: string, burst: number) {
  const own = policy(name, burst)
  const limit = { policy: own, describe: (allowance: Parameters<typeof policyOf>[1]) => policyOf(name, allowance) }
  return { limit, allowance: own as Standing['allowance'], level: burst }
}

const linesOf = (verdict: Verdict): string | undefined =>
  verdict.kind === 'admitted' ? verdict.pass?.responseLines : undefined

describe('what is told of a rate', () => {
  test('is made once for all who stand alike', () => {
    const one = standing('a', 20)
    const teller = new RateTeller([one])
    one.level = 7.25
    const first = teller.admittedBy(one)
    expect(linesOf(first)).toBe('RateLimit-Policy: "a";q=20;w=2\r\nRateLimit: "a";r=7;t=1\r\n')
    one.level = 7.75
    expect(teller.admittedBy(one)).toBe(first)
    one.level = 6.75
    expect(linesOf(teller.admittedBy(one))).toEndWith('RateLimit: "a";r=6;t=1\r\n')
  })

  test('tells limits apart that stand alike', () => {
    const [one, two] = [standing('a', 20), standing('b', 40)]
    const teller = new RateTeller([one, two])
    one.level = two.level = 5
    expect([one, two].map((each) => linesOf(teller.admittedBy(each))?.split('\r\n')[1])).toEqual([
      'RateLimit: "a";r=5;t=1',
      'RateLimit: "b";r=5;t=1',
    ])
  })

  test('is told anew to who has something of his own', () => {
    const one = standing('a', 20)
    const teller = new RateTeller([one])
    one.level = 5
    const common = teller.admittedBy(one)
    one.allowance = { rate: { count: 1, perMs: 60_000 }, burst: 8 }
    expect(linesOf(teller.admittedBy(one))).toBe('RateLimit-Policy: "a";q=8;w=480\r\nRateLimit: "a";r=5;t=60\r\n')
    one.allowance = one.limit.policy
    expect(teller.admittedBy(one)).toBe(common)
  })

  test('is forgotten before there is too much of it', () => {
    const one = standing('a', 1_000_000)
    const teller = new RateTeller([one])
    const first = teller.admittedBy(one)
    for (let level = 0; level < 4096; level += 1) {
      one.level = level
      teller.admittedBy(one)
    }
    one.level = 1_000_000
    expect(teller.admittedBy(one)).not.toBe(first)
    expect(teller.admittedBy(one)).toEqual(first)
  })
})
