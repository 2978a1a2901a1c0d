/**
 * One try of one request at one backend, from its begin to its one end, and who hears of it in which order: the load
 * first, then the counters, then the observers as they are listed. So whoever hears reads figures that count it already.
 */
import type { Backend } from '../backend/backend.ts'
import { countStatus } from '../observe/counters.ts'
import type { AttemptView, Outcome } from '../strategy/strategy.ts'

export interface Attempt {
  readonly backend: Backend
  /** Monotonic ms; what tells it from others at the same backend. */
  readonly startedAt: number
  /** As strategies see it. Made when it is first asked for. */
  readonly view: AttemptView
  /** Of the response head; 0 before it has arrived. */
  readonly status: number
  /** The response head has arrived. */
  respond(status: number, now: number): void
  /** Over. A second call is a bug, which throws. */
  end(outcome: Outcome, now: number): void
}

/** Hears of every attempt of a pool; must not throw. Times are monotonic ms. */
export interface AttemptObserver {
  onStart?(backend: Backend, now: number, attempt: Attempt): void
  /** Its response head has arrived, `ttfbMs` after the attempt began; 101: it is a tunnel from now on. */
  onResponse?(backend: Backend, ttfbMs: number, now: number, attempt: Attempt): void
  /** Once for each start, on every path. */
  onEnd?(backend: Backend, outcome: Outcome, now: number, attempt: Attempt): void
}

/**
 * Counts it and tells the observers; the attempt must be ended on every path. `isRetry`: the request has been tried
 * before.
 */
export function beginAttempt(
  backend: Backend,
  observers: readonly AttemptObserver[],
  now: number,
  isRetry = false,
): Attempt {
  const attempt = new CountedAttempt(backend, observers, now, isRetry)
  backend.inflight += 1
  backend.counters.requests += 1
  for (const observer of observers) observer.onStart?.(backend, now, attempt)
  return attempt
}

class CountedAttempt implements Attempt {
  readonly backend: Backend
  private readonly observers: readonly AttemptObserver[]
  readonly startedAt: number
  private readonly inflightBefore: number
  private readonly isRetry: boolean
  private shown: AttemptView | undefined = undefined
  status = 0
  private hasEnded = false

  constructor(backend: Backend, observers: readonly AttemptObserver[], now: number, isRetry: boolean) {
    this.backend = backend
    this.observers = observers
    this.startedAt = now
    this.inflightBefore = backend.inflight
    this.isRetry = isRetry
  }

  get view(): AttemptView {
    const { startedAt, inflightBefore, isRetry } = this
    return (this.shown ??= Object.freeze({ candidate: this.backend.candidate, startedAt, inflightBefore, isRetry }))
  }

  respond(status: number, now: number): void {
    this.status = status
    for (const observer of this.observers) observer.onResponse?.(this.backend, now - this.startedAt, now, this)
  }

  end(outcome: Outcome, now: number): void {
    const { backend } = this
    if (this.hasEnded) throw new Error(`an attempt on ${backend.id} was ended twice`)
    this.hasEnded = true
    backend.inflight -= 1
    count(backend, outcome)
    for (const observer of this.observers) observer.onEnd?.(backend, outcome, now, this)
  }
}

function count({ counters, latency }: Backend, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'completed':
      if (outcome.status === 101) counters.upgrades += 1
      else countStatus(counters, outcome.status)
      latency.record(outcome.elapsedMs)
      break
    case 'abandoned':
      counters.abandoned += 1
      break
    case 'local':
      counters.localFailures += 1
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
