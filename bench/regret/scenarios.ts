/**
 * What strategies are compared in: pools, loads and misfortunes that ask different things of them. Rates are a second's,
 * times ms. Each stands for a published scenario or a question that operators have; no strategy is best in all.
 */
import type { Simulation, SimulatedBackend } from '../../core/lab/simulate.ts'
import { fifo, infinite, processorSharing, type Discipline } from '../../core/lab/stations.ts'
import { constant, exponential, heavyTailed, type ServiceTime, uniform } from '../../core/lab/service-times.ts'

export interface Scenario {
  readonly name: string
  /** In a few words, for the table. */
  readonly about: string
  /** That do not see each other. */
  readonly proxies: number
  readonly load: Simulation['load']
  /** One for each member of the pool. */
  readonly backends: readonly SimulatedBackend[]
  readonly requests: number
  /** Of a request whose attempt failed; 1 when absent. */
  readonly attempts?: number
  /** What the share of the first backend in all attempts says; it is not told when absent. */
  readonly watched?: string
}

const timed = (serviceMs: ServiceTime, discipline: Discipline = fifo()): SimulatedBackend => ({
  discipline,
  serviceMs: (_, draw) => serviceMs(draw),
})

const repeat = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item)

/** One exponential server with a queue, that does so many requests a second. */
const serving = (perSecond: number): SimulatedBackend => timed(exponential(1000 / perSecond))

/** 1,000 a second in all, the fastest four times as fast as the slowest. */
const mixedRates = [200, 200, 150, 150, 100, 100, 50, 50]
const mixed = mixedRates.map(serving)

/** The first of `backends` takes ten times as long from the 20th to the 40th second of each minute. */
function withGrayFailure([first, ...rest]: readonly SimulatedBackend[]): SimulatedBackend[] {
  if (first === undefined) return []
  const isSick = (now: number): boolean => now % 60_000 >= 20_000 && now % 60_000 < 40_000
  return [{ ...first, serviceMs: (now, draw) => first.serviceMs(now, draw) * (isSick(now) ? 10 : 1) }, ...rest]
}

/** Answers nobody, within a millisecond. */
const failing: SimulatedBackend = {
  discipline: infinite,
  serviceMs: () => 1,
  outcome: (elapsedMs) => ({ kind: 'failed', cause: 'reset', elapsedMs }),
}

/** A part of its requests fails, when their turn has come. */
function failingNowAndThen(backend: SimulatedBackend, part: number): SimulatedBackend {
  return {
    ...backend,
    serviceMs: (now, draw) => (draw < part ? 1 : backend.serviceMs(now, (draw - part) / (1 - part))),
    outcome: (elapsedMs, _, draw) =>
      draw < part ? { kind: 'failed', cause: 'reset', elapsedMs } : { kind: 'completed', status: 200, elapsedMs },
  }
}

/** Stops with what it begins in the first 30 ms of every 5 s, shifted by `phaseMs`, as for a collection of garbage. */
const pausing = (backend: SimulatedBackend, phaseMs: number): SimulatedBackend => ({
  ...backend,
  serviceMs: (now, draw) => backend.serviceMs(now, draw) + ((now + phaseMs) % 5000 < 30 ? 200 : 0),
})

/** One or the other, in turns of 10 s. */
const alternating = (one: SimulatedBackend, other: SimulatedBackend, turn: number): SimulatedBackend => ({
  ...one,
  serviceMs: (now, draw) => ((Math.floor(now / 10_000) + turn) % 2 === 0 ? one : other).serviceMs(now, draw),
})

const requests = 60_000

