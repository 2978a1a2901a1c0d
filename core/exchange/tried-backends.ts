/** The backends that one request has been given to, and whether, when and why it may be given to a further one. */
import type { Verdict } from '../admission/admission.ts'
import type { Backend } from '../backend/backend.ts'
import { type Acquired, acquire, queueUp } from '../pool/acquire.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Pool } from '../pool/pool.ts'
import type { Session } from '../sticky/sticky.ts'
import type { StreamChoice } from '../stream/backend-stream.ts'
import type { PickContext } from '../strategy/strategy.ts'
import type { Limit } from './limit.ts'
import { patienceMs } from './patience.ts'
import { backoffMs, decideRetry, type Failure, type Retryable, type RetryReason } from './retry.ts'
import type { Route, Services } from './world.ts'

/** One more attempt: at the same backend, or, after a wait, at another. */
export type NextTry = { readonly kind: 'same' } | { readonly kind: 'another'; readonly afterMs: number }

/** What decides of the request. */
export interface TriedRequest extends Omit<Retryable, 'backendsLeft'> {
  /** When it must be over, monotonic ms. */
  readonly endsAt: number
}

const NOBODY: readonly Backend[] = []

export class TriedBackends {
  private readonly route: Route
  private readonly services: Services
  /** They are not to be picked again. */
  private tried: readonly Backend[] = NOBODY
  /** Backends that this request was given to, hedges not counted. */
  private backends = 0
  /** It has been in the pool's queue, or was turned away there. */
  private hasQueued = false
  /** Retries that waited by chance. */
  private waits = 0

  constructor(route: Route, services: Services) {
    this.route = route
    this.services = services
  }

  get pool(): Pool {
    return this.route.pool ?? noPool(this.route)
  }

  /** A backend not yet tried, that of `session` where it may be; undefined: nobody is left, or others go first. */
  acquire(context: PickContext, choice: StreamChoice, session: Session | undefined): Acquired | undefined {
    const { pool, tried, hasQueued } = this
    const acquired = acquire(pool, context, { tried, hasQueued, session }, choice)
    if (acquired !== undefined) this.backends += 1
    return acquired
  }

  /** For one that has acquired nothing; undefined: it has nothing to wait for, or has had its turn. */
  queueUp(head: RequestHead, limit: Limit | undefined): Verdict | undefined {
    const { pool, route, tried, hasQueued } = this
    const entrant = { priority: route.priority, endsAt: limit?.at ?? Infinity, patienceMs: () => patienceMs(head) }
    const verdict = queueUp(pool, { tried, hasQueued }, entrant)
    this.hasQueued = true
    return verdict
  }

  /**
   * A backend for a second attempt beside the one at `busy`, which takes from the budget; undefined: nobody is left,
   * nothing of the budget, or there are requests that wait for their first.
   */
  acquireBeside(busy: Backend, context: PickContext): Acquired | undefined {
    const { pool, hasQueued } = this
    const { balancer, queue } = pool
    const tried = [...this.tried, busy]
    if (queue.length > 0 || balancer.isAtBound || !balancer.hasOther(tried) || !this.takes(context.now))
      return undefined
    return acquire(pool, context, { tried, hasQueued, session: undefined }, 'any')
  }

  /** It is not to be picked again. */
  exclude(backend: Backend): void {
    this.tried = [...this.tried, backend]
  }

  /** What follows an attempt at `backend`, which counts it and takes it from the budget; undefined: nothing does. */
  after(failure: Failure, backend: Backend, request: TriedRequest): NextTry | undefined {
    const { pool, services } = this
    const { retry: policy } = pool
    const retry = decideRetry(failure, { ...request, backendsLeft: policy.attempts - this.backends }, policy)
    if (retry.kind === 'none') return undefined
    if (retry.kind === 'same') return this.count(retry.reason, backend, { kind: 'same' })
    const now = services.clock.now()
    const backoff = retry.backsOff ? backoffMs(policy, this.waits, services.random) : 0
    const afterMs = Math.max(retry.leastMs, backoff)
    if (now + afterMs >= request.endsAt || !pool.balancer.hasOther([...this.tried, backend])) return undefined
    if (!retry.isFree && !this.takes(now)) return undefined
    if (retry.backsOff) this.waits += 1
    this.exclude(backend)
    return this.count(retry.reason, backend, { kind: 'another', afterMs })
  }

  private takes(now: number): boolean {
    const hasTaken = this.pool.budget.take(now)
    if (!hasTaken) this.services.counters.retryBudgetExhausted += 1
    return hasTaken
  }

  private count(reason: RetryReason, backend: Backend, next: NextTry): NextTry {
    const { counters } = this.services
    counters.retries += 1
    counters[COUNTER_OF[reason]] += 1
    backend.counters.retries += 1
    return next
  }
}

function noPool({ key }: Route): never {
  throw new Error(`route ${key} admits requests, yet has no pool`)
}

const COUNTER_OF = {
  connect: 'retriesAfterConnect',
  local: 'retriesAfterLocal',
  stale: 'retriesAfterStale',
  reset: 'retriesAfterReset',
  timeout: 'retriesAfterTimeout',
  status: 'retriesAfterStatus',
} as const satisfies Record<RetryReason, string>
