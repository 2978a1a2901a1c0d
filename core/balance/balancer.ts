/**
 * One pool's choice: holds the list of usable backends, asks the strategy, tells it how attempts go, and guards against
 * what a plugin may do wrong.
 */
import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../clock.ts'
import { eligibleBackends, type EligibleBackends, type Eligibility, withoutTried } from './eligible.ts'
import { type Attempt, type AttemptObserver, beginAttempt } from './attempt.ts'
import { PickTimes } from './pick-times.ts'
import type { Outcome, PickContext, Strategy } from '../strategy/strategy.ts'

/** Hears of a plugin that threw, and what, or that returned something that is no candidate. */
export type OnStrategyFault = (what: string, error?: unknown) => void

export interface BalancerOptions {
  readonly strategy: Strategy
  readonly eligibility: Eligibility
  /** May swap the strategy. */
  readonly onFault: OnStrategyFault
  /** For the time of a pick. */
  readonly clock: Clock
  /** Hear of every attempt before the strategy does, in this order: what writes facts about backends. */
  readonly observers: readonly AttemptObserver[]
}

/** One pick in 1024 is timed: two clock readings of 30 ns each then cost nothing. The first few are cold and left out. */
const sampleMask = 1023
const firstSample = 16

export class Balancer implements AttemptObserver {
  private strategy: Strategy
  private eligibility: Eligibility
  private readonly onFault: OnStrategyFault
  private readonly clock: Clock
  private readonly observers: readonly AttemptObserver[]
  private readonly pickTimes = new PickTimes()
  private picks = 0
  private candidates: EligibleBackends | undefined
  /** For checking in constant time that a pick is a member. */
  private members: Set<unknown> = new Set()
  private backends: readonly Backend[] = []
  /** Something changed since `candidates` was made. */
  private isStale = true

  /** Without backends: `update` brings them. */
  constructor({ strategy, eligibility, onFault, clock, observers }: BalancerOptions) {
    this.strategy = strategy
    this.eligibility = eligibility
    this.onFault = onFault
    this.clock = clock
    this.observers = [...observers, this]
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

  /** The returned attempt must be ended on every path. */
  begin(backend: Backend, now: number): Attempt {
    return beginAttempt(backend, this.observers, now)
  }

  // What attempts tell: the strategy hears last. What a hook throws is a fault of the plugin's, and nobody else's.

  onStart(backend: Backend, now: number): void {
    try {
      this.strategy.onStart?.(backend, now)
    } catch (error) {
      this.onFault('onStart threw', error)
    }
  }

  onResponse(backend: Backend, ttfbMs: number, now: number): void {
    try {
      this.strategy.onResponse?.(backend, ttfbMs, now)
    } catch (error) {
      this.onFault('onResponse threw', error)
    }
  }

  onEnd(backend: Backend, outcome: Outcome, now: number): void {
    try {
      this.strategy.onEnd?.(backend, outcome, now)
    } catch (error) {
      this.onFault('onEnd threw', error)
    }
  }
}

const haveSameMembers = (one: readonly Backend[] = [], other: readonly Backend[] = []): boolean =>
  one.length === other.length && one.every((backend, index) => backend === other[index])
