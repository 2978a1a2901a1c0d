import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import type { BreakerFact } from '../../../core/backend/breaker.ts'
import { NO_RULE } from '../../../core/backend/standing.ts'
import { exclusionOf } from '../../../core/balance/exclusions.ts'
import { makeBackend } from '../../support/make-backend.ts'

const other = makeBackend(9)
const facts = { tried: [], kept: undefined, isPoolFull: false, now: 100 }

function backendThat(change: (backend: Backend) => void): Backend {
  const backend = makeBackend(1)
  change(backend)
  backend.reckon(NO_RULE, 100)
  return backend
}

const held = (fact: Partial<Backend['facts']>): Backend =>
  backendThat((backend) => {
    Object.assign(backend.facts, fact)
    backend.use = 'out'
  })

const breaker: BreakerFact = { kind: 'open', since: 50, until: 1300, cause: '5 failures in a row', trips: 2 }

describe('exclusionOf', () => {
  test.each([
    [
      'the operator',
      held({ operator: { kind: 'draining', since: 1, weight: 1 } }),
      { by: 'operator', why: 'told to drain', untilMs: null },
    ],
    [
      'checks',
      held({ checks: { kind: 'failing', since: 30, cause: '503, expected 200-399' } }),
      { by: 'checks', why: '503, expected 200-399', untilMs: null },
    ],
    [
      'traffic, for as long as it says',
      held({ traffic: { kind: 'failing', since: 25, cause: '3 connect failures in a row', until: 160 } }),
      { by: 'traffic', why: '3 connect failures in a row', untilMs: 60 },
    ],
    [
      'an ejection, which is as good as over',
      held({
        ejection: { kind: 'ejected', since: 25, cause: '5 of 10 failed', until: 90, times: 1, isStatistical: false },
      }),
      { by: 'ejection', why: 'ejected: 5 of 10 failed', untilMs: 0 },
    ],
    [
      'its breaker',
      held({ breaker }),
      { by: 'breaker', why: 'breaker open: 5 failures in a row, opened 2 times', untilMs: 1200 },
    ],
    [
      'its tier',
      backendThat((backend) => Object.assign(backend, { use: 'spare', tier: 2 })),
      { by: 'tier', why: 'its tier, 2, is not needed now', untilMs: null },
    ],
    [
      'its bound',
      backendThat((backend) => Object.assign(backend, { inflight: 3, maxInflight: 3 })),
      { by: 'room', why: 'full: 3 in flight, 3 at most', untilMs: null },
    ],
    [
      'its connections',
      backendThat((backend) => (backend.room = { hasRoom: false })),
      { by: 'room', why: 'no connection to it is free', untilMs: null },
    ],
    [
      'its trials',
      backendThat((backend) => (backend.use = 'trial')),
      { by: 'room', why: 'all its trials are under way', untilMs: null },
    ],
    [
      'nothing but a list that is too long',
      makeBackend(1),
      { by: 'shown', why: 'was not among those shown', untilMs: null },
    ],
  ] as const)('blames %s', (_, backend, told) => {
    expect(exclusionOf(backend, facts)).toEqual({ backend: backend.id, ...told })
  })

  test('blames the session that is with another, the pool that is full, and above all what it was tried for', () => {
    const backend = makeBackend(1)
    expect(exclusionOf(backend, { ...facts, kept: other })).toMatchObject({
      by: 'session',
      why: `the session is with ${other.id}`,
    })
    expect(exclusionOf(backend, { ...facts, isPoolFull: true })).toMatchObject({ by: 'room', why: 'its pool is full' })
    expect(exclusionOf(held({ breaker }), { ...facts, tried: [backend] })).toMatchObject({ by: 'breaker' })
    const tried = held({ breaker })
    expect(exclusionOf(tried, { ...facts, tried: [tried] })).toMatchObject({
      by: 'tried',
      why: 'was given this request before',
    })
  })

  test('blames facts no longer that its pool has overruled', () => {
    const backend = held({ breaker })
    backend.use = 'overruled'
    expect(exclusionOf(backend, facts).by).toBe('shown')
  })
})
