import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import {
  type BreakerEvent,
  type BreakerFact,
  type BreakerPolicy,
  type BreakerReading,
  closedBreaker,
  stepBreaker,
  tripCause,
} from '../../../core/backend/breaker.ts'
import { seededRandom } from '../../../core/random.ts'

const policy: BreakerPolicy = {
  failures: { causes: ['connect'], statuses: [{ from: 500, to: 599 }] },
  windowMs: 10_000,
  minRequests: 20,
  errorRatio: 0.5,
  failuresInRow: 5,
  slowCalls: { latencyMs: 1000, ratio: 0.8 },
  openTimeMs: 1000,
  maxOpenTimeMs: 6000,
  jitterRatio: 0,
  trials: 2,
}
const quiet: BreakerReading = { requests: 0, failures: 0, answers: 0, slow: 0, failuresInRow: 0 }
const tripped: BreakerEvent = { kind: 'tripped', cause: 'bad' }
const waited: BreakerEvent = { kind: 'waited' }
const begun: BreakerEvent = { kind: 'trial-begun' }
const ended = (verdict: 'good' | 'bad' | 'none'): BreakerEvent => ({ kind: 'trial-judged', verdict })

/** The state after these events, each at its instant. */
function after(events: readonly (readonly [number, BreakerEvent])[], changes: Partial<BreakerPolicy> = {}) {
  const moment = { policy: { ...policy, ...changes }, random: () => 0.5 }
  return events.reduce<BreakerFact>(
    (fact, [now, event]) => stepBreaker(fact, event, { ...moment, now }),
    closedBreaker(0),
  )
}

describe('tripCause', () => {
  test.each([
    [{}, undefined],
    [{ requests: 20, failures: 9 }, undefined],
    [{ requests: 19, failures: 19 }, undefined],
    [{ requests: 20, failures: 10 }, '50 % of 20 requests failed within 10 s'],
    [{ failuresInRow: 4 }, undefined],
    [{ failuresInRow: 5 }, '5 failures in a row'],
    [{ answers: 20, slow: 15 }, undefined],
    [{ answers: 20, slow: 16 }, '80 % of 20 answers took over 1 s within 10 s'],
  ] as const)('of %j is %p', (reading, cause) => {
    expect(tripCause({ ...quiet, ...reading }, policy)).toBe(cause)
  })

  test('is none of a rule that is off', () => {
    const off = { ...policy, errorRatio: undefined, failuresInRow: undefined, slowCalls: undefined }
    const worst = { requests: 999, failures: 999, answers: 999, slow: 999, failuresInRow: 999 }
    expect(tripCause(worst, off)).toBeUndefined()
  })

  test('is none where nothing failed, however little is asked for', () => {
    expect(tripCause({ ...quiet, requests: 5 }, { ...policy, minRequests: 1, errorRatio: 0.01 })).toBeUndefined()
  })
})

