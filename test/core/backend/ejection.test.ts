import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import {
  ejected,
  type EjectionFact,
  type EjectionPolicy,
  outliers,
  relaxed,
  released,
  retimed,
  type Sample,
  statisticalRoom,
} from '../../../core/backend/ejection.ts'

const policy: EjectionPolicy = {
  failures: { causes: [], statuses: [] },
  intervalMs: 10_000,
  baseTimeMs: 30_000,
  maxTimeMs: 300_000,
  successRate: { factor: 1.9, minBackends: 5, minRequests: 100 },
  failureRatio: { ratio: 0.85, minBackends: 5, minRequests: 50 },
  failuresInRow: 5,
  maxStatistical: 0.1,
}
const ratioOnly: EjectionPolicy = { ...policy, successRate: undefined }
const rateOnly: EjectionPolicy = { ...policy, failureRatio: undefined }

/** Members `a`, `b` …: good and bad of each. */
const samples = (...counts: readonly (readonly [good: number, bad: number])[]): Sample<string>[] =>
  counts.map(([good, bad], index) => ({ subject: String.fromCodePoint(97 + index), good, bad }))
const found = (some: readonly Sample<string>[], rule = policy, room = 9) =>
  outliers(some, rule, room)
    .map(({ subject }) => subject)
    .join('')

const fine = [100, 0] as const

describe('outliers', () => {
  test.each([
    ['one of five that fails alone', [fine, fine, fine, fine, [0, 100]], 'e'],
    ['one of five that half fails', [fine, fine, fine, fine, [50, 50]], 'e'],
    ['none of four', [fine, fine, fine, [0, 100]], ''],
    ['none with few requests', [fine, fine, fine, fine, fine, [0, 99]], ''],
    [
      'none where all do as badly',
      [
        [10, 90],
        [10, 90],
        [10, 90],
        [10, 90],
        [10, 90],
      ],
      '',
    ],
    ['none where two of five fail', [fine, fine, fine, [0, 100], [0, 100]], ''],
    ['none of nobody', [], ''],
  ] as const)('by success rate are %s', (_, counts, who) => {
    expect(found(samples(...counts), rateOnly)).toBe(who)
  })

  test.each([
    ['who failed more than the ratio', [fine, fine, fine, [14, 86], [15, 85]], 'd'],
    [
      'all of them where all fail',
      [
        [0, 50],
        [0, 50],
        [0, 50],
        [0, 50],
        [0, 50],
      ],
      'abcde',
    ],
    ['none with few requests', [fine, fine, fine, fine, fine, [0, 49]], ''],
    ['none of four', [fine, fine, fine, [0, 100]], ''],
  ] as const)('by failures are %s', (_, counts, who) => {
    expect(found(samples(...counts), ratioOnly)).toBe(who)
  })

  test('are no more than there is room for, each once, success rates first', () => {
    const bad = samples([0, 100], fine, fine, fine, fine, fine, fine, fine, fine, [0, 60])
    expect(outliers(bad, policy, 5)).toEqual([
      { subject: 'a', cause: "0 % of its requests went well within 10 s, 100 % of its peers'" },
      { subject: 'j', cause: '100 % of its requests failed within 10 s' },
    ])
    expect([found(bad, policy, 1), found(bad, policy, 0), found(bad, policy, -1)]).toEqual(['a', '', ''])
  })

  test('have room for a tenth, yet always for one', () => {
    const rooms = [1, 5, 10, 19, 20, 100].map((members) => statisticalRoom(members, policy))
    expect(rooms).toEqual([1, 1, 1, 1, 2, 10])
    expect(statisticalRoom(100, { ...policy, maxStatistical: 0 })).toBe(0)
  })

  test('never are more than the room, nor anybody who did better than all others', () => {
    const count = fc.record({ good: fc.nat(500), bad: fc.nat(500) })
    fc.assert(
      fc.property(fc.array(count, { maxLength: 30 }), fc.integer({ min: -2, max: 30 }), (counts, room) => {
        const some = counts.map((one, subject) => ({ subject, ...one }))
        const out = outliers(some, policy, room)
        expect(out.length).toBeLessThanOrEqual(Math.max(0, room))
        expect(new Set(out.map(({ subject }) => subject)).size).toBe(out.length)
        for (const { subject } of out) expect(some[subject]!.bad).toBeGreaterThan(0)
      }),
    )
  })
})

describe('an ejection', () => {
  const clear: EjectionFact = { kind: 'clear', since: 0, times: 0 }
  const why = { cause: 'bad', isStatistical: true }

  test('is longer each time, up to the longest, and shorter again after good intervals', () => {
    const lengths: number[] = []
    let fact: EjectionFact = clear
    for (let round = 0; round < 12; round += 1) {
      fact = ejected(fact, why, policy, 1000)
      lengths.push(fact.kind === 'ejected' ? fact.until - fact.since : 0)
      fact = released(fact, 2000)
    }
    expect(lengths.map((ms) => ms / 1000)).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300])
    for (let round = 0; round < 20; round += 1) fact = relaxed(fact)
    expect(fact).toEqual({ kind: 'clear', since: 2000, times: 0 })
  })

  test('does not get shorter while it lasts', () => {
    const fact = ejected(clear, why, policy, 1000)
    expect(relaxed(fact)).toBe(fact)
  })

  test('lasts as long as another policy says, from its beginning', () => {
    const fact = ejected(clear, why, policy, 1000)
    expect(retimed(fact, { ...policy, baseTimeMs: 5000 })).toMatchObject({ since: 1000, until: 6000 })
    expect(retimed(clear, policy)).toBe(clear)
  })
})
