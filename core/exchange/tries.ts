/**
 * The attempts of one exchange until a response can be passed on: one after the other where a further one is safe, two
 * beside each other where the route hedges. What of the body has been sent is kept for as long as another may need it.
 */
import type { Verdict } from '../admission/admission.ts'
import type { Backend } from '../backend/backend.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { pickedAgain } from '../balance/pick-recorder.ts'
import { type Acquired, sourceOf } from '../pool/acquire.ts'
import type { Pool } from '../pool/pool.ts'
import type { BackendStream, FailureCause } from '../stream/backend-stream.ts'
import type { HandedOver } from '../stream/body-form.ts'
import type { ClientStream, Problem } from '../stream/client-stream.ts'
import { Alarm, later } from './alarm.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { isCallAstray, NO_CALLS } from './calls.ts'
import { discardResponse } from './discard.ts'
import { failureIn } from './failed-response.ts'
import { hedgeAfterMs } from './hedge.ts'
import { callEndsAt } from './limit.ts'
import { type PickSource, RequestContext } from './pick-context.ts'
import { problemOf, problemOfAnswer, UNAVAILABLE } from './problems.ts'
import { type Replay, replayFor } from './replay.ts'
import { type Failure, isRepeatable } from './retry.ts'
import { type NextTry, TriedBackends } from './tried-backends.ts'
import { type Forwarded, rewriteFor } from './rewrite-for.ts'
import { OVER, type TryState } from './try-state.ts'
import type { Route, Services, World } from './world.ts'

/** The exchange, as its attempts as a whole see it. */
export interface TriesOwner extends AttemptOwner, PickSource, Forwarded {
  readonly services: Services
  readonly client: ClientStream
  readonly route: Route
  readonly world: World
  /** Monotonic ms. */
  readonly startedAt: number
  /** Bytes of the request's body that have come. */
  readonly requestBytes: number
  /** An interim response was passed on. */
  readonly hasInterim: boolean
  /** It is over, and not the one to be passed on. */
  remember(attempt: Attempt): void
  /** Nobody is left who could answer. */
  onNobodyLeft(problem: Problem): void
}

export class Tries {
  private readonly owner: TriesOwner
  private readonly backends: TriedBackends
  private state: TryState = OVER
  private hedgeAlarm: Alarm | undefined = undefined
  /** What was sent of the body; undefined: that is not kept, or there is none. */
  private replay: Replay | undefined = undefined
  private trailers: FieldSection | undefined = undefined
  private isBlocked = false
  private hasTried = false

  constructor(owner: TriesOwner) {
    this.owner = owner
    this.backends = new TriedBackends(owner)
  }

  get pool(): Pool {
    return this.backends.pool
  }

  /** Of the one that is to be heard while nothing has been answered. */
  get stream(): BackendStream | undefined {
    return this.state.kind === 'running' ? this.state.attempt.stream : undefined
  }

  /** What comes of the body is looked at, since another attempt may need it. */
  get keepsBody(): boolean {
    return this.replay?.isWhole === true
  }

  /** The first attempt, and what must be ready for others. `head` holds the request's now. */
  start(now: number, head: RequestHead): void {
    const { client, route, services, world } = this.owner
    const { pool } = this
    if (pool.retry.attempts > 1 || route.hedge !== undefined) pool.budget.onRequest(now)
    if (!client.isWhole) this.replay = replayFor(head, pool, services.counters, world.limits.maxReplayBytes)
    this.tryFirst(now, head)
  }

  /** And, where the route hedges, a second one beside it once it has been slow. */
  private tryFirst(now: number, head: RequestHead): void {
    const { client, route, services } = this.owner
    const hedgeMs = route.hedge && hedgeAfterMs(route.hedge, this.pool, { head, client, now })
    this.tryNext(now, head, UNAVAILABLE)
    if (hedgeMs !== undefined && this.state.kind === 'running')
      this.hedgeAlarm = new Alarm(services.quickWheel, hedgeMs, () => this.hedge())
  }

  passBody(bytes: Buffer, start: number, end: number): void {
    this.replay?.keep(bytes, start, end)
    this.stream?.sendBody(bytes, start, end)
  }

  passEnd(trailers: FieldSection | undefined): void {
    const { state } = this
    this.trailers = trailers
    if (state.kind !== 'running') return
    state.attempt.stream.sendEnd(trailers)
    this.awaitResponse(state.attempt, this.owner.services.clock.now())
  }

  onReady(attempt: Attempt): void {
    this.send(attempt, this.owner.client.readHead())
  }

  /** While a body is still to come there is one attempt: see `hedge`. */
  onBlocked(isBlocked: boolean): void {
    this.isBlocked = isBlocked
    if (!isBlocked) this.takeBody()
  }

