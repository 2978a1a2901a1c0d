import { describe, expect, test } from 'bun:test'
import { firstFacts, isFailing, operatorFact } from '../../../core/backend/facts.ts'
import { makeMember } from '../../support/make-backend.ts'

describe('the facts of a new backend', () => {
  test('say what is configured, and nothing else, since it is there', () => {
    expect(firstFacts(makeMember(1, { weight: 3 }), 7)).toEqual({
      operator: { kind: 'active', weight: 3, since: 7 },
      checks: { kind: 'unchecked', since: 7 },
      traffic: { kind: 'clear', since: 7 },
      ejection: { kind: 'clear', since: 7, times: 0 },
      breaker: { kind: 'closed', since: 7, trips: 0 },
      ramp: { kind: 'full', since: 7 },
    })
  })

  test('may begin with a drain', () => {
    expect(firstFacts(makeMember(1, { isDraining: true }), 7).operator).toMatchObject({ kind: 'draining', since: 7 })
  })
})

describe('the word of an operator', () => {
  const active = { kind: 'active', weight: 1, since: 5 } as const
  const draining = { kind: 'draining', weight: 1, since: 5 } as const

  test.each([
    ['the same again', {}, active, { kind: 'active', weight: 1, since: 5 }],
    ['another weight', { weight: 2 }, active, { kind: 'active', weight: 2, since: 5 }],
    ['a drain', { isDraining: true }, active, { kind: 'draining', weight: 1, since: 9 }],
    ['a drain that goes on', { isDraining: true, weight: 2 }, draining, { kind: 'draining', weight: 2, since: 5 }],
    ['a drain that ends', {}, draining, { kind: 'active', weight: 1, since: 9 }],
  ] as const)('is dated from when it changed: %s', (_, facts, before, word) => {
    expect(operatorFact(makeMember(1, facts), before, 9)).toEqual(word)
  })
})

describe('what traffic found', () => {
  const failing = { kind: 'failing', since: 10, cause: 'refused' } as const

  test.each([
    ['nothing', { kind: 'clear', since: 10 }, 10, false],
    ['a pause under way', { ...failing, until: 20 }, 19.9, true],
    ['a pause at its end', { ...failing, until: 20 }, 20, false],
    ['an outage without an end', { ...failing, until: undefined }, 1e9, true],
  ] as const)('holds or not: %s', (_, fact, now, holds) => {
    expect(isFailing(fact, now)).toBe(holds)
  })
})
