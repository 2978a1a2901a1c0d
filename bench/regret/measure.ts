/** One strategy in one scenario with one seed: what its requests met. */
import { fakePool } from '../../core/lab/fakes.ts'
import { type Served, type SimulatedBackend, simulate } from '../../core/lab/simulate.ts'
import type { StrategyPlugin } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import type { Scenario } from './scenarios.ts'

export interface Measured {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** Of all attempts, those at the first backend; 0..1. */
  readonly firstShare: number
}

/** What the strategies learn at first does not count. */
const warmUp = 0.1

/** Another workload for each seed, the same for each strategy. */
export function measure(plugin: StrategyPlugin, scenario: Scenario, seed: number): Measured {
  const { backends, proxies, load, requests, attempts = 1 } = scenario
  const proxy = () => {
    const pool = fakePool(backends.map(() => 1))
    return { strategy: plugin.create(plugin.parse(undefined)), candidates: () => pool }
  }
  const ids = fakePool(backends.map(() => 1)).map(({ id }) => id)
  const backendOf = new Map(backends.map((backend, index) => [ids[index], backend]))
  const served = simulate({
    proxies: [proxy(), ...Array.from({ length: proxies - 1 }, proxy)],
    load,
    requests,
    attempts,
    random: seededRandom(seed),
    workload: seededRandom(seed + 1_000_000),
    backend: (id) => backendOf.get(id) ?? noBackend,
  }).slice(requests * warmUp)
  const sorted = Float64Array.from(served, ({ startedAt, endedAt }) => endedAt - startedAt).sort()
  return {
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    p999Ms: quantile(sorted, 0.999),
    firstShare: shareOf(ids[0], served),
  }
}

const noBackend: SimulatedBackend = { serviceMs: () => Number.NaN }

/** Of ascending numbers, at least one: the least that is no less than that part of them. */
export const quantile = (sorted: Float64Array, part: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN

function shareOf(id: string | undefined, served: readonly Served[]): number {
  const attempts = served.flatMap(({ candidate, tried }) => [...tried, candidate])
  return attempts.filter((candidate) => candidate.id === id).length / attempts.length
}
