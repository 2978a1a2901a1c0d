import { describe, expect, test } from 'bun:test'
import type { Verdict } from '../../../core/admission/admission.ts'
import { ConcurrencyLimit, ConcurrencyRule, concurrencyLimits } from '../../../core/limits/concurrency-limit.ts'
import { KeyHash } from '../../../core/limits/key-hash.ts'
import { KeyReader } from '../../../core/limits/key.ts'
import type { InFlightPolicy, KeyPart } from '../../../core/limits/policy.ts'
import { makeRequest } from '../../support/asked.ts'

const hash = new KeyHash(new Uint8Array(8))

const policyOf = (name: string, most: number, by: KeyPart['kind'] = 'address', report = false): InFlightPolicy => ({
  kind: 'in-flight',
  name,
  most,
  by: [{ kind: by as 'address' }],
  report,
})

/** The limits of one route. */
function limiting(...policies: readonly InFlightPolicy[]) {
  const limits = policies.map((policy) => new ConcurrencyLimit(policy))
  const admission = concurrencyLimits(
    limits.map((limit) => new ConcurrencyRule(limit, new KeyReader(limit.policy.by, 'route', hash))),
  )
  const ask = (address = '192.0.2.1'): Verdict => {
    const { asked, head } = makeRequest({ address })
    return admission.admit(asked, head, 0)
  }
  const begin = (address?: string): (() => void) => {
    const verdict = ask(address)
    if (verdict.kind !== 'admitted') throw new Error('it was refused')
    return () => verdict.pass?.release?.()
  }
  return { ask, begin, limits }
}

describe('a limit of requests at once', () => {
  test('refuses those beyond it for as long as those before are under way', () => {
    const { ask, begin } = limiting(policyOf('few', 2))
    const first = begin()
    begin()
    expect(ask()).toMatchObject({
      kind: 'refused',
      reason: 'concurrency',
      problem: {
        status: 429,
        detail: 'the limit "few" is 2 at once',
        retryAfterSeconds: 1,
        lines: 'RateLimit-Policy: "few";q=2;qu="concurrent-requests"\r\nRateLimit: "few";r=0\r\n',
      },
    })
    expect(ask('192.0.2.2').kind).toBe('admitted')
    first()
    expect([ask().kind, ask().kind]).toEqual(['admitted', 'refused'])
  })

  test('tells who is let in how many more there is room for', () => {
    const { ask } = limiting(policyOf('few', 2))
    const verdict = ask()
    expect(verdict.kind === 'admitted' && verdict.pass?.responseLines).toBe(
      'RateLimit-Policy: "few";q=2;qu="concurrent-requests"\r\nRateLimit: "few";r=1\r\n',
    )
  })

  test('gives each place back to whom it was taken for, in whatever order they end', () => {
    const { begin, limits } = limiting(policyOf('few', 3))
    const ends = ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.3'].map(begin)
    expect(limits[0]!.keys).toBe(3)
    for (const end of [ends[1], ends[3], ends[0]]) end?.()
    expect(limits[0]!.keys).toBe(1)
    ends[2]?.()
    expect(limits[0]!.keys).toBe(0)
  })

  test('that only reports refuses nobody, counts whom it would have, and tells clients nothing', () => {
    const { ask, limits } = limiting(policyOf('few', 1, 'address', true))
    const verdicts = [ask(), ask(), ask()]
    expect(verdicts.map((verdict) => verdict.kind === 'admitted' && verdict.pass?.responseLines)).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(limits[0]!.counters).toEqual({ refused: 0, reported: 2 })
    for (const verdict of verdicts) if (verdict.kind === 'admitted') verdict.pass?.release?.()
    expect(limits[0]!.keys).toBe(0)
  })

  test('holds to a bound that has become less, without counting anybody twice', () => {
    const { ask, begin, limits } = limiting(policyOf('few', 3))
    const ends = [begin(), begin(), begin()]
    limits[0]!.policy = policyOf('few', 1)
    expect(ask().kind).toBe('refused')
    for (const end of ends) end()
    expect([ask().kind, ask().kind]).toEqual(['admitted', 'refused'])
  })
})

describe('several limits of requests at once', () => {
  test('take no place of one where another refuses', () => {
    const { ask, begin, limits } = limiting(policyOf('each', 1), policyOf('all', 3, 'route'))
    const end = begin()
    expect([ask().kind, ask().kind, ask().kind]).toEqual(['refused', 'refused', 'refused'])
    begin('192.0.2.2')
    begin('192.0.2.3')
    expect(ask('192.0.2.4')).toMatchObject({ problem: { detail: 'the limit "all" is 3 at once' } })
    end()
    expect(ask('192.0.2.4').kind).toBe('admitted')
    expect(limits.map(({ counters }) => counters.refused)).toEqual([3, 1])
  })
})