describe('a breaker', () => {
  test.each([
    ['opens once it is tripped', [[100, tripped]], { kind: 'open', since: 100, until: 1100, trips: 1, cause: 'bad' }],
    [
      'is half-open when its time is over',
      [
        [100, tripped],
        [1100, waited],
      ],
      { kind: 'half-open', since: 1100, atOnce: 2, underWay: 0 },
    ],
    [
      'counts its trials',
      [
        [0, tripped],
        [1, waited],
        [2, begun],
        [3, begun],
      ],
      { kind: 'half-open', underWay: 2 },
    ],
    [
      'frees the place of a trial that says nothing',
      [
        [0, tripped],
        [1, waited],
        [2, begun],
        [3, ended('none')],
      ],
      { underWay: 0, passed: 0 },
    ],
    [
      'wants more than one good trial',
      [
        [0, tripped],
        [1, waited],
        [2, begun],
        [3, ended('good')],
      ],
      { kind: 'half-open', passed: 1, underWay: 0 },
    ],
    [
      'closes after as many as it is told',
      [
        [0, tripped],
        [1, waited],
        [2, begun],
        [2, begun],
        [3, ended('good')],
        [4, ended('good')],
      ],
      { kind: 'closed', since: 4, trips: 1 },
    ],
    [
      'opens again for twice as long',
      [
        [0, tripped],
        [1000, waited],
        [1001, begun],
        [1002, ended('bad')],
      ],
      { kind: 'open', since: 1002, until: 3002, trips: 2, cause: 'bad' },
    ],
    [
      'takes a trial for none that ends when it is open',
      [
        [0, tripped],
        [1, ended('good')],
        [2, ended('bad')],
      ],
      { kind: 'open', since: 0, trips: 1 },
    ],
    [
      'cannot be tripped twice',
      [
        [0, tripped],
        [500, tripped],
      ],
      { since: 0, until: 1000, trips: 1 },
    ],
  ] as const)('%s', (_, events, fact) => {
    expect(after(events as never)).toMatchObject(fact)
  })

  const closedAgain = [
    [0, tripped],
    [1000, waited],
    [1000, begun],
    [1000, begun],
    [1001, ended('good')],
    [1001, ended('good')],
  ] as const

  test('opens for longer when it trips soon after it closed, and begins anew later', () => {
    expect(after([...closedAgain, [2000, tripped]])).toMatchObject({ trips: 2, until: 4000 })
    expect(after([...closedAgain, [7001, tripped]])).toMatchObject({ trips: 1, until: 8001 })
  })

  test('is open for a random part shorter, never longer', () => {
    expect(after([[0, tripped]], { jitterRatio: 0.4 })).toMatchObject({ until: 800 })
    expect(after([[0, tripped]], { jitterRatio: 0.4, openTimeMs: 9999 })).toMatchObject({ until: 4800 })
  })

  test('takes another policy for what is known', () => {
    const changed = { openTimeMs: 4000, trials: 1 }
    expect(
      after(
        [
          [0, tripped],
          [1, { kind: 'policy' }],
        ],
        changed,
      ),
    ).toMatchObject({ kind: 'open', until: 4000 })
    const half = after([
      [0, tripped],
      [1, waited],
      [2, begun],
      [3, ended('good')],
    ])
    const moment = { policy: { ...policy, trials: 1 }, now: 9, random: () => 0 }
    expect(stepBreaker(half, { kind: 'policy' }, moment)).toMatchObject({ kind: 'closed', since: 9 })
    const closed = closedBreaker(3)
    expect(stepBreaker(closed, { kind: 'policy' }, moment)).toBe(closed)
  })

  const ms = fc.integer({ min: 100, max: 10_000 })
  const anyPolicy = fc
    .record({
      openTimeMs: ms,
      longer: fc.nat(60_000),
      jitterRatio: fc.double({ min: 0, max: 0.5, noNaN: true }),
      trials: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ longer, ...rest }): BreakerPolicy => ({ ...policy, ...rest, maxOpenTimeMs: rest.openTimeMs + longer }))
  const anyEvent = fc.constantFrom(tripped, waited, begun, ended('good'), ended('bad'), ended('none'), {
    kind: 'policy',
  } as const)

  test('is open for no shorter and no longer than it is told, whatever happens', () => {
    fc.assert(
      fc.property(
        anyPolicy,
        fc.array(fc.tuple(fc.nat(20_000), anyEvent), { maxLength: 60 }),
        fc.nat(),
        (some, steps, seed) => {
          const random = seededRandom(seed)
          let [fact, now] = [closedBreaker(0), 0]
          for (const [pause, event] of steps) {
            now += pause
            fact = stepBreaker(fact, event, { policy: some, now, random })
            if (fact.kind !== 'open') continue
            const openMs = fact.until - fact.since
            expect(openMs).toBeLessThanOrEqual(some.maxOpenTimeMs + 1e-6)
            expect(openMs).toBeGreaterThanOrEqual(some.openTimeMs * (1 - some.jitterRatio) - 1e-6)
          }
        },
      ),
    )
  })

  test('always recovers, from wherever it is', () => {
    fc.assert(
      fc.property(anyPolicy, fc.array(anyEvent, { maxLength: 40 }), (some, events) => {
        const moment = { policy: some, random: () => 0.3 }
        const before = events.reduce<BreakerFact>(
          (fact, event, index) => stepBreaker(fact, event, { ...moment, now: index }),
          closedBreaker(0),
        )
        const cure = [waited, ...Array.from({ length: some.trials }, () => [begun, ended('good')]).flat()]
        const cured = cure.reduce<BreakerFact>(
          (fact, event) => stepBreaker(fact, event, { ...moment, now: 1e6 }),
          before,
        )
        expect(cured.kind).toBe('closed')
      }),
    )
  })
})
