import { describe, expect, test } from 'bun:test'
import type { Facts } from '../../../core/backend/facts.ts'
import { NO_RULE, standingOf } from '../../../core/backend/standing.ts'

const active = { kind: 'active', since: 1, weight: 2 } as const
const draining = { kind: 'draining', since: 40, weight: 2 } as const
const unchecked = { kind: 'unchecked', since: 2 } as const
const passing = { kind: 'passing', since: 20 } as const
const failing = { kind: 'failing', since: 30, cause: '503, expected 200-399' } as const
const clear = { kind: 'clear', since: 3 } as const
const refusing = { kind: 'failing', since: 25, cause: '3 connect failures in a row', until: 60 } as const

const well: Facts = {
  operator: active,
  checks: unchecked,
  traffic: clear,
  ejection: { kind: 'clear', since: 1, times: 0 },
  breaker: { kind: 'closed', since: 1, trips: 0 },
  ramp: { kind: 'full', since: 1 },
}

const everybody = NO_RULE
const standing = (facts: Partial<Facts>, now = 50, rule: Parameters<typeof standingOf>[1] = everybody) =>
  standingOf({ ...well, ...facts }, rule, now)

describe('standingOf', () => {
  test.each([
    ['nothing is known', {}, { state: 'unchecked', since: 3 }],
    ['checks pass', { checks: passing }, { state: 'healthy', since: 20 }],
    ['its breaker has closed since', { breaker: { kind: 'closed', since: 46, trips: 1 } }, { since: 46 }],
    ['its ejection has ended since', { ejection: { kind: 'clear', since: 47, times: 1 } }, { since: 47 }],
    ['traffic has cleared since', { checks: passing, traffic: { kind: 'clear', since: 45 } }, { since: 45 }],
  ] as const)('lets a backend be picked when %s', (_, facts, told) => {
    const found = standing(facts)
    expect(found).toMatchObject({ usable: true, weight: 2, by: undefined, why: undefined, until: undefined, ...told })
    expect(found.health).toBe(found.state as never)
  })

  test.each([
    ['its operator', { operator: draining }, { by: 'operator', why: 'told to drain', since: 40 }],
    ['checks', { checks: failing }, { by: 'checks', why: failing.cause, since: 30, state: 'unhealthy' }],
    ['traffic', { checks: passing, traffic: refusing }, { by: 'traffic', why: refusing.cause, since: 25, until: 60 }],
  ] as const)('keeps a backend out at the word of %s, since that was said', (_, facts, told) => {
    expect(standing(facts)).toMatchObject({ usable: false, weight: 2, ...told })
  })

  test('tells the firmest of several reasons', () => {
    const all = { operator: draining, checks: failing, traffic: refusing }
    expect(standing(all)).toMatchObject({ by: 'operator', since: 40, until: undefined })
    expect(standing({ ...all, operator: active })).toMatchObject({ by: 'checks', since: 30, until: undefined })
    expect(standing({ ...all, operator: active, checks: passing }).by).toBe('traffic')
  })

  test.each([
    [unchecked, clear, 'unchecked'],
    [passing, clear, 'healthy'],
    [passing, refusing, 'unhealthy'],
    [failing, clear, 'unhealthy'],
  ] as const)('goes on telling the health of one that drains', (checks, traffic, health) => {
    expect(standing({ operator: draining, checks, traffic })).toMatchObject({ state: 'draining', health })
  })

  const out = { kind: 'ejected', since: 31, until: 70, times: 1, cause: 'bad', isStatistical: true } as const
  const open = { kind: 'open', since: 32, until: 80, trips: 2, cause: 'bad' } as const
  const half = { kind: 'half-open', since: 33, trips: 1, cause: 'bad', atOnce: 1, underWay: 0, passed: 0 } as const

  test.each([
    [{ ejection: out }, { usable: false, by: 'ejection', why: 'ejected: bad', since: 31, until: 70 }],
    [
      { breaker: open },
      { usable: false, by: 'breaker', why: 'breaker open: bad, opened 2 times', since: 32, until: 80 },
    ],
    [
      { breaker: half },
      { usable: true, by: 'breaker', why: 'breaker half-open, 1 request at once: bad', until: undefined, weight: 0.2 },
    ],
    [
      { breaker: half, traffic: refusing },
      { usable: false, by: 'traffic' },
    ],
  ] as const)('holds out whom ejection or breaker names: %#', (facts, told) => {
    expect(standing({ checks: passing, ...facts })).toMatchObject({ state: 'unhealthy', health: 'unhealthy', ...told })
  })

  test('tells all that hold, the firmest first, each with its own time', () => {
    const { holds } = standing({ operator: draining, checks: failing, traffic: refusing, ejection: out, breaker: open })
    expect(holds.map(({ by, since, until }) => [by, since, until])).toEqual([
      ['operator', 40, undefined],
      ['checks', 30, undefined],
      ['traffic', 25, 60],
      ['ejection', 31, 70],
      ['breaker', 32, 80],
    ])
  })

  test('gives whoever starts slowly a part of its weight, and says until when', () => {
    const slowStart = { windowMs: 100, curve: 1, floor: 0.1, graceMs: 0 }
    const ramp = { kind: 'ramping', since: 10, cause: 'it is new' } as const
    const told = standing({ ramp }, 60, { ...everybody, slowStart })
    expect(told).toMatchObject({ usable: true, weight: 1, ramp: { since: 10, until: 110, cause: 'it is new' } })
    expect(standing({ ramp }, 110, { ...everybody, slowStart })).toMatchObject({ weight: 2, ramp: undefined })
    expect(standing({ ramp }, 60)).toMatchObject({ weight: 2, ramp: undefined })
  })

  test('lets a fact go by itself when its time has come', () => {
    expect(standing({ checks: passing, traffic: refusing }, 59.9).usable).toBe(false)
    expect(standing({ checks: passing, traffic: refusing }, 60)).toMatchObject({
      usable: true,
      state: 'healthy',
      since: 60,
      why: undefined,
    })
    const untilChecked = { ...refusing, until: undefined }
    expect(standing({ traffic: untilChecked }, 1e9).usable).toBe(false)
  })

  test('has those that came with checks wait for the first, and no others', () => {
    const rule = { ...NO_RULE, awaitsCheckSince: 2 }
    const waits = { usable: false, by: 'checks', why: 'waits for its first check', since: 2, state: 'unchecked' }
    expect(standing({}, 50, rule)).toMatchObject(waits)
    expect(standing({ checks: { kind: 'unchecked', since: 1 } }, 50, rule).usable).toBe(true)
    expect(standing({ checks: passing }, 50, rule).usable).toBe(true)
  })
})
