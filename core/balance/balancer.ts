/**
 * One pool's choice: holds the list of usable backends, asks the strategy, takes nothing but a member of the list from it,
 * and lets it hear how attempts go.
 */
import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../clock.ts'
import { eligibleBackends, type EligibleBackends, withoutTried } from './eligible.ts'
import { AskedStrategy, type StrategyReports, threw } from './asked-strategy.ts'
import { type Attempt, type AttemptObserver, beginAttempt } from './attempt.ts'
import { describeStranger } from '../strategy/stranger.ts'
import type { PickContext, Strategy } from '../strategy/strategy.ts'

export interface BalancerOptions {
  readonly strategy: Strategy
  readonly reports: StrategyReports
  /** For the time of a pick. */
  readonly clock: Clock
  /** Hear of every attempt before the strategy does, in this order: what writes facts about backends. */
  readonly observers: readonly AttemptObserver[]
}

export class Balancer {
  private readonly asked: AskedStrategy
  private readonly reports: StrategyReports
  private readonly observers: readonly AttemptObserver[]
  private candidates: EligibleBackends | undefined
  /** For checking in constant time that a pick is a member. */
  private members: Set<unknown> = new Set()
  private backends: readonly Backend[] = []
  /** Something changed since `candidates` was made. */
  private isStale = true

  /** Without backends: `update` brings them. */
  constructor({ strategy, reports, clock, observers }: BalancerOptions) {
    this.asked = new AskedStrategy({ strategy, reports, clock })
    this.reports = reports
    // The strategy hears last.
    this.observers = [...observers, this.asked]
  }

  /** To be called whenever membership or any member's standing changed; cheap, since the next pick does the work. */
  update(backends: readonly Backend[]): void {
    this.backends = backends
    this.isStale = true
  }

  /** From the next pick on, `strategy` is asked; it also hears how the attempts under way end. */
  swap(strategy: Strategy): void {
    this.asked.swap(strategy)
  }

  /** Median of the newest samples; undefined while there are too few. */
  get nsPerPick(): number | undefined {
    return this.asked.nsPerPick
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
    return this.ask(left, tried, context)
  }

  /** The strategy's choice; the first one, and a fault, when it makes none. */
  private ask(left: EligibleBackends, tried: readonly Backend[], context: PickContext): Backend {
    const picked = this.asked.pick(left, context)
    if (this.members.has(picked) && !tried.includes(picked as Backend)) return picked as Backend
    if (picked !== threw) this.reports.onFault(`pick returned ${describeStranger(picked, left)}`)
    return left[0]
  }

  /** The candidates now: the same list for as long as nobody came or went. */
  private current(): EligibleBackends | undefined {
    if (!this.isStale) return this.candidates
    this.isStale = false
    const fresh = eligibleBackends(this.backends)
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
}

const haveSameMembers = (one: readonly Backend[] = [], other: readonly Backend[] = []): boolean =>
  one.length === other.length && one.every((backend, index) => backend === other[index])
