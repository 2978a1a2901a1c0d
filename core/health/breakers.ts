/**
 * The circuit breakers of a pool's backends: their `breaker` facts. Counts how attempts go, opens who fails too often, lets
 * it be tried when its time is over, and tells who is held out. What leads to what stands in `backend/breaker.ts`.
 */
import type { Backend } from '../backend/backend.ts'
import {
  type BreakerEvent,
  type BreakerFact,
  type BreakerPolicy,
  closedBreaker,
  stepBreaker,
  tripCause,
} from '../backend/breaker.ts'
import { type Ending, secondsText, type Verdict, verdictOn } from '../backend/failure.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { SlidingWindow } from '../sliding-window.ts'
import { Waits } from './waits.ts'

export interface BreakersOptions {
  readonly policy: BreakerPolicy
  /** The pool's backends now: of one that has left nothing is told. */
  readonly backends: () => readonly Backend[]
  readonly clock: Clock
  readonly random: Random
  /** After a `breaker` fact has gone from one state to another. */
  readonly onChange: (backend: Backend, detail: string) => void
}

const counted = ['requests', 'failures', 'answers', 'slow'] as const

interface Tally {
  readonly window: SlidingWindow<(typeof counted)[number]>
  failuresInRow: number
}

/** `status`: of its response's head; 0 before that has arrived. */
interface AnsweredAttempt {
  readonly startedAt: number
  readonly status: number
}

const SWITCHING_PROTOCOLS = 101

/** Observes attempts; those of before the newest change of a breaker's state say nothing to it. Begins with the first `update`. */
export class Breakers {
  private readonly options: BreakersOptions
  private policy: BreakerPolicy
  private isStopped = true
  private tallies = new WeakMap<Backend, Tally>()
  /** For the end of open times. */
  private readonly waits: Waits

  constructor(options: BreakersOptions) {
    this.options = options
    this.policy = options.policy
    this.waits = new Waits(options.clock)
  }

  onStart(backend: Backend, now: number): void {
    if (backend.facts.breaker.kind === 'half-open' && !this.isStopped) this.step(backend, { kind: 'trial-begun' }, now)
  }

  /** A trial is judged by the head of its answer: a long one, or a client that reads slowly, must not keep others from theirs. */
  onResponse(backend: Backend, ttfbMs: number, now: number, { startedAt, status }: AnsweredAttempt): void {
    const { failures, slowCalls } = this.policy
    const { breaker } = backend.facts
    if (this.isStopped || startedAt < breaker.since) return
    const isSlow = slowCalls !== undefined && ttfbMs > slowCalls.latencyMs
    if (breaker.kind === 'half-open') {
      this.countVerdict(backend, isSlow ? 'bad' : verdictOn({ kind: 'completed', status }, failures), now)
      return
    }
    if (breaker.kind === 'closed' && slowCalls !== undefined) this.countAnswer(backend, isSlow, now)
    // A tunnel may last for hours.
    if (status === SWITCHING_PROTOCOLS) this.countVerdict(backend, 'good', now)
  }

  /** Nobody waits for it any longer: a hedge has answered, its time is over, its client has left. So long it was slow. */
  onUnanswered(backend: Backend, waitedMs: number, now: number, { startedAt }: AnsweredAttempt): void {
    const { slowCalls } = this.policy
    const { breaker } = backend.facts
    if (slowCalls === undefined || waitedMs <= slowCalls.latencyMs || this.isStopped || startedAt < breaker.since)
      return
    if (breaker.kind === 'closed') this.countAnswer(backend, true, now)
    else this.countVerdict(backend, 'bad', now)
  }

  onEnd(backend: Backend, ending: Ending, now: number, { startedAt, status }: AnsweredAttempt): void {
    const { breaker } = backend.facts
    if (this.isStopped || startedAt < breaker.since) return
    if (ending.kind === 'completed' && ending.status === SWITCHING_PROTOCOLS) return
    const verdict = verdictOn(ending, this.policy.failures)
    // What has been judged by its head may still break off.
    if (breaker.kind !== 'half-open' || status === 0 || verdict === 'bad') this.countVerdict(backend, verdict, now)
  }

