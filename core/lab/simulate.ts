/**
 * Strategies at work on virtual time: clients or a stream of arrivals, proxies that know what they have sent themselves
 * and no more, backends where requests wait. An event heap, so that nothing waits in real time, and a seed replays it.
 * Left out: connections, health and its ejections, and bodies; an answer's head and end are one moment.
 */
import { drawIndex, type Random, seededRandom } from '../random.ts'
import type {
  AttemptView,
  Candidate,
  Candidates,
  Client,
  Outcome,
  PickContext,
  Strategy,
} from '../strategy/strategy.ts'
import { createEvents, type Events } from './events.ts'
import { begin, end, someClient, wallTimeAt } from './fakes.ts'
import { type Discipline, infinite, type Station } from './stations.ts'

export interface Simulation {
  /** At least one. A client keeps to one of them; arrivals are dealt out by chance. */
  readonly proxies: readonly [Proxy, ...Proxy[]]
  /** `clients`: so many, each sending its next request when the last one is answered. `perSecond`: a Poisson stream. */
  readonly load: { readonly clients: number } | { readonly perSecond: number }
  readonly requests: number
  /** The strategies' chance; the workload has its own, so that each strategy meets the same one. */
  readonly random: Random
  /** Of arrivals and service; that of seed 1 when absent. */
  readonly workload?: Random
  /** What the candidates of this id stand for, in all proxies; 10 ms without a queue when absent. */
  readonly backend?: (id: string) => SimulatedBackend
  /** Tries of a request whose attempt failed, each at another backend; 1 when absent. */
  readonly attempts?: number
  readonly client?: (index: number) => Client
}

export interface Proxy {
  readonly strategy: Strategy
  /** The array for request `index`, taken at its pick; live changes go here. */
  readonly candidates: (index: number, now: number) => Candidates
}

export interface SimulatedBackend {
  /** Who waits for whom; nobody when absent. */
  readonly discipline?: Discipline
  /** What a request takes alone when its service begins at `now`. `draw`: uniform in [0, 1), its own whoever serves it. */
  readonly serviceMs: (now: number, draw: number) => number
  /** How an attempt ends; completed with 200 when absent. */
  readonly outcome?: (elapsedMs: number, now: number, draw: number) => Outcome
}

/** What one request met. Virtual ms. */
export interface Served {
  /** Of its last attempt. */
  readonly candidate: Candidate
  readonly startedAt: number
  readonly endedAt: number
  /** In flight there as its last pick was made, itself not counted. */
  readonly inflightBefore: number
  readonly outcome: Outcome
  /** Where its attempts before that failed. */
  readonly tried: readonly Candidate[]
}

interface Request {
  readonly index: number
  readonly proxy: Proxy
  readonly draw: number
  readonly startedAt: number
  readonly tried: Candidate[]
  readonly onOver: () => void
}

const plain: SimulatedBackend = { serviceMs: () => 10 }

/** Runs to the end of the last request; returns them in the order of their start. */
export function simulate(simulation: Simulation): Served[] {
  const { proxies, load, requests, workload = seededRandom(1) } = simulation
  const events = createEvents()
  const served: Served[] = []
  const tryIt = createTrier(simulation, events, served)
  let sent = 0

  function send(proxy: Proxy, onOver: () => void): void {
    if (sent === requests) return
    const index = sent
    sent += 1
    tryIt({ index, proxy, draw: workload(), startedAt: events.now, tried: [], onOver })
  }

  function arrive(perSecond: number): void {
    send(proxies[drawIndex(workload, proxies.length)] ?? proxies[0], () => undefined)
    const pauseMs = (-Math.log(1 - workload()) * 1000) / perSecond
    if (sent < requests) events.at(events.now + pauseMs, () => arrive(perSecond))
  }

  function keepAsking(proxy: Proxy): void {
    send(proxy, () => keepAsking(proxy))
  }

  if ('perSecond' in load) arrive(load.perSecond)
  else for (let index = 0; index < load.clients; index += 1) keepAsking(proxies[index % proxies.length] ?? proxies[0])
  while (events.next());
  return served
}

/** Sees a request through its attempts, and puts what it met into `served`. */
function createTrier(simulation: Simulation, events: Events, served: Served[]): (request: Request) => void {
  const { random, attempts = 1, client = someClient } = simulation
  const placeOf = createPlaces(simulation.backend ?? (() => plain), events)

  /** `left`: whom a retry may choose from; absent for the first try. */
  function tryIt(request: Request, left?: Candidates): void {
    const { index, proxy, draw } = request
    const { now } = events
    const candidates = left ?? proxy.candidates(index, now)
    const context: PickContext = { key: `key-${index}`, client: client(index), now, wallTime: wallTimeAt(now), random }
    const candidate = proxy.strategy.pick(candidates, context)
    const { backend, station } = placeOf(candidate.id)
    const attempt = begin(proxy.strategy, candidate, now, left !== undefined)
    station(
      (startsAt) => backend.serviceMs(startsAt, draw),
      () => {
        const elapsedMs = events.now - attempt.startedAt
        const outcome = backend.outcome?.(elapsedMs, events.now, draw) ?? { kind: 'completed', status: 200, elapsedMs }
        end(proxy.strategy, attempt, outcome, events.now)
        goOn(request, attempt, outcome, candidates)
      },
    )
  }

  function goOn(
    request: Request,
    { candidate, inflightBefore }: AttemptView,
    outcome: Outcome,
    from: Candidates,
  ): void {
    const { index, startedAt, tried } = request
    const mayRetry = outcome.kind === 'failed' && tried.length + 1 < attempts
    const left = mayRetry ? without(from, candidate) : undefined
    if (left !== undefined) {
      tried.push(candidate)
      tryIt(request, left)
      return
    }
    served[index] = { candidate, startedAt, endedAt: events.now, inflightBefore, outcome, tried }
    request.onOver()
  }

  return tryIt
}

/** What the candidates of one id stand for, and its queue: made once, whichever proxy asks first. */
function createPlaces(backendOf: (id: string) => SimulatedBackend, events: Events) {
  const places = new Map<string, { readonly backend: SimulatedBackend; readonly station: Station }>()
  return (id: string) => {
    const known = places.get(id)
    if (known !== undefined) return known
    const backend = backendOf(id)
    const place = { backend, station: (backend.discipline ?? infinite)(events) }
    places.set(id, place)
    return place
  }
}

function without(candidates: Candidates, tried: Candidate): Candidates | undefined {
  const [first, ...rest] = candidates.filter((one) => one !== tried)
  return first && [first, ...rest]
}

/** Requests by the id of who answered them, those with none left out. */
export function tally(served: readonly Served[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { candidate } of served) counts.set(candidate.id, (counts.get(candidate.id) ?? 0) + 1)
  return counts
}
