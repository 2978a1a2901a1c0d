/**
 * What every strategy must do, shipped or a user's own: each check a named function that returns or throws. No test
 * runner is needed, so that a command can run it too; `test/conformance/strategy.ts` registers them as tests.
 */
import { seededRandom } from '../random.ts'
import { begin, end, fakeAttempt, fakeCandidate, fakePool, shownOf, someClient, wallTimeAt } from './fakes.ts'
import type { FakeCandidate } from './fakes.ts'
import { type Served, type Simulation, simulate, tally } from './simulate.ts'
import { describeStranger } from '../strategy/stranger.ts'
import type { Candidate, Candidates, Outcome, PickContext, Strategy, StrategyPlugin } from '../strategy/strategy.ts'

export interface ConformanceSettings {
  /** Handed to the plugin's `parse`. */
  readonly options?: unknown
  /** Allowed relative error of each backend's share; 0.15 when absent. */
  readonly tolerance?: number
  /** Check name -> why it does not apply. */
  readonly skip?: Readonly<Record<string, string>>
}

export interface ConformanceCheck {
  readonly name: string
  /** Without it requests would suffer: a running edge refuses the file. What the others ask, an author may mean otherwise. */
  readonly isVital?: true
  /** Whether it asks for shares by weight, which a strategy may say that it does not care for. */
  readonly isByWeight?: true
  /** Throws an Error that says what was expected and what came. */
  run(plugin: StrategyPlugin, settings: ConformanceSettings): void
}

export type ConformanceResult =
  | { readonly name: string; readonly kind: 'passed' }
  | { readonly name: string; readonly kind: 'skipped'; readonly reason: string }
  | { readonly name: string; readonly kind: 'failed'; readonly reason: string }

