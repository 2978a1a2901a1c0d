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
  private eligibility: Eligibility
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
  update(backends: readonly Backend[], eligibility: Eligibility = this.eligibility): void {
    this.backends = backends
    this.eligibility = eligibility
    this.isStale = true
  }

  /** From the next pick on, `strategy` is asked; it also hears how the attempts under way end. */
  swap(strategy: Strategy): void {
    this.strategy = strategy
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
    backend.inflight += 1
    backend.counters.requests += 1
    this.tell('onStart', (strategy) => strategy.onStart?.(backend, now))
    return new CountedAttempt(backend, this, now)
  }

  /** Calls a hook of the strategy; what it throws is a fault of the plugin's, and nobody else's. */
  tell(hook: string, call: (strategy: Strategy) => void): void {
    try {
      call(this.strategy)
    } catch (error) {
      this.onFault(`${hook} threw: ${describe(error)}`)
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
    const { backend, startedAt } = this
    this.balancer.tell('onResponse', (strategy) => strategy.onResponse?.(backend, now - startedAt, now))
  }

  end(outcome: Outcome, now: number): void {
    const { backend } = this
    if (this.hasEnded) throw new Error(`an attempt on ${backend.id} was ended twice`)
    this.hasEnded = true
    backend.inflight -= 1
    count(backend, outcome)
    this.balancer.tell('onEnd', (strategy) => strategy.onEnd?.(backend, outcome, now))
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

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))
