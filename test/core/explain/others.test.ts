import { describe, expect, test } from 'bun:test'
import type { AskedWith } from '../../../core/balance/pick-recorder.ts'
import { othersOf, type Rival, rivalNames } from '../../../core/explain/others.ts'
import { fakeCandidate } from '../../../core/lab/fakes.ts'
import { loadStrategy } from '../../../core/strategy/load.ts'
import type { Candidate, Candidates, Strategy } from '../../../core/strategy/strategy.ts'

const clock = { now: () => 0 }
const shipped = await Promise.all(
  rivalNames.map(async (name): Promise<Rival> => {
    const plugin = await loadStrategy(name)
    return { name, create: () => plugin.create(plugin.parse(undefined)) }
  }),
)

const at = (id: string, inflight: number, zone?: string): Candidate =>
  Object.freeze({ ...fakeCandidate(id, zone === undefined ? {} : { zone }), inflight })

/** `a` is drawn first, `c` second, and `b` is idle. */
const candidates: Candidates = [at('a', 9, 'eu'), at('b', 0, 'us'), at('c', 4, 'us')]

const asked = (given: Partial<AskedWith['context']> = {}, draws: readonly number[] = [0, 0.99]): AskedWith => ({
  candidates,
  context: {
    key: undefined,
    now: 5,
    wallTime: 0,
    client: { address: '192.0.2.1', zone: undefined, place: undefined },
    ...given,
  },
  draws,
})

const named = (given: AskedWith, strategy: string, rivals: readonly Rival[] = shipped) =>
  Object.fromEntries(othersOf(given, strategy, { rivals, clock }).map(({ strategy: name, backend }) => [name, backend]))

describe('othersOf', () => {
  test('asks those that go by what a pick shows, with the same luck', () => {
    expect(named(asked(), 'expected-delay')).toEqual({ random: 'a', p2c: 'c', 'least-connections': 'b' })
    expect(named(asked({}, [0.99, 0]), 'expected-delay')).toMatchObject({ random: 'c', p2c: 'c' })
  })

  test('leaves out the one that has decided', () => {
    expect(named(asked(), 'p2c')).not.toHaveProperty('p2c')
  })

  test('asks who hashes where there is a key, and who goes by place where one is known', () => {
    const client = { address: '192.0.2.1', zone: 'eu', place: undefined }
    const found = named(asked({ key: 'k', client }), 'p2c')
    expect(found['geo-affinity']).toBe('a')
    expect(candidates.map(({ id }) => id)).toContain(found['consistent-hash'] ?? '')
    expect(named(asked({ key: 'k', client }), 'p2c')).toEqual(found)
  })

  test('leaves out who throws, returns a stranger, or is not to be had', () => {
    const making = (pick: Strategy['pick']): Rival[] => [{ name: 'random', create: () => ({ pick }) }]
    const failing: Rival[] = [
      {
        name: 'random',
        create: () => {
          throw new Error('no')
        },
      },
    ]
    expect(named(asked(), 'p2c', failing)).toEqual({})
    expect(
      named(
        asked(),
        'p2c',
        making(() => at('d', 0)),
      ),
    ).toEqual({})
    expect(
      named(
        asked(),
        'p2c',
        making(() => {
          throw new Error('no')
        }),
      ),
    ).toEqual({})
    expect(named(asked(), 'p2c', [])).toEqual({})
  })

  test('asks nobody more once it has taken too long', () => {
    let now = 0
    const slow: Rival[] = ['random', 'p2c'].map((name) => ({
      name,
      create: () => ({
        pick: ([first]: Candidates) => {
          now += 6
          return first
        },
      }),
    }))
    expect(othersOf(asked(), 'x', { rivals: slow, clock: { now: () => now } })).toEqual([
      { strategy: 'random', backend: 'a' },
    ])
  })
})