  /** Whether its response is thrown away, for that of another attempt which is under way or follows. */
  passesOver(attempt: Attempt, head: ResponseHead, body: BodyKind): boolean {
    const { client, services } = this.owner
    const failure = failureIn(head, attempt.stream.grpcStatus, this.pool.retry, services.clock)
    if (failure === undefined) return false
    const other = this.otherThan(attempt)
    const next = other ? undefined : this.next(failure, attempt)
    if (other === undefined && next === undefined) return false
    attempt.complete(services.clock.now())
    this.owner.remember(attempt)
    if (client.isWhole) discardResponse(attempt.stream, body, services.wheel)
    else attempt.stream.abort()
    if (other !== undefined) this.goOnWith(other, attempt)
    else if (next !== undefined) this.goOn(next, attempt.backend, problemOfAnswer(failure))
    return true
  }

  /** The response of `winner` is passed on, once its session has been settled in the head. */
  settle(winner: Attempt, head: ResponseHead): void {
    this.backends.session?.settle(winner.backend, head)
    const { route, services } = this.owner
    if (route.hedge !== undefined) {
      const loser = this.otherThan(winner)
      const now = services.clock.now()
      this.pool.headTimes.record(winner.elapsedMs(now))
      // At least as long: to leave it out would make the backends look faster with each hedge.
      if (loser !== undefined) this.pool.headTimes.record(loser.elapsedMs(now))
      if (winner.isHedge) services.counters.hedgesWon += 1
      if (loser !== undefined) this.drop(loser)
    }
    this.end()
  }

  /** The connection of `attempt` is joined to the client's: nothing is answered, and nothing tried any more. */
  join(attempt: Attempt): HandedOver {
    this.end()
    return attempt.join()
  }

  /** An attempt has come to nothing, and is over. */
  onFailed(attempt: Attempt, cause: FailureCause, detail: string): void {
    this.owner.remember(attempt)
    const other = this.otherThan(attempt)
    if (other !== undefined) {
      this.goOnWith(other, attempt)
      return
    }
    const { isReused: wasReused, hasBegun: hasResponseBegun, wasRefused = false } = attempt.stream
    const next = this.next({ kind: 'failed', cause, wasReused, hasResponseBegun, wasRefused }, attempt)
    const problem = problemOf(cause, detail, attempt.stream.grpcStatusOfReset)
    if (next === undefined) this.endWith(problem)
    else this.goOn(next, attempt.backend, problem)
  }

  /** Nobody waits any more. `isTooSlow`: since that took longer than the route allows, and not for a reason of the client's. */
  giveUp(isTooSlow = false): void {
    const { state } = this
    if (state.kind === 'running') {
      const { attempt, beside } = state
      if (beside !== undefined) this.drop(beside)
      if (isTooSlow) this.expire(attempt)
      else this.drop(attempt)
    }
    this.end()
  }

  private endWith(problem: Problem): void {
    this.end()
    if (!this.hasTried) this.owner.services.counters.unavailable += 1
    this.owner.onNobodyLeft(problem)
  }

  /** No further attempt is made. */
  private end(): void {
    if (this.state.kind === 'waiting') this.state.cancel()
    this.state = OVER
    this.hedgeAlarm?.cancel()
    this.replay?.release()
  }

  /** The one under way beside `attempt`. */
  private otherThan(attempt: Attempt): Attempt | undefined {
    const { state } = this
    if (state.kind !== 'running') return undefined
    return state.attempt === attempt ? state.beside : state.attempt
  }

  private goOnWith(other: Attempt, failed: Attempt): void {
    this.backends.exclude(failed.backend)
    this.state = { kind: 'running', attempt: other, beside: undefined }
  }

  /** What follows `attempt`, which came to nothing; undefined: nothing does. */
  private next(failure: Failure, { backend }: Attempt): NextTry | undefined {
    const { client, hasInterim, limit, startedAt } = this.owner
    const head = client.readHead()
    return this.backends.after(failure, backend, {
      hasInterim,
      isRepeatable: isRepeatable(head),
      isBodyLost: !this.hasAll,
      endsAt: Math.min(limit?.at ?? Infinity, failure.kind === 'called' ? callEndsAt(head, startedAt) : Infinity),
    })
  }

  /** Whether all that has been sent of the body can be sent again. */
  private get hasAll(): boolean {
    return this.owner.requestBytes === 0 || this.replay?.isWhole === true
  }

  /** `last`: what to answer when nobody is left by then. */
  private goOn(next: NextTry, backend: Backend, last: Problem): void {
    const { client, services } = this.owner
    // Nothing is taken from the client until another attempt can have it.
    if (!client.isWhole) client.pauseBody()
    this.hedgeAlarm?.cancel()
    const tryNext = (): void => this.tryNext(services.clock.now(), client.readHead(), last)
    if (next.kind === 'same') this.tryAgain(backend, last)
    else if (next.afterMs > 0) this.state = { kind: 'waiting', cancel: later(services.clock, next.afterMs, tryNext) }
    else tryNext()
  }

