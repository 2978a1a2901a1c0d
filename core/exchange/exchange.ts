/**
 * One request and its response: a client's stream joined to streams of backends. It has attempts, one after the other
 * where a further one is safe, and one end. Between two streams it holds no bytes; whoever can't take more stops the other.
 */
import type { Verdict } from '../admission/admission.ts'
import type { Backend } from '../backend/backend.ts'
import type { Cancel } from '../clock.ts'
import type { ProtocolError } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { countStatus } from '../observe/counters.ts'
import { acquire, type Acquired, sourceOf } from '../pool/acquire.ts'
import type { Affinity } from '../pool/policy.ts'
import type { Pool } from '../pool/pool.ts'
import type { BackendStream, FailureCause } from '../stream/backend-stream.ts'
import type { ClientStream, Problem, RequestSink } from '../stream/client-stream.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { type PickSource, RequestContext } from './pick-context.ts'
import { problemOf, UNAVAILABLE } from './problems.ts'
import type { AttemptRecord, Ending } from './record.ts'
import { decideRetry, isIdempotent } from './retry.ts'
import { openTunnel } from './tunnel.ts'
import type { Geo, Route, Services, World } from './world.ts'

/**
 * 'waiting': for admission. 'trying': an attempt is under way, and nothing has been answered. 'responding': its response
 * is being passed on. 'tunnel': it is no longer HTTP. 'over': ended; nothing more happens.
 */
type Stage =
  | { readonly kind: 'waiting'; readonly cancel: Cancel }
  | { readonly kind: 'trying'; readonly attempt: Attempt }
  | { readonly kind: 'responding'; readonly attempt: Attempt; readonly status: number }
  | { readonly kind: 'tunnel' }
  | { readonly kind: 'over' }

const TUNNEL: Stage = { kind: 'tunnel' }
const OVER: Stage = { kind: 'over' }
const NOTHING: Stage = { kind: 'waiting', cancel: () => undefined }

export class Exchange implements RequestSink, AttemptOwner, PickSource {
  readonly services: Services
  private readonly client: ClientStream
  private readonly route: Route
  private readonly world: World
  /** Monotonic ms. */
  readonly startedAt: number
  private stage: Stage = NOTHING
  /** Backends that are not to be picked again: tried already, or at their cap. */
  private readonly tried: Backend[] = []
  /** Backends that this request was given to. */
  private backends = 0
  private trailers: FieldSection | undefined = undefined
  private requestBytes = 0
  private responseBytes = 0
  /** Attempts that are over; kept for observers alone. */
  private past: AttemptRecord[] | undefined = undefined

  /** Hears `client` from now on. Nothing happens before `begin`. */
  constructor(services: Services, client: ClientStream, route: Route, world: World) {
    this.services = services
    this.client = client
    this.route = route
    this.world = world
    this.startedAt = services.clock.now()
    client.sink = this
  }

  /** Goes on as `verdict` says. `head` holds the request's now. */
  begin(verdict: Verdict, head: RequestHead, now: number): void {
    switch (verdict.kind) {
      case 'admitted':
        this.tryNext(now, head, UNAVAILABLE)
        break
      case 'refused':
        this.refuse(verdict.problem)
        break
      case 'later':
        this.wait(verdict.wait)
        break
    }
  }

  /** `cancel` is in place before anything is decided: that comes in an event of its own. */
  private wait(wait: (decide: (verdict: Verdict) => void) => Cancel): void {
    const cancel = wait((verdict) => this.begin(verdict, this.client.readHead(), this.now()))
    this.stage = { kind: 'waiting', cancel }
  }

  now(): number {
    return this.services.clock.now()
  }

  // What a strategy's context is read from.

  get geo(): Geo | undefined {
    return this.world.geo
  }

  get affinity(): Affinity {
    return this.pool.affinity
  }