/** Runs them all, whatever fails. */
export function checkConformance(plugin: StrategyPlugin, settings: ConformanceSettings = {}): ConformanceResult[] {
  return conformanceChecks.map((check) => {
    const { name } = check
    const reason = settings.skip?.[name] ?? exemptionFrom(check, plugin)
    if (reason !== undefined) return { name, kind: 'skipped', reason }
    try {
      check.run(plugin, settings)
      return { name, kind: 'passed' }
    } catch (error) {
      return { name, kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
    }
  })
}

/** Why the plugin itself says that the check does not apply; undefined: it does. */
export const exemptionFrom = (
  { isByWeight }: Pick<ConformanceCheck, 'isByWeight'>,
  { ignoresWeight }: Pick<StrategyPlugin, 'ignoresWeight'>,
): string | undefined => (isByWeight ? ignoresWeight : undefined)

/** The virtual clients of a spread check; each backend of average weight has ten of them. */
const concurrency = 40
const requests = 20_000

export const conformanceChecks: readonly ConformanceCheck[] = [
  {
    name: 'picks the only candidate there is',
    isVital: true,
    run(plugin, settings) {
      const strategy = create(plugin, settings)
      const [only] = fakePool([3])
      for (let index = 0; index < 100; index += 1) pickMember(strategy, [only], index)
    },
  },
  {
    name: 'always picks a member of the list it is given',
    isVital: true,
    run(plugin, settings) {
      const strategy = create(plugin, settings)
      const pool = fakePool([1, 2, 3, 4, 5])
      const tails = [1, 2, 3, 4].map((from) => nonEmpty(pool.slice(from)))
      for (let index = 0; index < 2000; index += 1) {
        const candidates = index % 3 === 0 ? pool : (tails[index % tails.length] ?? pool)
        begin(strategy, pickMember(strategy, candidates, index), index)
      }
    },
  },
  {
    name: 'never returns a backend that a retry left out',
    isVital: true,
    run(plugin, settings) {
      const strategy = create(plugin, settings)
      const pool = fakePool([1, 1, 1, 1, 1, 1])
      for (let index = 0; index < 2000; index += 1) {
        const tried = pickMember(strategy, pool, index)
        const second = pickMember(strategy, without(pool, tried), index)
        end(strategy, begin(strategy, second, index, true), completed, index)
      }
    },
  },
  {
    name: 'writes nothing to the list and the candidates it is given',
    isVital: true,
    run(plugin, settings) {
      const strategy = create(plugin, settings)
      const pool = fakePool([1, 2, 3, 4])
      const fakeOf = new Map(pool.map((candidate) => [shownOf(candidate), candidate]))
      const shown = Object.freeze(nonEmpty([...fakeOf.keys()]))
      for (let index = 0; index < 200; index += 1) {
        const picked = pickMember(strategy, shown, index)
        const fake = fakeOf.get(picked) ?? pool[0]
        const attempt = Object.freeze(fakeAttempt(picked, { startedAt: index, inflightBefore: fake.inflight }))
        fake.inflight += 1
        strategy.onStart?.(attempt)
        strategy.onResponse?.(attempt, 200, index + 1)
        if (index % 4 === 0) continue
        fake.inflight -= 1
        strategy.onEnd?.(attempt, completed, index + 1)
      }
    },
  },
  {
    name: 'replays the same picks from the same seed',
    run(plugin, settings) {
      const replay = (): string =>
        spread(plugin, settings, [1, 2, 3])
          .map(({ candidate }) => candidate.id)
          .join()
      expectThat(replay() === replay(), 'picks must depend on nothing but the candidates, the hooks and the context')
    },
  },
  {
    name: 'spreads requests by weight',
    isByWeight: true,
    run(plugin, settings) {
      for (const weights of [
        [1, 1, 1, 1],
        [1, 2, 3, 4],
        [100, 300],
      ]) {
        expectShares(spread(plugin, settings, weights), weights, settings)
      }
    },
  },
  {
    name: 'spreads by weight among the rest when one has left',
    isByWeight: true,
    run(plugin, settings) {
      const pool = fakePool([1, 2, 3, 4])
      const rest = nonEmpty(pool.slice(1))
      const random = seededRandom(11)
      const strategy = create(plugin, settings)
      const candidates = (index: number): Candidates => (index < requests / 2 ? pool : rest)
      const proxies: Simulation['proxies'] = [{ strategy, candidates }]
      const served = simulate({ ...closedLoop, proxies, random, requests: requests * 1.5 })
      const later = served.slice(requests / 2)
      expectThat(!later.some(({ candidate }) => candidate === pool[0]), `${pool[0].id} has left but was picked`)
      expectShares(later, [0, 2, 3, 4], settings)
    },
  },
  {
    name: 'follows a weight that changes while it runs',
    isByWeight: true,
    run(plugin, settings) {
      const pool = fakePool([1, 1, 1, 1])
      const strategy = create(plugin, settings)
      const random = seededRandom(12)
      const candidates = (index: number): Candidates => {
        if (index === requests / 2) pool[0].weight = 5
        return pool
      }
      const proxies: Simulation['proxies'] = [{ strategy, candidates }]
      const served = simulate({ ...closedLoop, proxies, random, requests: requests * 1.5 })
      expectShares(served.slice(requests / 2 + concurrency), [5, 1, 1, 1], settings)
    },
  },
  {
    name: 'gives a weight of 0.001 next to nothing and 1e6 nearly all',
    isByWeight: true,
    run(plugin, settings) {
      const weights = [0.001, 1e6, 0.001, 0.001]
      const heavy = tally(spread(plugin, settings, weights)).get('10.0.0.1:80') ?? 0
      expectThat(heavy >= requests * 0.9, `weight 1e6 beside three of 0.001 must get 90 %, got ${heavy} of ${requests}`)
    },
  },
  {
    name: 'copes with hooks in odd order',
    isVital: true,
    run(plugin, settings) {
      const strategy = create(plugin, settings)
      const pool = fakePool([1, 1, 1])
      const stranger = fakeCandidate('192.0.2.1:80')
      for (const candidate of [...pool, stranger]) outOfOrder(strategy, candidate)
      for (let index = 0; index < 500; index += 1) {
        const picked = pickMember(strategy, pool, index)
        const attempt = begin(strategy, picked, index)
        outOfOrder(strategy, index % 2 === 0 ? picked : stranger)
        end(strategy, attempt, completed, 500 - index)
      }
    },
  },
  {
    name: 'serves 10,000 backends',
    run(plugin, settings) {
      const pool = fakePool(Array.from({ length: 10_000 }, (_, index) => 1 + (index % 3)))
      const random = seededRandom(13)
      const strategy = create(plugin, settings)
      const proxy = { strategy, candidates: () => pool }
      const served = simulate({ proxies: [proxy], random, requests, load: { clients: 100 } })
      const members = new Set<Candidate>(pool)
      expectThat(
        served.every(({ candidate }) => members.has(candidate)),
        'picks must be members',
      )
      // The fewest errors, say, may be one backend's.
      if (plugin.ignoresWeight !== undefined) return
      const reached = tally(served).size
      expectThat(reached >= 4000, `20,000 requests must reach 4,000 of 10,000 backends, reached ${reached}`)
    },
  },
  {
    name: 'hands its state over to a successor',
    isVital: true,
    run(plugin, settings) {
      const old = create(plugin, settings)
      const pool = fakePool([1, 2, 3])
      for (let index = 0; index < 100; index += 1) begin(old, pickMember(old, pool, index), index)
      const next = create(plugin, settings)
      if (old.export !== undefined) next.import?.(old.export())
      for (let index = 100; index < 200; index += 1) pickMember(next, pool, index)
    },
  },
  {
    name: 'gives every pool a state of its own',
    run(plugin, settings) {
      const alone = ids(create(plugin, settings), 200)
      const other = create(plugin, settings)
      ids(other, 77)
      expectThat(alone.join() === ids(create(plugin, settings), 200).join(), 'create must return a fresh strategy')
    },
  },
  {
    name: 'refuses unknown options by name',
    run(plugin) {
      try {
        plugin.parse({ noSuchOption: 1 })
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        expectThat(message.includes('noSuchOption'), `the message must name the key noSuchOption, got "${message}"`)
        return
      }
      throw new Error('parse({ noSuchOption: 1 }) must throw')
    },
  },
]

const completed: Outcome = { kind: 'completed', status: 200, elapsedMs: 1 }
const failed: Outcome = { kind: 'failed', cause: 'connect', elapsedMs: 0 }
const abandoned: Outcome = { kind: 'abandoned', elapsedMs: 5 }
const local: Outcome = { kind: 'local', elapsedMs: 0 }

function create(plugin: StrategyPlugin, settings: ConformanceSettings): Strategy {
  return plugin.create(plugin.parse(settings.options))
}

/** Backends alike, 8 to 12 ms by nothing but time, so that answers are not in step. */
const closedLoop = {
  load: { clients: concurrency },
  backend: () => ({ serviceMs: (now: number): number => 8 + ((now * 7.3) % 4) }),
}

function spread(plugin: StrategyPlugin, settings: ConformanceSettings, weights: readonly number[]): Served[] {
  const pool = fakePool(weights)
  const random = seededRandom(10)
  const proxy = { strategy: create(plugin, settings), candidates: () => pool }
  return simulate({ ...closedLoop, proxies: [proxy], random, requests })
}

function contextAt(index: number): PickContext {
  return {
    key: index % 5 === 0 ? undefined : `key-${index}`,
    client: someClient(index),
    now: index,
    wallTime: wallTimeAt(index),
    random: seededRandom(index),
  }
}

function pickMember(strategy: Strategy, candidates: Candidates, index: number): Candidate {
  const picked = strategy.pick(candidates, contextAt(index))
  if (!candidates.includes(picked)) throw new Error(`pick returned ${describeStranger(picked, candidates)}`)
  return picked
}

function ids(strategy: Strategy, count: number): string[] {
  const pool = fakePool([1, 2, 3])
  return Array.from({ length: count }, (_, index) => strategy.pick(pool, contextAt(index)).id)
}

/** Ends without starts, responses after ends, time going back: what a hot swap or a bug may deliver. */
function outOfOrder(strategy: Strategy, candidate: Candidate): void {
  const attempt = fakeAttempt(candidate, { startedAt: 37 })
  strategy.onEnd?.(attempt, abandoned, 50)
  strategy.onResponse?.(attempt, 500, 40)
  strategy.onEnd?.(attempt, failed, 30)
  strategy.onEnd?.(attempt, local, 25)
  strategy.onStart?.(fakeAttempt(candidate, { startedAt: 20, inflightBefore: 1_000_000, isRetry: true }))
  strategy.onEnd?.(attempt, completed, 10)
}

function expectShares(served: readonly Served[], weights: readonly number[], settings: ConformanceSettings): void {
  const { tolerance = 0.15 } = settings
  const counts = tally(served)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  fakePool(weights).forEach(({ id, weight }: FakeCandidate) => {
    const expected = (served.length * weight) / total
    const count = counts.get(id) ?? 0
    const fault = `weight ${weight} of [${weights.join(', ')}] must get ${expected.toFixed(0)} requests, got ${count}`
    expectThat(Math.abs(count - expected) <= tolerance * expected, `${fault} (tolerance ${tolerance})`)
  })
}

const without = (pool: Candidates, tried: Candidate): Candidates => nonEmpty(pool.filter((one) => one !== tried))

function nonEmpty<Item>(items: readonly Item[]): readonly [Item, ...Item[]] {
  const [first, ...rest] = items
  if (first === undefined) throw new Error('a list of candidates is never empty')
  return [first, ...rest]
}

function expectThat(holds: boolean, fault: string): void {
  if (!holds) throw new Error(fault)
}
