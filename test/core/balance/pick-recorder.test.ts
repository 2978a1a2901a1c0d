import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { Balancer } from '../../../core/balance/balancer.ts'
import { MOST_TOLD, type PickEnd, type PickExplanation, PickRecorder } from '../../../core/balance/pick-recorder.ts'
import type { Candidate, PickContext, PickNotes, Strategy } from '../../../core/strategy/strategy.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { contextOf } from '../../support/pick-context.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

interface Asked {
  readonly backends?: readonly Backend[]
  readonly tried?: readonly Backend[]
  readonly given?: Partial<PickContext>
  readonly end?: Partial<PickEnd>
}

const three = (): [Backend, Backend, Backend] => [makeBackend(1), makeBackend(2), makeBackend(3)]

/** One pick of a pool with that strategy, as it is explained. */
function explained(
  pick: Strategy['pick'],
  { backends = three(), tried = [], given = {}, end = {} }: Asked = {},
): PickExplanation {
  const balancer = new Balancer({
    strategy: { pick },
    strategyName: 'mine',
    reports: { onFault: () => undefined, onSlow: () => undefined },
    clock: virtualClock(),
    observers: [],
  })
  balancer.update(backends)
  const told: PickExplanation[] = []
  const recorder = new PickRecorder({
    medianOf: ({ address }) => (address.kind === 'tcp' ? address.port : null),
    onPick: (explanation) => void told.push(explanation),
  })
  const context = {
    ...contextOf({ random: recorder.tap(() => 0.25), now: 100, ...given }),
    recorder,
    notes: recorder.notes,
  }
  const chosen = end.kept ?? balancer.pick(context, tried)
  const { members, isAtBound: isPoolFull } = balancer
  recorder.close(context, { chosen, members, tried, kept: undefined, isPoolFull, waitedMs: 0, now: 100, ...end })
  expect(told).toEqual([recorder.explanation!])
  return told[0]!
}

const idOf = (port: number): string => `127.0.0.1:${port}`

