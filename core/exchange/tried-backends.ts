/** The backends that one request has been given to, and whether, when and why it may be given to a further one. */
import type { Verdict } from '../admission/admission.ts'
import type { Backend } from '../backend/backend.ts'
import { type Acquired, acquire, type Asker, queueUp } from '../pool/acquire.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Pool } from '../pool/pool.ts'
import type { Session } from '../sticky/sticky.ts'
import type { StreamChoice } from '../stream/backend-stream.ts'
import type { ClientStream } from '../stream/client-stream.ts'
import type { Peer } from '../stream/peer.ts'
import type { RecordedContext } from '../balance/pick-recorder.ts'
import type { Limit } from './limit.ts'
import { patienceMs } from './patience.ts'
import { backoffMs, decideRetry, type Failure, type Retry, type Retryable, type RetryReason, wasSent } from './retry.ts'
import type { Route, Services } from './world.ts'

/** One more attempt: at the same backend, or, after a wait, at another that is not excluded. */
export type NextTry = { readonly kind: 'same' } | { readonly kind: 'another'; readonly afterMs: number }

/** What decides of the request. */
export interface TriedRequest extends Omit<Retryable, 'failed' | 'given' | 'refused'> {
  /** When it must be over, monotonic ms. */
  readonly endsAt: number
}

const NOBODY: readonly Backend[] = []

/** The exchange, as far as the choice of backends goes. */
export interface ChoiceOwner {
  readonly route: Route
  readonly services: Services
  readonly client: Pick<ClientStream, 'peer' | 'isUpgrade'>
}

export class TriedBackends implements Asker {
  private readonly owner: ChoiceOwner
  /** They are not to be picked again. */
  tried: readonly Backend[] = NOBODY
  /** Those of them that it was sent to, and that another attempt followed. */
  private failed = 0
  /** Times that it was refused, and made again as if it had not been sent. */
  refused = 0
  /** When it entered the pool's queue, monotonic ms, or was turned away there; undefined: it has not since it was last tried. */
  private queuedAt: number | undefined = undefined
  waitedMs = 0
  /** To be set before the first is acquired. */
  session: Session | undefined = undefined
  /** Retries that waited by chance. */
  private waits = 0

  constructor(owner: ChoiceOwner) {
    this.owner = owner
  }

  /** Backends that it was sent to before the one that it is given to now. */
  get sent(): number {
    return this.failed
  }

  get pool(): Pool {
    const { route } = this.owner
    return route.pool ?? noPool(route)
  }

  get client(): Peer {
    return this.owner.client.peer
  }

  get isUpgrade(): boolean {
    return this.owner.client.isUpgrade
  }

  get priority(): number {
    return this.owner.route.priority
  }

  get hasQueued(): boolean {
    return this.queuedAt !== undefined
  }

  /** A backend not yet tried, that of the session where it may be; undefined: nobody is left, or others go first. */
  acquire(context: RecordedContext, choice: StreamChoice): Acquired | undefined {
    const { queuedAt } = this
    if (queuedAt !== undefined) this.waitedMs += context.now - queuedAt
    return acquire(this.pool, context, this, choice)
  }

  /** For one that has acquired nothing; undefined: it has nothing to wait for, or has had its turn. */
  queueUp(head: RequestHead, limit: Limit | undefined): Verdict | undefined {
    const { pool, tried, priority, waitedMs } = this
    const entrant = { priority, endsAt: limit?.at ?? Infinity, patienceMs: () => patienceMs(head), waitedMs, tried }
    const verdict = queueUp(pool, this.hasQueued, entrant)
    this.queuedAt = this.owner.services.clock.now()
    return verdict
  }

  /**
   * A backend for a second attempt beside the one at `busy`, which takes from the budget; undefined: nobody is left,
   * nothing of the budget, or there are requests that wait for room.
   */
  acquireBeside(busy: Backend, context: RecordedContext): Acquired | undefined {
    const { pool, priority, client, isUpgrade } = this
    const { balancer, queue } = pool
    const tried = [...this.tried, busy]
    // Those that are a resort are for requests that would be lost.
    if (queue.length > 0 || !balancer.hasUsable(tried) || !balancer.hasRoom(tried) || !this.takes(context.now))
      return undefined
    const asker = { tried, priority, hasQueued: true, session: undefined, waitedMs: 0, client, isUpgrade }
    return acquire(pool, context, asker, 'any')
  }

  /** It is not to be picked again. */
  exclude(backend: Backend): void {
    this.tried = [...this.tried, backend]
  }

  /** What follows an attempt at `backend`, which counts it and takes it from the budget; undefined: nothing does. */
  after(failure: Failure, backend: Backend, request: TriedRequest): NextTry | undefined {
    const { pool, tried, failed, refused } = this
    const { services } = this.owner
    const { retry: policy } = pool
    const retry = decideRetry(failure, { ...request, failed, refused, given: tried.length + 1 }, policy)
    if (retry.kind === 'none') return undefined
    if (retry.kind === 'same') return this.count(retry.reason, backend, { kind: 'same' })
    if (retry.kind === 'any') return this.comeAgain(retry, backend, request.endsAt)
    const now = services.clock.now()
    const backoff = retry.backsOff ? backoffMs(policy, this.waits, services.random) : 0
    const afterMs = Math.max(retry.leastMs, backoff)
    if (now + afterMs >= request.endsAt || !this.mayFind(failure, [...tried, backend])) return undefined
    if (!retry.isFree && !this.takes(now)) return undefined
    if (retry.backsOff) this.waits += 1
    // Who is told when to come begins anew (gRFC A6).
    else if (failure.kind === 'called') this.waits = 0
    if (wasSent(failure)) this.failed += 1
    this.exclude(backend)
    this.queuedAt = undefined
    return this.count(retry.reason, backend, { kind: 'another', afterMs })
  }

  /** It was refused, and is not held to have been sent. */
  private comeAgain(
    { reason, backsOff }: Retry & { readonly kind: 'any' },
    backend: Backend,
    endsAt: number,
  ): NextTry | undefined {
    const { pool, tried } = this
    const { clock, random } = this.owner.services
    const afterMs = backsOff ? backoffMs(pool.retry, this.refused - 1, random) : 0
    const mayHaveRoom = pool.balancer.hasRoom(tried) || pool.queue.hasPlace(this.priority)
    if (clock.now() + afterMs >= endsAt || !mayHaveRoom) return undefined
    this.refused += 1
    this.queuedAt = undefined
    return this.count(reason, backend, { kind: 'another', afterMs })
  }

  /** Whether there is room beside `tried`, or, unless an answer would be thrown away for that, a place to wait for it. */
  private mayFind(failure: Failure, tried: readonly Backend[]): boolean {
    const { balancer, queue } = this.pool
    if (balancer.hasOther(tried)) return true
    return failure.kind === 'failed' && queue.hasPlace(this.priority) && balancer.hasUsable(tried)
  }

  private takes(now: number): boolean {
    const hasTaken = this.pool.budget.take(now)
    if (!hasTaken) this.owner.services.counters.retryBudgetExhausted += 1
    return hasTaken
  }

  private count(reason: RetryReason, backend: Backend, next: NextTry): NextTry {
    const { counters } = this.owner.services
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
  protocol: 'retriesAfterProtocol',
  status: 'retriesAfterStatus',
} as const satisfies Record<RetryReason, string>
