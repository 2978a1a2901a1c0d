/**
 * One pool's choice: holds the list of usable backends, asks the strategy, guards against what a plugin may do wrong, and
 * counts attempts. Whatever begins here ends here, once.
 */
import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../clock.ts'
import { eligibleBackends, type EligibleBackends, type Eligibility, withoutTried } from './eligible.ts'
import { PickTimes } from './pick-times.ts'
import type { Outcome, PickContext, Strategy } from '../strategy/strategy.ts'

/** One try of one request at one backend. */
export interface Attempt {
  readonly backend: Backend
  /** The response head has arrived. */
  respond(now: number): void
  /** Over. A second call is a bug, which throws. */
  end(outcome: Outcome, now: number): void
}

/** Hears of a plugin that threw, and what, or that returned something that is no candidate. */
export type OnStrategyFault = (what: string, error?: unknown) => void

export interface BalancerOptions {
  readonly strategy: Strategy
  readonly eligibility: Eligibility
  /** May swap the strategy. */
  readonly onFault: OnStrategyFault
  /** For the time of a pick. */
  readonly clock: Clock
}

/** One pick in 1024 is timed: two clock readings of 30 ns each then cost nothing. The first few are cold and left out. */
const sampleMask = 1023
const firstSample = 16

export class Balancer {
  private strategy: Strategy
  private eligibility: Eligibility
  private readonly onFault: OnStrategyFault
  private readonly clock: Clock
  private readonly pickTimes = new PickTimes()
  private picks = 0
  private candidates: EligibleBackends | undefined
  /** For checking in constant time that a pick is a member. */
  private members: Set<unknown> = new Set()
  private backends: readonly Backend[] = []
  /** Something changed since `candidates` was made. */
  private isStale = true

  /** Without backends: `update` brings them. */
  constructor({ strategy, eligibility, onFault, clock }: BalancerOptions) {
    this.strategy = strategy
    this.eligibility = eligibility
    this.onFault = onFault
    this.clock = clock
  }

  /** To be called whenever membership or any member's health changed; cheap, since the next pick does the work. */
  update(backends: readonly Backend[], eligibility: Eligibility = this.eligibility): void {
    this.backends = backends
    this.eligibility = eligibility
    this.isStale = true
  }

  /** From the next pick on, `strategy` is asked; it also hears how the attempts under way end. */
  swap(strategy: Strategy): void {
    this.strategy = strategy
    this.pickTimes.clear()
    this.picks = 0
  }

  /** Median of the newest samples; undefined before the first. */
  get nsPerPick(): number | undefined {
    return this.pickTimes.medianNs()
  }

  /** Whether anybody is usable now. */
  get hasCandidates(): boolean {
    return this.current() !== undefined
  }

  /** A usable backend that is not among `tried`; undefined when there is none. */
  pick(context: PickContext, tried: readonly Backend[]): Backend | undefined {
    const candidates = this.current()
    if (candidates === undefined) return undefined
    const left = tried.length === 0 ? candidates : withoutTried(candidates, tried)
    if (left === undefined) return undefined
    this.picks += 1
    if ((this.picks & sampleMask) !== firstSample) return this.ask(left, tried, context)
    const begunAt = this.clock.now()
    const picked = this.ask(left, tried, context)
    this.pickTimes.record(this.clock.now() - begunAt)
    return picked
  }

  /** The strategy's choice; the first one, and a fault, when it makes none. */
  private ask(left: EligibleBackends, tried: readonly Backend[], context: PickContext): Backend {
    try {
      const picked = this.strategy.pick(left, context)
      if (this.members.has(picked) && !tried.includes(picked as Backend)) return picked as Backend
      this.onFault('pick returned something that is no candidate')
    } catch (error) {
      this.onFault('pick threw', error)
    }
    return left[0]
  }

  /** The candidates now: the same list for as long as nobody came or went. */
  private current(): EligibleBackends | undefined {
    if (!this.isStale) return this.candidates
    this.isStale = false
    const fresh = eligibleBackends(this.backends, this.eligibility)
    if (!haveSameMembers(this.candidates, fresh)) {
      this.candidates = fresh
      this.members = new Set(fresh)
    }
    return this.candidates
  }

  /** Counts the attempt and tells the strategy; the returned attempt must be ended on every path. */
  begin(backend: Backend, now: number): Attempt {
    backend.inflight += 1
    backend.counters.requests += 1
    try {
      this.strategy.onStart?.(backend, now)
    } catch (error) {
      this.onFault('onStart threw', error)
    }
    return new CountedAttempt(backend, this, now)
  }

  /** For the attempt: its response head has arrived. What a hook throws is a fault of the plugin's, and nobody else's. */
  tellResponse(backend: Backend, ttfbMs: number, now: number): void {
    try {
      this.strategy.onResponse?.(backend, ttfbMs, now)
    } catch (error) {
      this.onFault('onResponse threw', error)
    }
  }

  /** For the attempt: it is over. */
  tellEnd(backend: Backend, outcome: Outcome, now: number): void {
    try {
      this.strategy.onEnd?.(backend, outcome, now)
    } catch (error) {
      this.onFault('onEnd threw', error)
    }
  }
}

const haveSameMembers = (one: readonly Backend[] = [], other: readonly Backend[] = []): boolean =>
  one.length === other.length && one.every((backend, index) => backend === other[index])

class CountedAttempt implements Attempt {
  readonly backend: Backend
  private readonly balancer: Balancer
  private readonly startedAt: number
  private hasEnded = false

  constructor(backend: Backend, balancer: Balancer, now: number) {
    this.backend = backend
    this.balancer = balancer
    this.startedAt = now
  }

  respond(now: number): void {
    this.balancer.tellResponse(this.backend, now - this.startedAt, now)
  }

  end(outcome: Outcome, now: number): void {
    const { backend } = this
    if (this.hasEnded) throw new Error(`an attempt on ${backend.id} was ended twice`)
    this.hasEnded = true
    backend.inflight -= 1
    count(backend, outcome)
    this.balancer.tellEnd(backend, outcome, now)
  }
}

function count({ counters, latency }: Backend, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'completed':
      counters.responses[Math.floor(outcome.status / 100) as 2] += 1
      latency.record(outcome.elapsedMs)
      break
    case 'abandoned':
      counters.abandoned += 1
      break
    case 'failed':
      counters.failures += 1
      counters[FAILURE_COUNTERS[outcome.cause]] += 1
      break
  }
}

const FAILURE_COUNTERS = {
  connect: 'connectFailures',
  timeout: 'timeouts',
  reset: 'resets',
  protocol: 'protocolErrors',
} as const
