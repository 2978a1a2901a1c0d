/**
 * A closed loop around one strategy on virtual time: so many clients, each sending its next request when the last one is
 * answered. For the conformance checks and the strategies' own tests; no real time passes, and a seed replays it.
 */
import type { Random } from '../random.ts'
import type { Candidate, Candidates, Client, Outcome, PickContext, Place, Strategy } from '../strategy/strategy.ts'

/** The fake backend: a candidate whose live fields a test may set. */
export interface FakeCandidate extends Candidate {
  weight: number
  inflight: number
}

export interface Fakes {
  readonly weight?: number
  readonly zone?: string
  readonly place?: Place
}

export function fakeCandidate(id: string, { weight = 1, zone, place }: Fakes = {}): FakeCandidate {
  return { id, weight, inflight: 0, zone, place }
}

/** One candidate for each weight, `10.0.0.0:80` on. Throws when there is none. */
export function fakePool(weights: readonly number[]): [FakeCandidate, ...FakeCandidate[]] {
  const [first, ...rest] = weights.map((weight, index) =>
    fakeCandidate(`10.0.${index >> 8}.${index & 255}:80`, { weight }),
  )
  if (first === undefined) throw new Error('a pool must have at least one weight')
  return [first, ...rest]
}

/** As a running balancer shows one to a strategy: live, and not to be written. */
export function shownOf(candidate: FakeCandidate): Candidate {
  return Object.freeze({
    get id() {
      return candidate.id
    },
    get weight() {
      return candidate.weight
    },
    get inflight() {
      return candidate.inflight
    },
    get zone() {
      return candidate.zone
    },
    get place() {
      return candidate.place
    },
  })
}

export interface Simulation {
  readonly strategy: Strategy
  readonly random: Random
  /** The array for request `index`, taken at its pick; live changes go here. */
  readonly candidates: (index: number, now: number) => Candidates
  readonly requests: number
  /** Requests in flight at once. */
  readonly concurrency: number
  /** How long request `index` takes; 10 ms when absent. */
  readonly serviceMs?: (candidate: Candidate, now: number) => number
  readonly outcome?: (candidate: Candidate, elapsedMs: number, now: number) => Outcome
  readonly client?: (index: number) => Client
}

/** What one request met. `startedAt` is virtual ms. */
export interface Served {
  readonly candidate: Candidate
  readonly startedAt: number
  /** In flight there as the pick was made, this request not counted. */
  readonly inflightBefore: number
}

interface Open {
  readonly candidate: Candidate
  readonly startedAt: number
  readonly endsAt: number
}

/** Who asks when nothing is said about clients: an address and nothing else. */
export function someClient(index: number): Client {
  return { address: `198.51.${(index >> 8) & 255}.${index & 255}`, zone: undefined, place: undefined }
}

/** Of virtual time, which begins on an ordinary day. */
export const wallTimeAt = (now: number): number => Date.UTC(2026, 0, 1, 12) + now

/** Runs to the end of the last request; returns them in the order of their start. */
export function simulate(simulation: Simulation): Served[] {
  const { strategy, random, requests, concurrency, client = someClient } = simulation
  const served: Served[] = []
  const open: Open[] = []
  let now = 0

  function start(index: number): void {
    const context: PickContext = { key: `key-${index}`, client: client(index), now, wallTime: wallTimeAt(now), random }
    const candidate = strategy.pick(simulation.candidates(index, now), context)
    served.push({ candidate, startedAt: now, inflightBefore: candidate.inflight })
    begin(strategy, candidate, now)
    open.push({ candidate, startedAt: now, endsAt: now + (simulation.serviceMs?.(candidate, now) ?? 10) })
  }

  function endEarliest(): void {
    const earliest = open.reduce(
      (first, other, at) => (other.endsAt < (open[first]?.endsAt ?? Infinity) ? at : first),
      0,
    )
    const [ending] = open.splice(earliest, 1)
    if (ending === undefined) return
    now = ending.endsAt
    const elapsedMs = now - ending.startedAt
    const answer = simulation.outcome?.(ending.candidate, elapsedMs, now) ?? {
      kind: 'completed',
      status: 200,
      elapsedMs,
    }
    end(strategy, ending.candidate, answer, now)
  }

  for (let index = 0; index < requests; index += 1) {
    while (open.length >= concurrency) endEarliest()
    start(index)
  }
  while (open.length > 0) endEarliest()
  return served
}

/** Counts, then tells the strategy: the balancer's order. */
export function begin(strategy: Strategy, candidate: Candidate, now: number): void {
  setInflight(candidate, candidate.inflight + 1)
  strategy.onStart?.(candidate, now)
}

export function end(strategy: Strategy, candidate: Candidate, outcome: Outcome, now: number): void {
  setInflight(candidate, candidate.inflight - 1)
  if (outcome.kind === 'completed') strategy.onResponse?.(candidate, outcome.elapsedMs, now)
  strategy.onEnd?.(candidate, outcome, now)
}

function setInflight(candidate: FakeCandidate, inflight: number): void {
  candidate.inflight = inflight
}

/** Requests by candidate id, those with none left out. */
export function tally(served: readonly Served[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { candidate } of served) counts.set(candidate.id, (counts.get(candidate.id) ?? 0) + 1)
  return counts
}
