import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { beginAttempt } from '../../../core/balance/attempt.ts'
import { Limiter } from '../../../core/pool/limiter.ts'
import type { ConcurrencyPolicy } from '../../../core/pool/policy.ts'
import type { Outcome } from '../../../core/strategy/strategy.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { poolOfAttempts } from '../../support/pool-of-attempts.ts'

const policy: ConcurrencyPolicy = { start: 10, min: 2, max: 50, tolerance: 1.5 }

function limiting() {
  const limiter = new Limiter()
  const backend = makeBackend(1)
  limiter.update(policy, [backend], 0)
  return { limiter, backend, pool: poolOfAttempts([limiter]), time: { now: 0 } }
}

/** So many rounds of as many attempts as may be, each round answered after `ms`, or ended so. */
function rounds(
  count: number,
  { backend, pool, time }: ReturnType<typeof limiting>,
  ms: number,
  outcome?: Outcome,
): void {
  for (let round = 0; round < count; round += 1) {
    const now = (time.now += 1000)
    const attempts = Array.from({ length: backend.maxInflight }, () => beginAttempt(backend, pool, now))
    for (const attempt of attempts) {
      attempt.awaitResponse(now)
      if (outcome === undefined) attempt.respond(200, now + ms)
      attempt.end(outcome ?? { kind: 'completed', status: 200, elapsedMs: 99_999 }, now + (outcome?.elapsedMs ?? ms))
    }
  }
}

const limitOf = ({ maxInflight }: Backend): number => maxInflight

describe('a limiter', () => {
  test('begins with each backend at the start, and follows its responses', () => {
    const rig = limiting()
    expect(limitOf(rig.backend)).toBe(10)
    rounds(20, rig, 5)
    expect(limitOf(rig.backend)).toBeGreaterThan(10)
  })

  test.each<readonly [string, Outcome]>([
    ['that timed out', { kind: 'failed', cause: 'timeout', elapsedMs: 60_000 }],
    ['that its client did not wait for', { kind: 'abandoned', elapsedMs: 60_000 }],
  ])('takes a response %s for one that took so long', (_, outcome) => {
    const rig = limiting()
    rounds(20, rig, 5)
    const found = limitOf(rig.backend)
    rounds(5, rig, 5, outcome)
    expect(limitOf(rig.backend)).toBeLessThan(found)
  })

  test.each<readonly [string, Outcome]>([
    ['a client that left sooner than a response usually comes', { kind: 'abandoned', elapsedMs: 1 }],
    ['a connection that failed', { kind: 'failed', cause: 'connect', elapsedMs: 60_000 }],
  ])('learns nothing of %s', (_, outcome) => {
    const rig = limiting()
    rounds(20, rig, 5)
    const found = limitOf(rig.backend)
    rounds(20, rig, 5, outcome)
    expect(limitOf(rig.backend)).toBe(found)
  })

  test('counts the one that timed out among those under way', () => {
    const limiter = new Limiter()
    const backend = makeBackend(1)
    limiter.update({ ...policy, start: 2, min: 1, max: 2 }, [backend], 0)
    const rig = { limiter, backend, pool: poolOfAttempts([limiter]), time: { now: 0 } }
    const one = (ms: number, outcome: Outcome): void => {
      const attempt = beginAttempt(backend, rig.pool, (rig.time.now += 1000))
      attempt.awaitResponse(rig.time.now)
      if (outcome.kind === 'completed') attempt.respond(200, rig.time.now + ms)
      attempt.end(outcome, rig.time.now + outcome.elapsedMs)
    }
    for (let count = 0; count < 150; count += 1) one(5, { kind: 'completed', status: 200, elapsedMs: 5 })
    const found = limitOf(backend)
    for (let count = 0; count < 60; count += 1) one(5, { kind: 'failed', cause: 'timeout', elapsedMs: 60_000 })
    expect([found, limitOf(backend)]).toEqual([2, 1])
  })

  test('holds nobody to anything once it is off, and hears of nothing', () => {
    const { limiter, backend } = limiting()
    limiter.update(undefined, [backend], 0)
    expect([limitOf(backend), limiter.onResponse, limiter.onUnanswered]).toEqual([Infinity, undefined, undefined])
  })

  test('lets go of one, too, that was away when it was switched off', () => {
    const { limiter, backend } = limiting()
    limiter.update(policy, [], 1)
    limiter.update(undefined, [], 2)
    limiter.update(undefined, [backend], 3)
    expect(limitOf(backend)).toBe(Infinity)
  })

  test('knows a backend again, and begins anew with another, or after it was off', () => {
    const rig = limiting()
    const { limiter, backend } = rig
    rounds(20, rig, 5)
    const found = limitOf(backend)
    const another = makeBackend(2)
    limiter.update(policy, [another], 0)
    limiter.update(policy, [backend, another], 0)
    expect([limitOf(backend), limitOf(another)]).toEqual([found, 10])
    limiter.update(undefined, [backend, another], 0)
    limiter.update(policy, [backend, another], 0)
    expect([limitOf(backend), limitOf(another)]).toEqual([10, 10])
  })

  test('keeps what it found within the bounds of another policy', () => {
    const { limiter, backend } = limiting()
    limiter.update({ ...policy, max: 7 }, [backend], 0)
    expect(limitOf(backend)).toBe(7)
    limiter.update({ ...policy, min: 30 }, [backend], 0)
    expect(limitOf(backend)).toBe(30)
  })

  test('gives no more than the backend is configured to take', () => {
    const limiter = new Limiter()
    const backend = makeBackend(1, { maxInflight: 4 })
    limiter.update(policy, [backend], 0)
    expect(limitOf(backend)).toBe(4)
  })
})