export const scenarios: readonly Scenario[] = [
  {
    name: 'equal, busy',
    about: '8 × 100/s at 90 %',
    proxies: 1,
    load: { perSecond: 720 },
    backends: repeat(8, serving(100)),
    requests,
  },
  {
    name: 'equal, half idle',
    about: '8 × 100/s at 50 %',
    proxies: 1,
    load: { perSecond: 400 },
    backends: repeat(8, serving(100)),
    requests,
  },
  { name: 'mixed', about: '8 of 50 to 200/s at 90 %', proxies: 1, load: { perSecond: 900 }, backends: mixed, requests },
  { name: 'mixed, 4 proxies', about: 'the same', proxies: 4, load: { perSecond: 900 }, backends: mixed, requests },
  { name: 'mixed, 16 proxies', about: 'the same', proxies: 16, load: { perSecond: 900 }, backends: mixed, requests },
  {
    name: 'shared CPU',
    about: 'the same, processor sharing',
    proxies: 1,
    load: { perSecond: 900 },
    backends: mixedRates.map((rate) => timed(exponential(1000 / rate), processorSharing)),
    requests,
  },
  { name: 'mixed, saturated', about: '200 clients', proxies: 1, load: { clients: 200 }, backends: mixed, requests },
  {
    name: 'gray failure',
    about: 'mixed at 70 %, one 10 × slower a third of the time',
    proxies: 1,
    load: { perSecond: 700 },
    backends: withGrayFailure(mixed),
    requests,
  },
  {
    name: 'gray failure, 16 proxies',
    about: 'the same',
    proxies: 16,
    load: { perSecond: 700 },
    backends: withGrayFailure(mixed),
    requests,
  },
  {
    name: 'slow member',
    about: '10 clients, one of 10 is 10 × slower',
    proxies: 1,
    load: { clients: 10 },
    backends: [serving(10), ...repeat(9, serving(100))],
    requests,
  },
  {
    name: 'two slow (C2)',
    about: '14 of 50 ms, 2 of 800 ms, no queues, 500/s',
    proxies: 1,
    load: { perSecond: 500 },
    backends: [...repeat(14, timed(constant(50), infinite)), ...repeat(2, timed(constant(800), infinite))],
    requests,
  },
  {
    name: 'fast failing',
    about: '8 × 100/s at 70 %, one fails at once, 2 attempts',
    proxies: 1,
    load: { perSecond: 490 },
    backends: [failing, ...repeat(7, serving(100))],
    requests,
    attempts: 2,
    watched: 'attempts at the one that fails; its share: 12.5 %',
  },
  {
    name: 'rare errors',
    about: '8 × 100/s at 80 %, each fails 1 %, 2 attempts',
    proxies: 1,
    load: { perSecond: 640 },
    backends: repeat(8, failingNowAndThen(serving(100), 0.01)),
    requests,
    attempts: 2,
  },
  {
    name: 'heavy tail',
    about: '20 × 100/s at 80 %, cv 2',
    proxies: 1,
    load: { perSecond: 1600 },
    backends: repeat(20, timed(heavyTailed(10, 2))),
    requests,
  },
  {
    name: '100 mixed',
    about: '100 of 50 to 200/s at 90 %',
    proxies: 1,
    load: { perSecond: 11_250 },
    backends: Array.from({ length: 100 }, (_, index) => serving(mixedRates[index % mixedRates.length] ?? 100)),
    requests: 3 * requests,
  },
  {
    name: 'many cores',
    about: '4 with 8 servers of 10 ms each, at 85 %',
    proxies: 1,
    load: { perSecond: 2720 },
    backends: repeat(4, timed(exponential(10), fifo(8))),
    requests,
  },
  {
    name: 'no queues (tower)',
    about: '50 clients, 10 of 0 to 1, 10, 100, 1000 ms',
    proxies: 1,
    load: { clients: 50 },
    backends: [1, 10, 10, 10, 10, 100, 100, 100, 100, 1000].map((maxMs) => timed(uniform(maxMs), infinite)),
    requests,
  },
  // The last four were not looked at while expected-delay was made.
  {
    name: 'pauses',
    about: '8 × 100/s at 70 %, each stops for 0.2 s every 5 s',
    proxies: 1,
    load: { perSecond: 560 },
    backends: Array.from({ length: 8 }, (_, index) => pausing(serving(100), 600 * index)),
    requests,
  },
  {
    name: 'changing speeds',
    about: '8, of which four do 200/s and four 50/s, in turns of 10 s, at 70 %',
    proxies: 1,
    load: { perSecond: 700 },
    backends: Array.from({ length: 8 }, (_, index) => alternating(serving(200), serving(50), index)),
    requests,
  },
  {
    name: 'unlike cores',
    about: 'with 2, 4 and 8 servers of 10 ms each, at 86 %',
    proxies: 1,
    load: { perSecond: 1200 },
    backends: [2, 4, 8].map((servers) => timed(exponential(10), fifo(servers))),
    requests,
  },
  {
    name: 'very heavy tail',
    about: '8 × 100/s at 80 %, cv 4',
    proxies: 1,
    load: { perSecond: 640 },
    backends: repeat(8, timed(heavyTailed(10, 4))),
    requests,
  },
]
