/**
 * One pool's choice: holds the list of usable backends, asks the strategy, guards against what a plugin may do wrong, and
 * counts attempts. Whatever begins here ends here, once.
 */
import type { Backend } from '../backend/backend.ts'
import { eligibleBackends, type EligibleBackends, type Eligibility, withoutTried } from './eligible.ts'
import type { Outcome, PickContext, Strategy } from './strategy.ts'

/** One try of one request at one backend. */
export interface Attempt {
  readonly backend: Backend
  /** The response head has arrived. */
  respond(now: number): void
  /** Over. A second call is a bug, which throws. */
  end(outcome: Outcome, now: number): void
}

/** Hears of a plugin that threw or returned something that is no candidate. */
export type OnStrategyFault = (detail: string) => void

export class Balancer {
  private strategy: Strategy
  private readonly eligibility: Eligibility
  private readonly onFault: OnStrategyFault
  private candidates: EligibleBackends | undefined
  /** For checking in constant time that a pick is a member. */
  private members: Set<unknown> = new Set()
  private backends: readonly Backend[]
  /** Something changed since `candidates` was made. */
  private isStale = true

  constructor(strategy: Strategy, backends: readonly Backend[], eligibility: Eligibility, onFault: OnStrategyFault) {
    this.strategy = strategy
    this.eligibility = eligibility
    this.onFault = onFault
    this.backends = backends
  }

  /** To be called whenever membership or any member's health changed; cheap, since the next pick does the work. */
  update(backends: readonly Backend[]): void {
    this.backends = backends
    this.isStale = true
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
    try {
      const picked = this.strategy.pick(left, context)
      if (this.members.has(picked) && !tried.includes(picked as Backend)) return picked as Backend
      this.onFault('pick returned something that is no candidate')
    } catch (error) {
      this.onFault(`pick threw: ${describe(error)}`)
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
    return new CountedAttempt(backend, this.strategy, this.onFault, now)
  }
}

const haveSameMembers = (one: readonly Backend[] = [], other: readonly Backend[] = []): boolean =>
  one.length === other.length && one.every((backend, index) => backend === other[index])

class CountedAttempt implements Attempt {
  readonly backend: Backend
  private readonly strategy: Strategy
  private readonly onFault: OnStrategyFault
  private readonly startedAt: number
  private hasEnded = false

  constructor(backend: Backend, strategy: Strategy, onFault: OnStrategyFault, now: number) {
    this.backend = backend
    this.strategy = strategy
    this.onFault = onFault
    this.startedAt = now
    backend.inflight += 1
    backend.counters.requests += 1
    if (strategy.onStart === undefined) return
    try {
      strategy.onStart(backend, now)
    } catch (error) {
      onFault(`onStart threw: ${describe(error)}`)
    }
  }

  respond(now: number): void {
    if (this.strategy.onResponse === undefined) return
    try {
      this.strategy.onResponse(this.backend, now - this.startedAt, now)
    } catch (error) {
      this.onFault(`onResponse threw: ${describe(error)}`)
    }
  }

  end(outcome: Outcome, now: number): void {
    if (this.hasEnded) throw new Error(`an attempt on ${this.backend.id} was ended twice`)
    this.hasEnded = true
    this.backend.inflight -= 1
    this.count(outcome)
    if (this.strategy.onEnd === undefined) return
    try {
      this.strategy.onEnd(this.backend, outcome, now)
    } catch (error) {
      this.onFault(`onEnd threw: ${describe(error)}`)
    }
  }

  private count(outcome: Outcome): void {
    const { counters, latency } = this.backend
    switch (outcome.kind) {
      case 'completed': {
        const statusClass = Math.floor(outcome.status / 100) as 2
        counters.responses[statusClass] += 1
        latency.record(outcome.elapsedMs)
        break
      }
      case 'abandoned':
        counters.abandoned += 1
        break
      case 'failed':
        counters.failures += 1
        counters[FAILURE_COUNTERS[outcome.cause]] += 1
        break
    }
  }
}

const FAILURE_COUNTERS = {
  connect: 'connectFailures',
  timeout: 'timeouts',
  reset: 'resets',
  protocol: 'protocolErrors',
} as const

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))
