import { describe, expect, test } from 'bun:test'
import { fakePool } from '../../../core/lab/fakes.ts'
import { type Simulation, simulate, tally } from '../../../core/lab/simulate.ts'
import { fifo } from '../../../core/lab/stations.ts'
import type { AttemptView, Candidates, Strategy } from '../../../core/strategy/strategy.ts'
import { seededRandom } from '../../../core/random.ts'

const firstOnly = (): Strategy => ({ pick: ([first]) => first })

/** One proxy with a pool of equals. */
function running(given: Partial<Simulation> & { strategy?: Strategy; pool?: Candidates }) {
  const { strategy = firstOnly(), pool = fakePool([1]), ...rest } = given
  const proxies: Simulation['proxies'] = [{ strategy, candidates: () => pool }]
  return simulate({ proxies, load: { clients: 1 }, requests: 10, random: seededRandom(1), ...rest })
}

describe('simulate', () => {
  test('sends the next request when an earlier one is answered', () => {
    const served = running({ requests: 6, load: { clients: 2 } })
    expect(served.map(({ startedAt }) => startedAt)).toEqual([0, 0, 10, 10, 20, 20])
    expect(served.map(({ inflightBefore }) => inflightBefore)).toEqual([0, 1, 1, 1, 1, 1])
  })

  test('answers in the order of time, not of start', () => {
    const times = [30, 10, 10, 10]
    const ends: number[] = []
    const strategy: Strategy = { ...firstOnly(), onEnd: (_, { elapsedMs }, now) => ends.push(now, elapsedMs) }
    running({ strategy, requests: 4, load: { clients: 2 }, backend: () => ({ serviceMs: () => times.shift() ?? 0 }) })
    expect(ends).toEqual([10, 10, 20, 10, 30, 30, 30, 10])
  })

  test('ends every attempt it began, the same object', () => {
    const pool = fakePool([1])
    const open = new Set<AttemptView>()
    let answers = 0
    const strategy: Strategy = {
      ...firstOnly(),
      onStart: (attempt) => open.add(attempt),
      onResponse: (attempt, status) => (answers += open.has(attempt) && status === 200 ? 1 : 0),
      onEnd: (attempt) => expect(open.delete(attempt)).toBeTrue(),
    }
    running({ strategy, pool, requests: 100, load: { clients: 7 } })
    expect([open.size, pool[0].inflight, answers]).toEqual([0, 0, 100])
  })

  test('lets requests arrive whatever becomes of those before', () => {
    const served = running({ requests: 20_000, load: { perSecond: 500 }, backend: () => ({ serviceMs: () => 1e9 }) })
    expect(served.map(({ inflightBefore }) => inflightBefore)).toEqual(served.map((_, index) => index))
    expect(served.at(-1)!.startedAt / 20_000).toBeCloseTo(2, 1)
  })

  test('tries a failed request elsewhere, as often as it may', () => {
    const pool = fakePool([1, 1, 1])
    const retries: boolean[] = []
    const strategy: Strategy = { ...firstOnly(), onStart: ({ isRetry }) => retries.push(isRetry) }
    const backend: Simulation['backend'] = (id) => ({
      serviceMs: () => 5,
      outcome: (elapsedMs) =>
        id === pool[2]!.id
          ? { kind: 'completed', status: 200, elapsedMs }
          : { kind: 'failed', cause: 'reset', elapsedMs },
    })
    const [twice] = running({ strategy, pool, requests: 1, attempts: 2, backend })
    expect(twice).toMatchObject({ candidate: pool[1], tried: [pool[0]], startedAt: 0, endedAt: 10 })
    expect(twice!.outcome).toEqual({ kind: 'failed', cause: 'reset', elapsedMs: 5 })
    const [often] = running({ strategy, pool, requests: 1, attempts: 9, backend })
    expect(often).toMatchObject({ candidate: pool[2], tried: [pool[0], pool[1]], endedAt: 15 })
    expect(often!.outcome).toMatchObject({ kind: 'completed', elapsedMs: 5 })
    expect(retries).toEqual([false, true, false, true, true])
  })

  test('shares backends between proxies, and what they know not at all', () => {
    const pools = [fakePool([1]), fakePool([1])] as const
    const [one, other] = pools.map((pool) => ({ strategy: firstOnly(), candidates: () => pool }))
    const backend = () => ({ discipline: fifo(), serviceMs: () => 10 })
    const proxies: Simulation['proxies'] = [one!, other!]
    const served = simulate({ proxies, load: { clients: 2 }, requests: 4, random: seededRandom(1), backend })
    expect(served.map(({ endedAt }) => endedAt)).toEqual([10, 20, 30, 40])
    expect(served.map(({ inflightBefore }) => inflightBefore)).toEqual([0, 0, 0, 0])
  })

  test('shows each strategy the same workload, and replays from seeds', () => {
    const pool = fakePool([1, 1])
    const run = (strategy: Strategy, seed: number) =>
      running({
        strategy,
        pool,
        requests: 50,
        load: { perSecond: 100 },
        workload: seededRandom(seed),
        backend: () => ({ serviceMs: (_, draw) => draw * 100 }),
      }).map(({ startedAt, endedAt }) => [startedAt, Math.round((endedAt - startedAt) * 1e6)])
    const last: Strategy = { pick: (candidates) => candidates.at(-1) ?? candidates[0] }
    expect(run(firstOnly(), 1)).toEqual(run(last, 1))
    expect(run(firstOnly(), 1)).not.toEqual(run(last, 2))
  })

  test('tells the time at which service begins', () => {
    const asked: number[] = []
    const backend = () => ({ discipline: fifo(), serviceMs: (now: number) => (asked.push(now), 10) })
    running({ requests: 3, load: { clients: 3 }, backend })
    expect(asked).toEqual([0, 10, 20])
  })

  test('does nothing for no requests', () => {
    for (const load of [{ clients: 3 }, { perSecond: 3 }]) expect(running({ requests: 0, load })).toEqual([])
    expect(() => fakePool([])).toThrow('a pool must have at least one weight')
  })
})

describe('tally', () => {
  test('counts by who answered', () => {
    const pool = fakePool([1, 1, 1])
    let turn = 0
    const strategy: Strategy = { pick: (candidates) => candidates[(turn += 1) % 2] ?? candidates[0] }
    const counts = tally(running({ strategy, pool, requests: 5 }))
    expect(pool.map(({ id }) => counts.get(id))).toEqual([2, 3, undefined])
  })
})
