/**
 * A strategy as its pool's balancer asks it. What it throws is a fault of its own that harms nobody, and how long its calls
 * take is looked at now and then.
 */
import type { Clock } from '../clock.ts'
import { Pace } from '../strategy/pace.ts'
import type { Candidate, Candidates, Outcome, PickContext, Strategy } from '../strategy/strategy.ts'
import { PickTimes, shownFrom } from './pick-times.ts'

/** Whom a strategy's failures are told to; may swap the strategy at once. */
export interface StrategyReports {
  /** It threw, and what, or it returned something that is no candidate. */
  onFault(what: string, error?: unknown): void
  /** It takes so long for a request as no strategy may. */
  onSlow(msPerRequest: number): void
}

export interface AskedStrategyOptions {
  readonly strategy: Strategy
  readonly reports: StrategyReports
  /** For the time of a call. */
  readonly clock: Clock
}

/** A backend, of which strategies see its candidate alone. */
interface Shown {
  readonly candidate: Candidate
}

/** What `pick` gives when the strategy threw, which has been told then: nothing that a strategy could return. */
export const threw = Symbol('threw')

export class AskedStrategy {
  private strategy: Strategy
  private readonly reports: StrategyReports
  private readonly clock: Clock
  private readonly pickTimes = new PickTimes()
  private readonly pace: Pace

  constructor({ strategy, reports, clock }: AskedStrategyOptions) {
    this.strategy = strategy
    this.reports = reports
    this.clock = clock
    this.pace = new Pace(shownFrom, (msPerRequest) => reports.onSlow(msPerRequest))
  }

  /** From the next call on, `strategy` is asked; it also hears how the attempts under way end. */
  swap(strategy: Strategy): void {
    this.strategy = strategy
    this.pickTimes.clear()
    this.pace.restart()
  }

  /** Median of the newest samples; undefined while there are too few for one to say anything. */
  get nsPerPick(): number | undefined {
    return this.pickTimes.medianNs()
  }

  /** Begins a request. What it returned, whatever that is, or `threw`. */
  pick(candidates: Candidates, context: PickContext): unknown {
    this.pace.next()
    const begunAt = this.enter()
    try {
      const picked = this.strategy.pick(candidates, context)
      if (begunAt >= 0) this.pickTimes.record(this.leave(begunAt))
      return picked
    } catch (error) {
      this.leave(begunAt)
      this.reports.onFault('pick threw', error)
      return threw
    }
  }

  onStart({ candidate }: Shown, now: number): void {
    if (this.strategy.onStart === undefined) return
    const begunAt = this.enter()
    try {
      this.strategy.onStart(candidate, now)
      this.leave(begunAt)
    } catch (error) {
      this.leave(begunAt)
      this.reports.onFault('onStart threw', error)
    }
  }

  onResponse({ candidate }: Shown, ttfbMs: number, now: number): void {
    if (this.strategy.onResponse === undefined) return
    const begunAt = this.enter()
    try {
      this.strategy.onResponse(candidate, ttfbMs, now)
      this.leave(begunAt)
    } catch (error) {
      this.leave(begunAt)
      this.reports.onFault('onResponse threw', error)
    }
  }

  onEnd({ candidate }: Shown, outcome: Outcome, now: number): void {
    if (this.strategy.onEnd === undefined) return
    const begunAt = this.enter()
    try {
      this.strategy.onEnd(candidate, outcome, now)
      this.leave(begunAt)
    } catch (error) {
      this.leave(begunAt)
      this.reports.onFault('onEnd threw', error)
    }
  }

  /** When the call begins; -1: it is not to be timed. */
  private enter(): number {
    return this.pace.isTiming ? this.clock.now() : -1
  }

  /** How long it took in ms; 0 when it was not timed. */
  private leave(begunAt: number): number {
    if (begunAt < 0) return 0
    const elapsedMs = this.clock.now() - begunAt
    this.pace.add(elapsedMs)
    return elapsedMs
  }
}
