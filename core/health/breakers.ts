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
import type { Cancel, Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { SlidingWindow } from '../sliding-window.ts'

export interface BreakersOptions {
  readonly policy: BreakerPolicy
  /** The pool's backends now: of one that has left nothing is told. */
  readonly backends: () => readonly Backend[]
  readonly clock: Clock
  readonly random: Random
  /** After a `breaker` fact has gone from one state to another. */
  readonly onChange: (backend: Backend, detail: string) => void
}

/** Observes attempts; those of before the newest change of a breaker's state say nothing to it. */
export interface Breakers {
  onStart(backend: Backend, now: number): void
  onResponse(backend: Backend, ttfbMs: number, now: number, status: number): void
  onEnd(backend: Backend, ending: Ending, now: number, startedAt: number): void
  /** After a change of policy or members: what is open stays open, for as long as this policy says. */
  update(policy: BreakerPolicy): void
  /** Nothing is found out until the next `update`; what is open stays so. */
  stop(): void
}

interface Tally {
  readonly window: SlidingWindow<'requests' | 'failures' | 'answers' | 'slow'>
  failuresInRow: number
}

const SWITCHING_PROTOCOLS = 101

export function createBreakers(options: BreakersOptions): Breakers {
  const { backends, clock, random, onChange } = options
  let { policy } = options
  let isStopped = false
  let tallies = new WeakMap<Backend, Tally>()
  const waits = new Map<Backend, Cancel>()

  function tallyOf(backend: Backend): Tally {
    const known = tallies.get(backend)
    if (known !== undefined) return known
    const window = new SlidingWindow(policy.windowMs, ['requests', 'failures', 'answers', 'slow'] as const)
    const tally: Tally = { window, failuresInRow: 0 }
    tallies.set(backend, tally)
    return tally
  }

  function step(backend: Backend, event: BreakerEvent, now: number): void {
    const before = backend.facts.breaker
    const after = stepBreaker(before, event, { policy, now, random })
    if (after === before) return
    backend.facts.breaker = after
    if (after.kind === 'open') waitToTry(backend)
    if (after.kind !== before.kind) enter(backend)
  }

  /** Another state has begun. */
  function enter(backend: Backend): void {
    const { breaker } = backend.facts
    if (breaker.kind === 'open') backend.counters.breakerTrips += 1
    // What led to it is not to count once more.
    if (breaker.kind === 'closed') tallies.delete(backend)
    if (backends().includes(backend)) onChange(backend, changeWords(breaker))
  }

  function waitToTry(backend: Backend): void {
    waits.get(backend)?.()
    waits.delete(backend)
    const { breaker } = backend.facts
    if (breaker.kind !== 'open') return
    const cancel = clock.after(Math.max(0, breaker.until - clock.now()), () => {
      waits.delete(backend)
      const now = clock.now()
      // A system's timer may be early by a part of a millisecond.
      if (backend.facts.breaker === breaker && now < breaker.until) waitToTry(backend)
      else step(backend, { kind: 'waited' }, now)
    })
    waits.set(backend, cancel)
  }

  function tripIfDue(backend: Backend, { window, failuresInRow }: Tally, now: number): void {
    const reading = {
      requests: window.count('requests', now),
      failures: window.count('failures', now),
      answers: window.count('answers', now),
      slow: window.count('slow', now),
      failuresInRow,
    }
    const cause = tripCause(reading, policy)
    if (cause !== undefined) step(backend, { kind: 'tripped', cause }, now)
  }

  function countAnswer(backend: Backend, isSlow: boolean, now: number): void {
    const tally = tallyOf(backend)
    tally.window.add('answers', now)
    if (!isSlow) return
    tally.window.add('slow', now)
    tripIfDue(backend, tally, now)
  }

  function countEnd(backend: Backend, isGood: boolean, now: number): void {
    const tally = tallyOf(backend)
    tally.window.add('requests', now)
    tally.failuresInRow = isGood ? 0 : tally.failuresInRow + 1
    if (isGood) return
    tally.window.add('failures', now)
    tripIfDue(backend, tally, now)
  }

  /** How an attempt went that has begun in the state of now. */
  function countVerdict(backend: Backend, verdict: Verdict, now: number): void {
    const { breaker } = backend.facts
    if (breaker.kind === 'half-open') step(backend, { kind: 'trial-ended', verdict }, now)
    else if (breaker.kind === 'closed' && verdict !== 'none') countEnd(backend, verdict === 'good', now)
  }

  return {
    onStart(backend, now) {
      if (backend.facts.breaker.kind === 'half-open' && !isStopped) step(backend, { kind: 'trial-begun' }, now)
    },
    onResponse(backend, ttfbMs, now, status) {
      const { breaker } = backend.facts
      if (isStopped || now - ttfbMs < breaker.since) return
      const isSlow = policy.slowCalls !== undefined && ttfbMs > policy.slowCalls.latencyMs
      if (breaker.kind === 'closed' && policy.slowCalls !== undefined) countAnswer(backend, isSlow, now)
      // A trial that is slow has failed already, and a tunnel has gone well: it may last for hours.
      if (isSlow && breaker.kind === 'half-open') step(backend, { kind: 'trial-ended', verdict: 'bad' }, now)
      else if (status === SWITCHING_PROTOCOLS) countVerdict(backend, 'good', now)
    },
    onEnd(backend, ending, now, startedAt) {
      const { breaker } = backend.facts
      if (isStopped || startedAt < breaker.since) return
      if (ending.kind === 'completed' && ending.status === SWITCHING_PROTOCOLS) return
      countVerdict(backend, verdictOn(ending, policy.failures), now)
    },
    update(changed) {
      if (changed.windowMs !== policy.windowMs) tallies = new WeakMap()
      policy = changed
      isStopped = false
      const now = clock.now()
      for (const backend of backends()) {
        step(backend, { kind: 'policy' }, now)
        waitToTry(backend)
      }
    },
    stop() {
      isStopped = true
      for (const cancel of waits.values()) cancel()
      waits.clear()
    },
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