  /** Over a fresh connection, which will say when it can be sent on. */
  private tryAgain(backend: Backend, last: Problem): void {
    const { client, explaining, services } = this.owner
    const stream = sourceOf(this.pool, backend, client.isUpgrade).open('fresh', this.pool.timeouts, client.peer)
    if (stream === undefined) this.endWith(last)
    else this.run({ backend, stream, pick: explaining && pickedAgain(backend) }, services.clock.now())
  }

  private tryNext(now: number, head: RequestHead, last: Problem): void {
    // What can't be sent twice is given no connection that may have died; nor is a body, which may turn out to be too large.
    const { isWhole, join } = this.owner.client
    const choice = join !== undefined ? 'fresh' : isWhole && isRepeatable(head) ? 'any' : 'checked'
    this.backends.session ??= this.pool.sticky?.sessionOf(head)
    const acquired = this.backends.acquire(this.contextOf(head, now), choice)
    if (acquired === undefined) {
      this.follow(this.backends.queueUp(head, this.owner.limit) ?? { kind: 'refused', problem: last }, last)
      return
    }
    const attempt = this.run(acquired, now)
    if (acquired.stream.isReused) this.send(attempt, head)
  }

  /** Of the pool's queue. One that has been tried before is told how that failed, rather than that nobody had room for more. */
  private follow(verdict: Verdict, last: Problem): void {
    const { hasTried } = this
    if (verdict.kind === 'later')
      this.state = { kind: 'waiting', cancel: verdict.wait((next) => this.follow(next, last)) }
    else if (verdict.kind === 'refused') this.endWith(hasTried ? last : verdict.problem)
    else this.haveTurn(last)
  }

  private haveTurn(last: Problem): void {
    const { client, services } = this.owner
    const [now, head] = [services.clock.now(), client.readHead()]
    if (this.hasTried) this.tryNext(now, head, last)
    else this.tryFirst(now, head)
  }

  private run(acquired: Acquired, now: number): Attempt {
    const attempt = this.begin(acquired, now)
    this.isBlocked = false
    this.state = { kind: 'running', attempt, beside: undefined }
    return attempt
  }

  /** A second attempt beside a slow one, once the whole request can be sent to both. */
  private hedge(): void {
    const { state } = this
    const { client, services } = this.owner
    if (state.kind !== 'running' || state.beside !== undefined || !client.isWhole || !this.hasAll) return
    const head = client.readHead()
    const now = services.clock.now()
    const context = this.contextOf(head, now)
    const acquired = this.backends.acquireBeside(state.attempt.backend, context)
    if (acquired === undefined) return
    services.counters.hedges += 1
    const beside = this.begin(acquired, now)
    beside.isHedge = true
    this.state = { ...state, beside }
    if (acquired.stream.isReused) this.send(beside, head)
  }

  private begin({ backend, stream, pick }: Acquired, now: number): Attempt {
    const { owner, hasTried } = this
    this.hasTried = true
    const attempt = new Attempt(owner, this.pool.balancer.begin(backend, now, hasTried), stream, now)
    attempt.pick = pick
    attempt.previous = this.backends.sent
    attempt.refused = this.backends.refused
    if (owner.client.isWhole) this.awaitResponse(attempt, now)
    return attempt
  }

  private awaitResponse(attempt: Attempt, now: number): void {
    const { route, services } = this.owner
    attempt.awaitResponse(now, services.wheel, route.timeouts?.tryMs)
  }

  private contextOf(head: RequestHead, now: number): RequestContext {
    return new RequestContext(head, this.owner.identity, this.owner, now)
  }

  /** Sends the head and what is there of the body, and lets the rest follow. */
  private send(attempt: Attempt, head: RequestHead): void {
    const { client } = this.owner
    if (isCallAstray(client, attempt.stream, head)) return attempt.reject('local', NO_CALLS)
    attempt.sendHead(head, rewriteFor(this.owner, attempt, this.pool, head), client.bodyForm)
    this.replay?.sendTo(attempt.stream)
    if (client.isWhole) attempt.stream.sendEnd(this.trailers)
    else if (!this.isBlocked) this.takeBody()
  }

  private takeBody(): void {
    const { stream } = this
    if (stream !== undefined) this.owner.client.resumeBody(stream.bodyForm)
  }

  private expire(attempt: Attempt): void {
    attempt.expire()
    this.owner.remember(attempt)
  }

  /** Given up, though it may have come to something. */
  private drop(attempt: Attempt): void {
    if (attempt.isHedge) this.owner.services.counters.hedgesCancelled += 1
    attempt.abandon()
    this.owner.remember(attempt)
  }
}