  // The request: what the client's stream tells.

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    this.requestBytes += end - start
    this.stream()?.sendBody(bytes, start, end)
  }

  onRequestEnd(trailers: FieldSection | undefined): void {
    this.trailers = trailers
    this.stream()?.sendEnd(trailers)
  }

  onRequestFault(error: ProtocolError): void {
    const { counters } = this.services
    if (error.status === 408) counters.clientTimeouts += 1
    else counters.badRequests += 1
    const { stage } = this
    this.giveUp()
    if (stage.kind === 'responding') this.truncate(stage.status)
    else this.refuse({ status: error.status, detail: error.message })
  }

  onClientBlocked(isBlocked: boolean): void {
    if (!isBlocked) this.stream()?.resumeResponse()
    // Not before: a backend that nobody listens to would be taken for slow. See `holdBack`.
    else if (this.stage.kind === 'responding') this.stream()?.pauseResponse()
  }

  onClientGone(): void {
    if (this.stage.kind === 'over') return
    this.giveUp()
    this.over({ kind: 'abandoned' })
  }

  // The response: what the attempt under way tells.

  onReady(attempt: Attempt): void {
    this.send(attempt, this.client.readHead())
  }

  onBackendBlocked(isBlocked: boolean): void {
    if (this.client.isWhole) return
    if (isBlocked) this.client.pauseBody()
    else this.takeBody()
  }

  onInterim(attempt: Attempt, head: ResponseHead): void {
    this.client.sendInterim(head)
    this.holdBack(attempt)
  }

  onResponse(attempt: Attempt, head: ResponseHead, body: BodyKind): void {
    const { status } = head
    if (status === 101) {
      this.switchProtocols(attempt, head)
      return
    }
    this.stage = { kind: 'responding', attempt, status }
    this.client.sendHead(head, body)
    this.holdBack(attempt)
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    this.responseBytes += end - start
    this.client.sendBody(bytes, start, end)
  }

  onResponseEnd(attempt: Attempt, trailers: FieldSection | undefined): void {
    const status = this.stage.kind === 'responding' ? this.stage.status : 0
    this.remember(attempt)
    this.over({ kind: 'answered', status })
    this.client.sendEnd(trailers)
  }

  onAttemptFailed(attempt: Attempt, cause: FailureCause, detail: string): void {
    this.remember(attempt)
    const { stage } = this
    if (stage.kind === 'responding') {
      this.services.counters.truncated += 1
      this.truncate(stage.status)
      return
    }
    // Nothing is taken from the client until another attempt can have it.
    if (!this.client.isWhole) this.client.pauseBody()
    const head = this.client.readHead()
    const retry = decideRetry({
      cause,
      wasReused: attempt.stream.isReused,
      hasResponseBegun: attempt.stream.hasBegun,
      isIdempotent: isIdempotent(head.method),
      hasSentBody: this.requestBytes > 0,
      backendsLeft: this.pool.retry.attempts - this.backends,
    })
    const problem = problemOf(cause, detail)
    if (retry === 'none') {
      this.refuse(problem)
      return
    }
    this.services.counters.retries += 1
    attempt.backend.counters.retries += 1
    if (retry === 'same') return this.tryAgain(attempt.backend, problem)
    this.tried.push(attempt.backend)
    this.tryNext(this.now(), head, problem)
  }

  /** Over a fresh connection, which will say when it can be sent on. */
  private tryAgain(backend: Backend, problem: Problem): void {
    const stream = sourceOf(this.pool, backend).open('fresh')
    if (stream === undefined) this.refuse(problem)
    else this.try({ backend, stream }, this.now(), true)
  }

  /** `last`: what to answer when nobody is left. */
  private tryNext(now: number, head: RequestHead, last: Problem): void {
    const { services, world, client, pool } = this
    const context = new RequestContext(head, client.peer.identityBy(world.identify), this, now)
    // A body is not kept, so its request can't be sent twice.
    const acquired = acquire(pool, context, this.tried, client.isWhole ? 'any' : 'checked')
    if (acquired === undefined) {
      if (last.status === 503) services.counters.unavailable += 1
      this.refuse(last)
      return
    }
    this.backends += 1
    const attempt = this.try(acquired, now, this.backends > 1)
    if (acquired.stream.isReused) this.send(attempt, head)
  }

  private try({ backend, stream }: Acquired, now: number, isRetry: boolean): Attempt {
    const attempt = new Attempt(this, this.pool.balancer.begin(backend, now, isRetry), stream, now)
    this.stage = { kind: 'trying', attempt }
    return attempt
  }

  /** Sends the head, and lets the body follow. */
  private send({ backend, stream }: Attempt, head: RequestHead): void {
    const { client, services, world } = this
    const rewrite = {
      client: client.peer.identityBy(world.identify),
      backendHost: backend.address.kind === 'tcp' ? backend.id : 'localhost',
      isUpgrade: client.isUpgrade,
      writeRequestId: services.writeRequestId,
    }
    stream.sendHead(head, rewrite, client.bodyForm)
    if (client.isWhole) stream.sendEnd(this.trailers)
    else this.takeBody()
  }

  private takeBody(): void {
    const stream = this.stream()
    if (stream !== undefined) this.client.resumeBody(stream.bodyForm)
  }

  /** A client that still has to take earlier responses was blocked before this one began, and does not say so again. */
  private holdBack({ stream }: Attempt): void {
    if (this.client.isBlocked) stream.pauseResponse()
  }

  private switchProtocols(attempt: Attempt, head: ResponseHead): void {
    const { client, services, world } = this
    if (!client.isUpgrade) {
      attempt.reject('the backend switched protocols unasked')
      return
    }
    this.stage = TUNNEL
    openTunnel({
      client: client.handOver(head),
      backend: attempt.stream.handOver(),
      edgeCounters: services.counters,
      target: attempt.backend,
      tunnelMs: world.timeouts.tunnelMs,
      onOver: () => {
        attempt.complete(this.now())
        this.remember(attempt)
        this.over({ kind: 'tunnel', status: 101 })
      },
    })
  }

  /** Answers with a response of our own. */
  private refuse(problem: Problem): void {
    this.over({ kind: 'refused', status: problem.status, detail: problem.detail })
    this.client.refuse(problem)
  }

  private truncate(status: number): void {
    this.over({ kind: 'truncated', status })
    this.client.cut()
  }

  /** Gives up what is under way, through no fault of any backend. */
  private giveUp(): void {
    const { stage } = this
    if (stage.kind === 'waiting') stage.cancel()
    if (stage.kind !== 'trying' && stage.kind !== 'responding') return
    stage.attempt.abandon()
    this.remember(stage.attempt)
  }

  /** The one end, on every path. The client's stream is ended by whoever calls this. */
  private over(ending: Ending): void {
    if (this.stage.kind === 'over') throw new Error('an exchange was ended twice')
    this.stage = OVER
    const { services, client, route } = this
    const { counters, observers } = services
    if (ending.kind === 'abandoned') counters.abandoned += 1
    else if (ending.status >= 200) countStatus(counters, ending.status)
    if (route.pool === undefined) counters.unrouted += 1
    if (observers.length === 0) return
    const record = {
      startedAt: this.startedAt,
      endedAt: this.now(),
      peer: client.peer,
      route: route.key,
      pool: route.pool?.name,
      ending,
      attempts: this.past ?? [],
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      readHead: () => client.readHead(),
    }
    for (const observe of observers) observe(record)
  }

  private remember(attempt: Attempt): void {
    if (this.services.observers.length > 0) (this.past ??= []).push(attempt.record())
  }

  /** Of the attempt under way. */
  private stream(): BackendStream | undefined {
    const { stage } = this
    return stage.kind === 'trying' || stage.kind === 'responding' ? stage.attempt.stream : undefined
  }

  private get pool(): Pool {
    const { pool } = this.route
    if (pool === undefined) throw new Error(`route ${this.route.key} admits requests, yet has no pool`)
    return pool
  }
}