  /** After a change of policy or members: what is open stays open, for as long as this policy says. */
  update(policy: BreakerPolicy, members: readonly Backend[] = this.options.backends()): void {
    if (policy.windowMs !== this.policy.windowMs) this.tallies = new WeakMap()
    this.policy = policy
    const wasStopped = this.isStopped
    this.isStopped = false
    const { clock } = this.options
    for (const backend of members) {
      this.step(backend, { kind: 'policy' }, clock.now())
      if (wasStopped) this.step(backend, { kind: 'resumed' }, clock.now())
      this.waitToTry(backend)
    }
  }

  /** Nothing is found out until the next `update`; what is open stays so. */
  stop(): void {
    this.isStopped = true
    this.waits.clear()
  }

  /** How an attempt went that has begun in the state of now. */
  private countVerdict(backend: Backend, verdict: Verdict, now: number): void {
    const { breaker } = backend.facts
    if (breaker.kind === 'half-open') this.step(backend, { kind: 'trial-judged', verdict }, now)
    else if (breaker.kind === 'closed' && verdict !== 'none') this.countEnd(backend, verdict === 'good', now)
  }

  private countEnd(backend: Backend, isGood: boolean, now: number): void {
    const tally = this.tallyOf(backend)
    tally.window.add('requests', now)
    tally.failuresInRow = isGood ? 0 : tally.failuresInRow + 1
    if (isGood) return
    tally.window.add('failures', now)
    this.tripIfDue(backend, tally, now)
  }

  private countAnswer(backend: Backend, isSlow: boolean, now: number): void {
    const tally = this.tallyOf(backend)
    tally.window.add('answers', now)
    if (!isSlow) return
    tally.window.add('slow', now)
    this.tripIfDue(backend, tally, now)
  }

  private tripIfDue(backend: Backend, { window, failuresInRow }: Tally, now: number): void {
    const reading = {
      requests: window.count('requests', now),
      failures: window.count('failures', now),
      answers: window.count('answers', now),
      slow: window.count('slow', now),
      failuresInRow,
    }
    const cause = tripCause(reading, this.policy)
    if (cause !== undefined) this.step(backend, { kind: 'tripped', cause }, now)
  }

  private tallyOf(backend: Backend): Tally {
    const known = this.tallies.get(backend)
    if (known !== undefined) return known
    const tally: Tally = { window: new SlidingWindow(this.policy.windowMs, counted), failuresInRow: 0 }
    this.tallies.set(backend, tally)
    return tally
  }

  private step(backend: Backend, event: BreakerEvent, now: number): void {
    const before = backend.facts.breaker
    const after = stepBreaker(before, event, { policy: this.policy, now, random: this.options.random })
    if (after === before) return
    backend.facts.breaker = after
    if (after.kind !== before.kind) this.enter(backend, after)
    // Another trial is under way, or one less.
    else backend.onRoomChange?.()
  }

  /** Another state has begun. */
  private enter(backend: Backend, breaker: BreakerFact): void {
    if (breaker.kind === 'open') {
      backend.counters.breakerTrips += 1
      this.waitToTry(backend)
    }
    // What led to it is not to count once more.
    if (breaker.kind === 'closed') this.tallies.delete(backend)
    const { backends, onChange } = this.options
    if (backends().includes(backend)) onChange(backend, changeWords(breaker))
  }

  private waitToTry(backend: Backend): void {
    const { breaker } = backend.facts
    this.waits.set(backend, breaker.kind === 'open' ? breaker.until : undefined, () =>
      this.step(backend, { kind: 'waited' }, this.options.clock.now()),
    )
  }
}

function changeWords(breaker: BreakerFact): string {
  switch (breaker.kind) {
    case 'open':
      return `breaker open for ${secondsText(breaker.until - breaker.since)}: ${breaker.cause}`
    case 'half-open':
      return `breaker half-open: ${breaker.cause}`
    case 'closed':
      return 'breaker closed: its trials went well'
  }
}

/** Nobody counts any more, so nothing that was found holds. */
export function forgetBreaker({ facts }: Backend, now: number): void {
  if (facts.breaker.kind !== 'closed') facts.breaker = closedBreaker(now)
}
