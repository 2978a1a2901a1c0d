/**
 * One try of one request at one backend, from its begin to its one end, and who hears of it in which order: the load
 * first, then the counters, then the observers as they are listed. So whoever hears reads figures that count it already.
 */
import type { Backend } from '../backend/backend.ts'
import { freePlace, type Load, takePlace } from '../backend/load.ts'
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
  /** The whole request is on its way to the backend: from now on that is who is waited for, and no slow client. */
  awaitResponse(now: number): void
  /** The response head has arrived. */
  respond(status: number, now: number): void
  /** Over. A second call is a bug, which throws. */
  end(outcome: Outcome, now: number): void
}

/** Hears of every attempt of a pool, by what it has at the time; must not throw. Times are monotonic ms. */
export interface AttemptObserver {
  onStart?: ((backend: Backend, now: number, attempt: Attempt) => void) | undefined
  /**
   * Its response head has arrived, `ttfbMs` after the attempt began, or after the request's end where that came later and
   * before the head. Status 101: it is a tunnel from now on.
   */
  onResponse?: ((backend: Backend, ttfbMs: number, now: number, attempt: Attempt) => void) | undefined
  /**
   * It has ended without a response head, since that did not come in time, or its client did not wait for it; `waitedMs` as
   * with `onResponse`. Not told where the backend did not have the whole request.
   */
  onUnanswered?: ((backend: Backend, waitedMs: number, now: number, attempt: Attempt) => void) | undefined
  /** Once for each start, on every path. */
  onEnd?: ((backend: Backend, outcome: Outcome, now: number, attempt: Attempt) => void) | undefined
}

/** What a pool's attempts have in common. */
export interface PoolOfAttempts {
  readonly load: Load
  readonly observers: readonly AttemptObserver[]
}

/**
 * Counts it and tells the observers; the attempt must be ended on every path. `isRetry`: the request has been tried
 * before.
 */
export function beginAttempt(backend: Backend, pool: PoolOfAttempts, now: number, isRetry = false): Attempt {
  const attempt = new CountedAttempt(backend, pool, now, isRetry)
  takePlace(backend)
  takePlace(pool.load)
  backend.counters.requests += 1
  for (const observer of pool.observers) observer.onStart?.(backend, now, attempt)
  return attempt
}

class CountedAttempt implements Attempt {
  readonly backend: Backend
  private readonly pool: PoolOfAttempts
  readonly startedAt: number
  private readonly inflightBefore: number
  private readonly isRetry: boolean
  private shown: AttemptView | undefined = undefined
  status = 0
  private awaitedSince: number | undefined = undefined
  private hasEnded = false

  constructor(backend: Backend, pool: PoolOfAttempts, now: number, isRetry: boolean) {
    this.backend = backend
    this.pool = pool
    this.startedAt = now
    this.inflightBefore = backend.inflight
    this.isRetry = isRetry
  }

  get view(): AttemptView {
    const { startedAt, inflightBefore, isRetry } = this
    return (this.shown ??= Object.freeze({ candidate: this.backend.candidate, startedAt, inflightBefore, isRetry }))
  }

  awaitResponse(now: number): void {
    this.awaitedSince = now
  }

  respond(status: number, now: number): void {
    this.status = status
    const { backend, pool, startedAt, awaitedSince } = this
    const ttfbMs = now - (awaitedSince ?? startedAt)
    backend.latency.recordHead(ttfbMs)
    for (const observer of pool.observers) observer.onResponse?.(backend, ttfbMs, now, this)
  }

  end(outcome: Outcome, now: number): void {
    const { backend, pool, awaitedSince } = this
    if (this.hasEnded) throw new Error(`an attempt on ${backend.id} was ended twice`)
    this.hasEnded = true
    freePlace(backend)
    freePlace(pool.load)
    count(backend, outcome)
    if (this.status === 0 && awaitedSince !== undefined && isLate(outcome))
      for (const observer of pool.observers) observer.onUnanswered?.(backend, now - awaitedSince, now, this)
    for (const observer of pool.observers) observer.onEnd?.(backend, outcome, now, this)
  }
}

const isLate = (outcome: Outcome): boolean =>
  outcome.kind === 'abandoned' || (outcome.kind === 'failed' && outcome.cause === 'timeout')

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
      if (outcome.tls !== undefined) counters.tlsFailures += 1
      break
  }
}

const FAILURE_COUNTERS = {
  connect: 'connectFailures',
  timeout: 'timeouts',
  reset: 'resets',
  protocol: 'protocolErrors',
} as const
