/**
 * One request and its response: a client's stream joined to streams of backends. It has attempts, which `Tries` makes until
 * a response can be passed on, and one end. Between two streams it holds no bytes but those of a small body that another
 * attempt may need; whoever can't take more stops the other.
 */
import type { Asked, Subject, Verdict } from '../admission/admission.ts'
import { withLines } from '../admission/in-order.ts'
import type { Pass } from '../admission/pass.ts'
import type { Cancel } from '../clock.ts'
import type { ProtocolError } from '../errors.ts'
import { markNames } from '../forward/forwarded-fields.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Passage } from '../net/passage.ts'
import type { RefusalReason } from '../observe/counters.ts'
import type { MethodClass } from '../observe/route-traffic.ts'
import type { Affinity } from '../pool/policy.ts'
import type { BackendStream, FailureCause } from '../stream/backend-stream.ts'
import type { ClientStream, Problem, RequestSink } from '../stream/client-stream.ts'
import { Alarm } from './alarm.ts'
import type { Attempt } from './attempt.ts'
import { countCall, countEnding, countRefusal } from './count-ending.ts'
import { type Limit, limitOf } from './limit.ts'
import { problemOf } from './problems.ts'
import type { AttemptRecord, Ending } from './record.ts'
import { NOTHING, OVER, type Stage, TRYING } from './stage.ts'
import { Tries, type TriesOwner } from './tries.ts'
import { tellClient } from './tell-client.ts'
import type { Trace } from './trace.ts'
import { openTunnel, type TunnelEnds, type TunnelOwner } from './tunnel.ts'
import type { Geo, Route, Services, World } from './world.ts'

export class Exchange implements Asked, RequestSink, TriesOwner, TunnelOwner {
  readonly services: Services
  readonly client: ClientStream
  readonly route: Route
  readonly world: World
  /** Monotonic ms. */
  readonly startedAt: number
  /** To be set before it begins. */
  method: MethodClass = 0
  limit: Limit | undefined = undefined
  private limitAlarm: Alarm | undefined = undefined
  private stage: Stage = NOTHING
  private readonly tries: Tries
  subject: Subject | undefined = undefined
  pass: Pass | undefined = undefined
  /** undefined: nobody traces it. */
  trace: Trace | undefined = undefined
  requestBytes = 0
  hasInterim = false
  explaining: TriesOwner['explaining'] = undefined
  responseBytes = 0
  /** Attempts that are over; kept for observers alone. */
  private past: AttemptRecord[] | undefined = undefined

  /** Hears `client` from now on. Nothing happens before `begin`. */
  constructor(services: Services, client: ClientStream, route: Route, world: World) {
    this.services = services
    this.client = client
    this.route = route
    this.world = world
    this.startedAt = services.clock.now()
    this.tries = new Tries(this)
    client.sink = this
  }

  /** Whether there is time left for it, which runs from now on; else it is over, and answered. `head` holds the request's now. */
  hasTime(head: RequestHead): boolean {
    const { timeouts } = this.route
    const limit = timeouts && limitOf(timeouts, head, this.services.clock)
    if (limit === undefined) return true
    const leftMs = limit.at - this.startedAt
    this.limit = limit
    if (leftMs > 0) this.limitAlarm = new Alarm(this.services.wheel, leftMs, () => this.expire(limit))
    else this.expire(limit)
    return leftMs > 0
  }

