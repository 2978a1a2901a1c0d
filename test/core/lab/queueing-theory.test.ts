// The simulator beside what is known exactly: within 2 %, from fixed seeds.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { fakePool } from '../../../core/lab/fakes.ts'
import { type Served, simulate } from '../../../core/lab/simulate.ts'
import { type Discipline, fifo, infinite, processorSharing } from '../../../core/lab/stations.ts'
import type { Strategy, StrategyPlugin } from '../../../core/strategy/strategy.ts'
import { seededRandom } from '../../../core/random.ts'
import leastConnections from '../../../plugins/least-connections.ts'
import p2c from '../../../plugins/p2c.ts'
import random from '../../../plugins/random.ts'
import { constant, exponential, heavyTailed, type ServiceTime, uniform } from '../../../core/lab/service-times.ts'

// Half a second of work each, on a machine that has nothing else to do.
setDefaultTimeout(30_000)

interface Queue {
  readonly backends: number
  /** Of each. */
  readonly utilisation: number
  readonly discipline: Discipline
  readonly service: ServiceTime
  readonly strategy: Strategy
  readonly requests: number
}

/** Service takes 1 ms in the mean. */
function serve({ backends, utilisation, discipline, service, strategy, requests }: Queue): Served[] {
  const pool = fakePool(Array.from({ length: backends }, () => 1))
  return simulate({
    proxies: [{ strategy, candidates: () => pool }],
    load: { perSecond: 1000 * utilisation * backends },
    requests,
    random: seededRandom(2),
    workload: seededRandom(3),
    backend: () => ({ discipline, serviceMs: (_, draw) => service(draw) }),
  }).slice(requests / 20)
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const times = (served: readonly Served[]): number[] => served.map(({ startedAt, endedAt }) => endedAt - startedAt)
const meanMs = (served: readonly Served[]): number => mean(times(served))
const strategyOf = (plugin: StrategyPlugin): Strategy => plugin.create(plugin.parse(undefined))

function expectWithin(part: number, value: number, expected: number): void {
  expect(Math.abs(value / expected - 1)).toBeLessThan(part)
}

const alone = { backends: 1, requests: 300_000, strategy: strategyOf(random) }

describe('the simulator', () => {
  test.each([0.3, 0.6])('is M/M/1 at a utilisation of %p, mean and tail', (utilisation) => {
    const served = serve({ ...alone, utilisation, discipline: fifo(), service: exponential(1) })
    const expected = 1 / (1 - utilisation)
    expectWithin(0.02, meanMs(served), expected)
    const sorted = Float64Array.from(times(served)).sort()
    expectWithin(0.02, sorted[Math.floor(sorted.length * 0.99)]!, Math.log(100) * expected)
  })

  test.each([0.5, 0.8])('is M/D/1 at a utilisation of %p', (utilisation) => {
    const served = serve({ ...alone, utilisation, discipline: fifo(), service: constant(1) })
    expectWithin(0.02, meanMs(served), 1 + utilisation / (2 * (1 - utilisation)))
  })

  test('is M/M/3 (Erlang C)', () => {
    const served = serve({ ...alone, utilisation: 2.1, discipline: fifo(3), service: exponential(1) })
    const terms = [1, 2.1, 2.1 ** 2 / 2]
    const busy = (2.1 ** 3 / 6) * (3 / (3 - 2.1))
    const waits = busy / (terms.reduce((sum, term) => sum + term, 0) + busy)
    expectWithin(0.02, meanMs(served), 1 + waits / (3 - 2.1))
  })

  test.each<[string, ServiceTime]>([
    ['exponential', exponential(1)],
    ['heavy-tailed', heavyTailed(1, 2)],
  ])('is M/G/1 with processor sharing, which only the mean matters to: %s', (_, service) => {
    const served = serve({ ...alone, utilisation: 0.6, discipline: processorSharing, service })
    expectWithin(0.02, meanMs(served), 1 / (1 - 0.6))
  })

  test('is M/G/∞: nobody waits, and as many are there as Little says', () => {
    const served = serve({ ...alone, utilisation: 20, discipline: infinite, service: uniform(2) })
    expectWithin(0.02, meanMs(served), 1)
    expectWithin(0.02, mean(served.map(({ inflightBefore }) => inflightBefore)), 20)
  })

  test.each([0.5, 0.7])(
    'joins the shortest of two queues at a utilisation of %p as the Markov chain does',
    (utilisation) => {
      const queues = { backends: 2, utilisation, discipline: fifo(), service: exponential(1), requests: 300_000 }
      expectWithin(
        0.02,
        meanMs(serve({ ...queues, strategy: strategyOf(leastConnections) })),
        shortestOfTwo(utilisation),
      )
    },
  )

  test.each([0.5, 0.8])('is the supermarket model at a utilisation of %p (Mitzenmacher 2001)', (utilisation) => {
    const queues = { backends: 100, utilisation, discipline: fifo(), service: exponential(1), requests: 300_000 }
    // Sum of λ^(2^i − 2), in the limit of many queues.
    const expected = mean([1, 2, 3, 4, 5, 6, 7, 8].map((i) => utilisation ** (2 ** i - 2))) * 8
    expectWithin(0.02, meanMs(serve({ ...queues, strategy: strategyOf(p2c) })), expected)
  })
})

describe('service times', () => {
  test.each<[string, ServiceTime, number, number]>([
    ['constant', constant(3), 3, 0],
    ['exponential', exponential(3), 3, 1],
    ['uniform', uniform(6), 3, 1 / Math.sqrt(3)],
    ['heavy-tailed', heavyTailed(3, 2), 3, 2],
  ])('%s: mean, and standard deviation over mean', (_, service, expected, cv) => {
    const draw = seededRandom(5)
    const values = Array.from({ length: 400_000 }, () => service(draw()))
    expectWithin(0.02, mean(values), expected)
    const deviation = Math.sqrt(mean(values.map((value) => (value - mean([expected])) ** 2)))
    expect(Math.abs(deviation / expected - cv)).toBeLessThan(0.04)
  })
})

/** Mean response time where both serve one in 1 ms: the stationary chain of both lengths, by iteration (Kingman 1961). */
function shortestOfTwo(utilisation: number): number {
  const size = 60
  const [arrival, total] = [2 * utilisation, 2 * utilisation + 2]
  let chances = new Float64Array(size * size)
  chances[0] = 1
  const at = (one: number, other: number): number => Math.min(one, size - 1) * size + Math.min(other, size - 1)
  for (let round = 0; round < 6000; round += 1) {
    const next = new Float64Array(size * size)
    for (let one = 0; one < size; one += 1) {
      for (let other = 0; other < size; other += 1) {
        const chance = (chances[at(one, other)] ?? 0) / total
        if (chance < 1e-12) continue
        const toOne = one < other ? 1 : one > other ? 0 : 0.5
        const add = (state: number, rate: number): void => void (next[state] = (next[state] ?? 0) + chance * rate)
        add(at(one + 1, other), arrival * toOne)
        add(at(one, other + 1), arrival * (1 - toOne))
        add(at(Math.max(0, one - 1), other), 1)
        add(at(one, Math.max(0, other - 1)), 1)
      }
    }
    chances = next
  }
  const present = chances.reduce((sum, chance, state) => sum + chance * (Math.floor(state / size) + (state % size)), 0)
  return present / arrival
}