describe('an explained pick', () => {
  test('holds what the strategy was shown, and what it said', () => {
    const found = explained(
      (candidates, { notes, random }) => {
        const [, second, third] = candidates as readonly [Candidate, Candidate, Candidate]
        random()
        notes?.drew(third)
        notes?.drew(second)
        notes?.score(second, 1)
        notes?.score(third, 2.5)
        notes?.because('the better of two')
        return second
      },
      { given: { key: 'k' } },
    )
    expect(found).toEqual({
      by: 'strategy',
      strategy: 'mine',
      why: 'mine: the better of two',
      candidates: [
        { backend: idOf(2), score: 1, inflight: 0, weight: 1, latencyMs: 2 },
        { backend: idOf(3), score: 2.5, inflight: 0, weight: 1, latencyMs: 3 },
        { backend: idOf(1), score: null, inflight: 0, weight: 1, latencyMs: 1 },
      ],
      excluded: [],
      counts: { candidates: 3, excluded: 0 },
      drawn: [idOf(3), idOf(2)],
      chosen: idOf(2),
      runnerUp: idOf(3),
      waitedMs: 0,
      askedWith: {
        candidates: [1, 2, 3].map((port) => ({
          id: idOf(port),
          weight: 1,
          inflight: 0,
          zone: undefined,
          place: undefined,
        })) as never,
        context: {
          key: 'k',
          now: 100,
          wallTime: 0,
          client: { address: '192.0.2.1', zone: undefined, place: undefined },
        },
        draws: [0.25],
      },
    })
  })

  test('of a strategy that notes nothing has no scores and no runner-up', () => {
    const found = explained(([first]) => first)
    expect(found).toMatchObject({
      by: 'strategy',
      why: 'mine: its choice; it tells no scores',
      runnerUp: null,
      drawn: [],
    })
    expect(found.candidates.map(({ score }) => score)).toEqual([null, null, null])
  })

  test('of a strategy that gives scores alone names that of its choice', () => {
    const found = explained((candidates, { notes }) => {
      candidates.forEach((candidate, index) => notes?.score(candidate, index / 3))
      return candidates[1] ?? candidates[0]
    })
    expect(found.why).toBe('mine: its score was 0.3333, one of 3 told')
    expect(found.runnerUp).toBe(idOf(1))
  })

  test('of many with scores tells the lowest, in their order, and of equal ones those told first', () => {
    const backends = Array.from({ length: 200 }, (_, index) => makeBackend(index + 1))
    const found = explained(
      (candidates, { notes }) => {
        candidates.forEach((candidate, index) => notes?.score(candidate, (index * 77) % 50))
        return candidates[199] ?? candidates[0]
      },
      { backends },
    )
    const byScore = Array.from({ length: 200 }, (_, index) => ({ index, score: (index * 77) % 50 }))
      .toSorted((one, other) => one.score - other.score || one.index - other.index)
      .map(({ index }) => idOf(index + 1))
    expect(found.candidates.map(({ backend }) => backend)).toEqual([idOf(200), ...byScore.slice(0, MOST_TOLD - 1)])
  })

  test('tells whom the strategy passed over as excluded by it, and never as runner-up', () => {
    const found = explained((candidates, { notes }) => {
      candidates.forEach((candidate, index) => notes?.score(candidate, index))
      notes?.passOver(candidates[0], 'busy: 9 in flight')
      notes?.passOver(candidates[1] ?? candidates[0], 'gone')
      notes?.score(candidates[1] ?? candidates[0], 7)
      return candidates[2] ?? candidates[0]
    })
    expect(found.excluded).toEqual([{ backend: idOf(1), by: 'strategy', why: 'busy: 9 in flight', untilMs: null }])
    expect(found.runnerUp).toBe(idOf(2))
  })

  test('takes nothing else from a strategy than the contract says', () => {
    let kept: PickNotes | undefined
    const stranger = makeBackend(77).candidate
    const found = explained((candidates, { notes }) => {
      kept = notes
      for (const candidate of [stranger, undefined, 'a', {}] as Candidate[]) {
        notes?.drew(candidate)
        notes?.score(candidate, 1)
        notes?.passOver(candidate, 'no')
      }
      for (const score of [Number.NaN, Infinity, '3', undefined, {}] as number[]) notes?.score(candidates[0], score)
      notes?.passOver(candidates[1] ?? candidates[0], {
        toString: () => {
          throw new Error('no')
        },
      } as never)
      notes?.because('x'.repeat(100_000))
      return candidates[0]
    })
    expect(Object.isFrozen(kept)).toBe(true)
    expect(found.drawn).toEqual([])
    expect(found.candidates[0]).toMatchObject({ score: null })
    expect(found.excluded).toEqual([{ backend: idOf(2), by: 'strategy', why: '', untilMs: null }])
    expect(found.why).toHaveLength('mine: '.length + 160)
    kept?.because('later')
    kept?.drew(found as never)
    expect(found.why).not.toContain('later')
  })

  test.each([
    ['is nobody of theirs', () => makeBackend(8).candidate],
    [
      'was thrown',
      () => {
        throw new Error('no')
      },
    ],
  ] as const)('is by chance when the choice %s', (_, pick) => {
    expect(explained(pick)).toMatchObject({
      by: 'chance',
      why: 'mine made no valid choice, so chance chose by weight',
      askedWith: undefined,
    })
  })

  test('tells of the first choice that was full, and whom it kept out', () => {
    const backends = three()
    Object.assign(backends[0], { inflight: 2, maxInflight: 2 })
    const found = explained((candidates) => candidates[0], { backends })
    expect(found).toMatchObject({
      by: 'strategy',
      chosen: idOf(2),
      why: `mine: its choice; it tells no scores; mine’s first choice, ${idOf(1)}, is full`,
    })
    expect(found.excluded).toEqual([
      { backend: idOf(1), by: 'room', why: 'full: 2 in flight, 2 at most', untilMs: null },
    ])
  })

  test('is the only one’s where there is nothing to choose, be it behind a queue', () => {
    const backends = three()
    for (const backend of backends.slice(1)) Object.assign(backend, { inflight: 1, maxInflight: 1 })
    const pick: Strategy['pick'] = (candidates) => candidates[2] ?? candidates[0]
    const only = explained(pick, { backends })
    expect(only).toMatchObject({
      by: 'only',
      chosen: idOf(1),
      why: `only ${idOf(1)} could take it; mine’s first choice, ${idOf(3)}, is full`,
      counts: { candidates: 1, excluded: 2 },
    })
    expect(explained(pick, { backends, end: { waitedMs: 12.34 } })).toMatchObject({
      by: 'queue',
      waitedMs: 12.34,
      why: expect.stringMatching(/; it had waited 12\.3 ms for room$/),
    })
    expect(explained(pick, { backends: backends.slice(0, 1) })).toMatchObject({
      by: 'only',
      why: `only ${idOf(1)} could take it`,
    })
  })

  test('is a session’s where it kept the request, and all others are excluded by it', () => {
    const backends = three()
    const [kept] = backends
    const found = explained(() => kept.candidate, { backends, end: { kept, chosen: kept } })
    expect(found).toMatchObject({ by: 'sticky', chosen: kept.id, why: `its session is with ${kept.id}` })
    expect(found.excluded.map(({ by }) => by)).toEqual(['session', 'session'])
  })

  test('that finds nobody says so, and why nobody could', () => {
    const backends = three()
    for (const backend of backends) Object.assign(backend, { inflight: 1, maxInflight: 1 })
    expect(explained(([first]) => first, { backends })).toMatchObject({
      chosen: null,
      by: 'only',
      why: 'nobody could take it',
      counts: { candidates: 0, excluded: 3 },
    })
    const tried = three()
    const found = explained(([first]) => first, { backends: tried, tried })
    expect(found.excluded.map(({ by }) => by)).toEqual(['tried', 'tried', 'tried'])
  })

  test('of thousands tells those that were looked at, and how many there were', () => {
    const backends = Array.from({ length: 3000 }, (_, index) => makeBackend(index + 1))
    const found = explained(
      (candidates, { notes }) => {
        const last = candidates.at(-1) ?? candidates[0]
        notes?.drew(last)
        candidates.forEach((candidate) => notes?.passOver(candidate, 'no'))
        notes?.score(last, 1)
        return last
      },
      { backends },
    )
    expect(found.candidates).toHaveLength(MOST_TOLD)
    expect(found.candidates[0]?.backend).toBe(idOf(3000))
    expect(found.excluded).toHaveLength(MOST_TOLD)
    expect(found.counts).toEqual({ candidates: 3000, excluded: 2999 })
    expect(found.askedWith).toBeUndefined()
  })
})
