import { describe, expect, test } from 'bun:test'
import type { Attempt } from '../../../core/balance/attempt.ts'
import { waitingOf, weighed } from '../../../core/deploy/share.ts'
import { createSides } from '../../../core/deploy/sides.ts'
import type { Outcome } from '../../../core/strategy/strategy.ts'
import { makeBackend, makeMember } from '../../support/make-backend.ts'

const [fresh, old] = [makeBackend(2), makeBackend(1)]
const attempt = {} as Attempt

function sidesOf(outcomes: readonly (readonly [backend: typeof fresh, outcome: Outcome])[]) {
  const sides = createSides((id) => id === fresh.id)
  for (const [backend, outcome] of outcomes) sides.observer.onEnd?.(backend, outcome, 0, attempt)
  return sides
}

describe('the sides of a canary', () => {
  test('are told apart', () => {
    const sides = sidesOf([
      [fresh, { kind: 'completed', status: 200, elapsedMs: 10 }],
      [old, { kind: 'completed', status: 200, elapsedMs: 5 }],
      [old, { kind: 'completed', status: 503, elapsedMs: 5 }],
    ])
    expect(sides.fresh()).toMatchObject({ requests: 1, errors: 0 })
    expect(sides.old()).toMatchObject({ requests: 2, errors: 1 })
  })

  test.each([
    [{ kind: 'completed', status: 404, elapsedMs: 1 }, 1, 0],
    [{ kind: 'completed', status: 500, elapsedMs: 1 }, 1, 1],
    [{ kind: 'completed', status: 101, elapsedMs: 1e9 }, 1, 0],
    [{ kind: 'failed', cause: 'reset', elapsedMs: 1 }, 1, 1],
    [{ kind: 'failed', cause: 'connect', elapsedMs: 1 }, 1, 1],
    [{ kind: 'abandoned', elapsedMs: 1 }, 0, 0],
    [{ kind: 'local', elapsedMs: 1 }, 0, 0],
  ] as (readonly [Outcome, number, number])[])('count %j', (outcome, requests, errors) => {
    expect(sidesOf([[fresh, outcome]]).fresh()).toMatchObject({ requests, errors })
  })

  test('tell percentiles within a step of the scale, and none of nothing', () => {
    const all = Array.from({ length: 1000 }, (_, index): readonly [typeof fresh, Outcome] => [
      fresh,
      { kind: 'completed', status: 200, elapsedMs: index + 1 },
    ])
    const figures = sidesOf(all).fresh()
    for (const [name, value] of [
      ['p50', 500],
      ['p90', 900],
      ['p95', 950],
      ['p99', 990],
    ] as const)
      expect(Math.abs(figures[name] / value - 1)).toBeLessThan(0.13)
    expect(sidesOf([]).fresh().p99).toBeNaN()
    expect(sidesOf([[fresh, { kind: 'failed', cause: 'reset', elapsedMs: 1 }]]).fresh().p99).toBeNaN()
  })

  test('stand a clock that misbehaves', () => {
    const figures = sidesOf([
      [fresh, { kind: 'completed', status: 200, elapsedMs: -5 }],
      [fresh, { kind: 'completed', status: 200, elapsedMs: 1e12 }],
    ]).fresh()
    expect(figures).toMatchObject({ requests: 2, errors: 0 })
  })
})

describe('the weights of a canary', () => {
  const total = (members: readonly { readonly weight: number }[]) =>
    members.reduce((sum, { weight }) => sum + weight, 0)

  test.each([
    [0.05, 2],
    [0.5, 3],
    [0.001, 1000],
    [0.9, 0.001],
  ])('give %d of all beside %d', (share, oldWeight) => {
    const members = weighed([makeMember(1), makeMember(2, { weight: 3 })], share, oldWeight)
    expect(total(members) / (total(members) + oldWeight)).toBeCloseTo(share, 9)
    expect((members[1]?.weight ?? 0) / (members[0]?.weight ?? 1)).toBeCloseTo(3, 9)
  })

  test('stay where there is nobody else', () => {
    expect(weighed([makeMember(1, { weight: 4 })], 0.05, 0)[0]?.weight).toBe(4)
  })

  test('count for nothing while a member waits', () => {
    expect(waitingOf([makeMember(1)])[0]?.isDraining).toBe(true)
  })
})
