/** When certificates are ordered, as tables of instants. */
import { describe, expect, test } from 'bun:test'
import { fault } from '../../../core/acme/fault.ts'
import {
  afterFailure,
  type Attempts,
  directoryAt,
  dueAt,
  type Known,
  NO_ATTEMPTS,
  readAttempts,
  renewalAt,
} from '../../../core/acme/schedule.ts'

const HOUR = 3600_000
const DAY = 24 * HOUR
/** Of 90 days, from instant 0; `share`: what its fingerprint comes to, of 256. */
const held = (share = 0, notBefore = 0) => ({
  notBefore,
  notAfter: notBefore + 90 * DAY,
  fingerprint: share.toString(16).padStart(2, '0') + '0'.repeat(62),
})
const known = (facts: Partial<Known> = {}): Known => ({
  held: held(),
  window: undefined,
  attempts: NO_ATTEMPTS,
  issuedAt: undefined,
  ...facts,
})

describe('a certificate is renewed', () => {
  test('at two thirds of its lifetime, and up to a fiftieth of it sooner', () => {
    expect(renewalAt(held(0), undefined)).toBe(60 * DAY)
    expect(renewalAt(held(128), undefined)).toBeCloseTo(59.1 * DAY, -1)
    expect(renewalAt(held(255), undefined)).toBeGreaterThan(58.2 * DAY)
  })

  test('of 47 days and of 6 as of 90', () => {
    for (const days of [47, 6])
      expect(renewalAt({ ...held(), notAfter: days * DAY }, undefined)).toBeCloseTo((days * DAY * 2) / 3, -1)
  })

  test('within the window that its CA suggests, at a moment of its own', () => {
    const window = { start: 10 * DAY, end: 12 * DAY }
    expect([0, 128].map((share) => renewalAt(held(share), window) / DAY)).toEqual([10, 11])
    expect(renewalAt(held(), { start: 100 * DAY, end: 101 * DAY })).toBe(81 * DAY)
  })
})

describe('an order is due', () => {
  const cases: readonly [string, Partial<Known>, number][] = [
    ['at once where there is no certificate', { held: undefined }, 0],
    ['at two thirds', {}, 60 * DAY],
    ['when the CA says so', { window: { start: DAY, end: 2 * DAY } }, DAY],
    [
      'behind the pause after a failure',
      { held: undefined, attempts: { ...NO_ATTEMPTS, notBefore: 5 * HOUR } },
      5 * HOUR,
    ],
    ['an hour after the last one at the soonest', { held: held(0, -80 * DAY), issuedAt: 0 }, HOUR],
  ]
  for (const [title, facts, at] of cases) test(title, () => expect(dueAt(known(facts))).toBe(at))
})

describe('behind failures', () => {
  const away = fault('away', 'ECONNREFUSED')
  const after = (before: Attempts, facts: { directories?: number; now?: number; retryAfterMs?: number } = {}) => {
    const { directories = 1, now = 0, retryAfterMs } = facts
    return afterFailure(before, {
      fault: { ...away, ...(retryAfterMs !== undefined && { retryAfterMs }) },
      now,
      part: 0,
      directories,
    })
  }

  test('pauses grow fourfold, to six hours', () => {
    const pauses: number[] = []
    let attempts: Attempts = NO_ATTEMPTS
    for (let times = 0; times < 7; times += 1) pauses.push((attempts = after(attempts)).notBefore / 60_000)
    expect(pauses).toEqual([1, 4, 16, 64, 256, 360, 360])
  })

  test('they are up to a quarter longer, by chance', () => {
    const { notBefore } = afterFailure(NO_ATTEMPTS, { fault: away, now: 0, part: 1, directories: 1 })
    expect(notBefore).toBe(75_000)
  })

  test('Retry-After is kept to where it is longer', () => {
    expect(after(NO_ATTEMPTS, { retryAfterMs: 3 * HOUR }).notBefore).toBe(3 * HOUR)
    expect(after(NO_ATTEMPTS, { retryAfterMs: 1 }).notBefore).toBe(60_000)
  })

  test('the next directory is asked at once, and the first one not before it wants to be', () => {
    const first = after(NO_ATTEMPTS, { directories: 2, now: 7, retryAfterMs: 2 * HOUR })
    expect([first.notBefore, directoryAt(first, 2)]).toEqual([7, 1])
    const second = after(first, { directories: 2, now: 9 })
    expect([second.notBefore, directoryAt(second, 2)]).toEqual([7 + 2 * HOUR, 0])
    expect(after(after(second, { directories: 2 }), { directories: 2 }).notBefore).toBe(4 * 60_000)
  })

  test('what was tried is read as it was written, and nothing else is', () => {
    const attempts = after(NO_ATTEMPTS)
    expect(readAttempts(JSON.stringify(attempts))).toEqual(attempts)
    for (const text of [
      '',
      '[]',
      'null',
      '{}',
      '{"failures":-1}',
      JSON.stringify({ ...attempts, detail: 1 }),
      '{"failures',
    ])
      expect(readAttempts(text)).toBeUndefined()
  })
})