  /** Goes on as `verdict` says. `head` holds the request's now. */
  begin(verdict: Verdict, head: RequestHead, now: number): void {
    if (verdict.kind === 'refused') this.refuse(verdict.problem, verdict.reason)
    else if (verdict.kind === 'later') this.wait(verdict.wait)
    else {
      this.pass = verdict.pass
      this.stage = TRYING
      this.tries.start(now, head)
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

  get identity(): ClientIdentity {
    return this.client.peer.identityBy(this.world.identify)
  }

  get geo(): Geo | undefined {
    return this.world.geo
  }

  get affinity(): readonly Affinity[] {
    return this.tries.pool.affinity
  }

  // The request: what the client's stream tells.

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const { stage } = this
    this.requestBytes += end - start
    if (stage.kind === 'trying') this.tries.passBody(bytes, start, end)
    else if (stage.kind === 'responding') stage.attempt.stream.sendBody(bytes, start, end)
  }

  passage(): Passage | undefined {
    const wire = this.tries.keepsBody ? undefined : this.stream()?.bodyWire
    return wire && { wire, onPassed: (length) => void (this.requestBytes += length) }
  }

  onRequestEnd(trailers: FieldSection | undefined): void {
    const { stage, pass } = this
    // A backend that merges trailers into the head would take them for ours; marked once, they go along with no attempt.
    if (trailers !== undefined && pass?.requestDrops !== undefined) markNames(trailers, pass.requestDrops)
    if (stage.kind === 'trying') this.tries.passEnd(trailers)
    else if (stage.kind === 'responding') stage.attempt.stream.sendEnd(trailers)
  }

  onRequestFault(error: ProtocolError): void {
    const { counters } = this.services
    if (error.status === 408) counters.clientTimeouts += 1
    else if (error.status === 413) countRefusal('body', this)
    else counters.badRequests += 1
    this.giveUp()
    this.fail({ status: error.status, detail: error.message })
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

  // The response: what attempts under way tell.

  onReady(attempt: Attempt): void {
    const { client, tries } = this
    if (client.join === undefined) tries.onReady(attempt)
    else this.carry(attempt, { client: client.join(), backend: tries.join(attempt) })
  }

  onBackendBlocked(isBlocked: boolean): void {
    const { client, stage } = this
    if (client.isWhole) return
    if (isBlocked) client.pauseBody()
    if (stage.kind === 'trying') this.tries.onBlocked(isBlocked)
    else if (stage.kind === 'responding' && !isBlocked) client.resumeBody(stage.attempt.stream.bodyForm)
  }

  onInterim(attempt: Attempt, head: ResponseHead): void {
    // The one that it stands beside may have told the same.
    if (attempt.isHedge) return
    this.hasInterim = true
    this.client.sendInterim(head)
    this.holdBack(attempt)
  }

  onResponse(attempt: Attempt, head: ResponseHead, body: BodyKind): void {
    const { status } = head
    if (status === 101) {
      this.switchProtocols(attempt, head)
      return
    }
    if (this.tries.passesOver(attempt, head, body)) return
    this.tries.settle(attempt, head)
    this.stage = { kind: 'responding', attempt, status }
    if (this.pass !== undefined) tellClient(head, this.pass)
    this.client.sendHead(head, body)
    this.holdBack(attempt)
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    this.responseBytes += end - start
    this.client.sendBody(bytes, start, end)
  }

  responsePassage(): Passage | undefined {
    const wire = this.client.bodyWire
    return wire && { wire, onPassed: (length) => void (this.responseBytes += length) }
  }

  onResponseEnd(attempt: Attempt, trailers: FieldSection | undefined): void {
    const status = this.stage.kind === 'responding' ? this.stage.status : 0
    countCall(this, attempt)
    this.remember(attempt)
    this.over({ kind: 'answered', status })
    this.client.sendEnd(trailers)
  }

  onAttemptFailed(attempt: Attempt, cause: FailureCause, detail: string): void {
    if (this.stage.kind !== 'responding') return this.tries.onFailed(attempt, cause, detail)
    this.remember(attempt)
    this.services.counters.truncated += 1
    this.truncate(this.stage.status, problemOf(cause, detail, attempt.stream.grpcStatusOfReset))
  }

  onNobodyLeft(problem: Problem): void {
    this.refuse(problem)
  }

  /** A client that still has to take earlier responses was blocked before this one began, and does not say so again. */
  private holdBack({ stream }: Attempt): void {
    if (this.client.isBlocked) stream.pauseResponse()
  }

  private switchProtocols(attempt: Attempt, head: ResponseHead): void {
    const { client } = this
    if (!client.isUpgrade) {
      attempt.reject('protocol', 'the backend switched protocols unasked')
      return
    }
    this.tries.settle(attempt, head)
    if (this.pass !== undefined) tellClient(head, this.pass)
    this.carry(attempt, { client: client.handOver(head), backend: attempt.stream.handOver() })
  }

  private carry(attempt: Attempt, ends: TunnelEnds): void {
    this.limitAlarm?.cancel()
    this.stage = { kind: 'tunnel', attempt }
    openTunnel(this, attempt, ends)
  }

  onTunnelOver(attempt: Attempt, isLost: boolean): void {
    if (isLost) attempt.lose(this.now())
    else attempt.complete(this.now())
    this.remember(attempt)
    this.over({ kind: isLost ? 'truncated' : 'tunnel', status: 101 })
  }

  /** It has taken as long as it may. */
  private expire({ by, detail }: Limit): void {
    const { counters } = this.services
    counters.requestTimeouts += 1
    // Of a request that is still being sent the client is to blame.
    this.giveUp(by === 'route' && this.client.isWhole)
    this.fail({ status: 504, detail })
  }

  /** Answers with a response of our own, or cuts the one that has begun. */
  private fail(problem: Problem): void {
    if (this.stage.kind === 'responding') this.truncate(this.stage.status, problem)
    else this.refuse(problem)
  }

  private refuse(problem: Problem, reason?: RefusalReason): void {
    const { status, detail } = problem
    if (reason !== undefined) countRefusal(reason, this)
    const answer = withLines(problem, this.pass?.responseLines)
    if (this.isHeardOf) this.responseBytes = this.client.contentBytes(answer)
    this.over({ kind: 'refused', status, detail, ...(reason && { reason }) })
    this.client.refuse(answer)
  }

  private truncate(status: number, problem: Problem): void {
    this.over({ kind: 'truncated', status })
    this.client.cut(problem)
  }

  /** Gives up what is under way. `isTooSlow`: that nothing has been answered is the backend's fault, else nobody's. */
  private giveUp(isTooSlow = false): void {
    const { stage } = this
    if (stage.kind === 'waiting') stage.cancel()
    if (stage.kind === 'trying') this.tries.giveUp(isTooSlow)
    if (stage.kind !== 'responding') return
    stage.attempt.abandon()
    this.remember(stage.attempt)
  }

  /** The one end, on every path. The client's stream is ended by whoever calls this. */
  private over(ending: Ending): void {
    const now = this.now()
    this.close(ending.kind === 'abandoned' ? 0 : ending.status, now)
    if (this.isHeardOf) this.tell(ending, now)
  }

  /** `status`: 0: the client left first. */
  private close(status: number, now: number): void {
    const { stage } = this
    if (stage.kind === 'over') throw new Error('an exchange was ended twice')
    this.stage = OVER
    this.limitAlarm?.cancel()
    this.pass?.release?.()
    countEnding(status, this, 'attempt' in stage ? stage.attempt.backend : undefined, now)
  }

  /** Apart, so that an ending which nobody hears of is never made an object. */
  private tell(ending: Ending, now: number): void {
    const record = {
      startedAt: this.startedAt,
      endedAt: now,
      client: this.client,
      line: this.client.readLine(),
      identity: this.identity,
      subject: this.subject,
      route: this.route.key,
      pool: this.route.pool?.name,
      ending,
      attempts: this.past ?? [],
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      trace: this.trace,
      explanation: this.explaining,
    }
    for (const observe of this.services.observers) observe(record)
    if (this.trace?.spanId !== undefined) this.trace.end(record)
    if (this.explaining !== undefined) this.world.explainer?.observe(record)
  }

  remember(attempt: Attempt): void {
    if (this.isHeardOf) (this.past ??= []).push(attempt.record())
  }

  private get isHeardOf(): boolean {
    const { services, trace, explaining } = this
    return services.observers.length > 0 || trace?.spanId !== undefined || explaining !== undefined
  }

  /** Of the attempt under way. */
  private stream(): BackendStream | undefined {
    if (this.stage.kind === 'trying') return this.tries.stream
    return this.stage.kind === 'responding' ? this.stage.attempt.stream : undefined
  }
}
