/**
 * A strategy as its pool's balancer asks it. What it throws is a fault of its own that harms nobody, how long its calls
 * take is looked at now and then, and each call is marked, so that one which does not return is known.
 */
import type { Clock } from '../clock.ts'
import { CallMarks, ON_END, ON_RESPONSE, ON_START, PICK } from '../strategy/call-marks.ts'
import { Pace } from '../strategy/pace.ts'
import type { AttemptView, Candidates, Outcome, PickContext, Strategy } from '../strategy/strategy.ts'
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
  /** Absent: nobody looks whether they return. */
  readonly calls?: OwnedCalls | undefined
}

/** Where calls are marked, and as whose. */
export interface OwnedCalls {
  readonly marks: CallMarks
  readonly owner: number
}

/** An attempt, of which strategies see this much. */
interface Shown {
  readonly view: AttemptView
  /** Of the response head; 0 before it has arrived. */
  readonly status: number
}

/** What `pick` gives when the strategy threw, which has been told then: nothing that a strategy could return. */
export const threw = Symbol('threw')

export class AskedStrategy {
  private strategy: Strategy
  private readonly reports: StrategyReports
  private readonly clock: Clock
  private readonly pickTimes = new PickTimes()
  private readonly pace: Pace
  private readonly marks: CallMarks
  private readonly owner: number

  constructor({ strategy, reports, clock, calls }: AskedStrategyOptions) {
    this.strategy = strategy
    this.reports = reports
    this.clock = clock
    this.pace = new Pace(shownFrom, (msPerRequest) => reports.onSlow(msPerRequest))
    this.marks = calls?.marks ?? new CallMarks()
    this.owner = calls?.owner ?? 0
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
    const begunAt = this.enter(PICK)
    try {
      const picked = this.strategy.pick(candidates, context)
      const elapsedMs = this.leave(begunAt)
      if (begunAt >= 0) this.pickTimes.record(elapsedMs)
      return picked
    } catch (error) {
      this.leave(begunAt)
      this.reports.onFault('pick threw', error)
      return threw
    }
  }

  onStart(_: unknown, now: number, attempt: Shown): void {
    if (this.strategy.onStart === undefined) return
    const begunAt = this.enter(ON_START)
    try {
      this.strategy.onStart(attempt.view)
      this.leave(begunAt)
    } catch (error) {
      this.leave(begunAt)
      this.reports.onFault('onStart threw', error)
    }
  }

  onResponse(_: unknown, ttfbMs: number, now: number, attempt: Shown): void {
    if (this.strategy.onResponse === undefined) return
    const begunAt = this.enter(ON_RESPONSE)
    try {
      this.strategy.onResponse(attempt.view, attempt.status, now)
      this.leave(begunAt)
    } catch (error) {
      this.leave(begunAt)
      this.reports.onFault('onResponse threw', error)
    }
  }

  onEnd(_: unknown, outcome: Outcome, now: number, attempt: Shown): void {
    if (this.strategy.onEnd === undefined) return
    const begunAt = this.enter(ON_END)
    try {
      this.strategy.onEnd(attempt.view, outcome, now)
      this.leave(begunAt)
    } catch (error) {
      this.leave(begunAt)
      this.reports.onFault('onEnd threw', error)
    }
  }

  /** When the call begins; -1: it is not to be timed. */
  private enter(call: number): number {
    this.marks.begin(this.owner, call)
    return this.pace.isTiming ? this.clock.now() : -1
  }

  /** How long it took in ms; 0 when it was not timed. */
  private leave(begunAt: number): number {
    this.marks.end()
    if (begunAt < 0) return 0
    const elapsedMs = this.clock.now() - begunAt
    this.pace.add(elapsedMs)
    return elapsedMs
  }
}
