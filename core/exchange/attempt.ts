/** One try of one request at one backend: begun once, ended once, whatever happens. */
import type { Backend } from '../backend/backend.ts'
import type { Attempt as CountedAttempt } from '../balance/attempt.ts'
import type { PickExplanation } from '../balance/pick-recorder.ts'
import type { RequestRewrite } from '../forward/rewrite-request.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import { httpStatusOf } from '../http1/grpc.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Passage } from '../net/passage.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { BackendStream, FailureCause, ResponseSink } from '../stream/backend-stream.ts'
import type { BodyForm, HandedOver } from '../stream/body-form.ts'
import type { Outcome } from '../strategy/strategy.ts'
import { Alarm } from './alarm.ts'
import type { AttemptRecord } from './record.ts'
import { MOST_REFUSED } from './retry.ts'
import type { AttemptTrace, Trace } from './trace.ts'

/** The exchange, as its attempts see it. */
export interface AttemptOwner {
  /** undefined: nobody traces it. */
  readonly trace: Trace | undefined
  /** Monotonic ms. */
  now(): number
  /** The stream takes its head now. */
  onReady(attempt: Attempt): void
  onInterim(attempt: Attempt, head: ResponseHead): void
  onResponse(attempt: Attempt, head: ResponseHead, body: BodyKind): void
  onResponseBody(bytes: Buffer, start: number, end: number): void
  /** Where the rest of its body may go as it comes. */
  responsePassage(): Passage | undefined
  /** The response is whole, and the attempt over. */
  onResponseEnd(attempt: Attempt, trailers: FieldSection | undefined): void
  /** The attempt has come to nothing, and is over. */
  onAttemptFailed(attempt: Attempt, cause: FailureCause, detail: string): void
  onBackendBlocked(isBlocked: boolean): void
}

export class Attempt implements ResponseSink {
  stream: BackendStream
  /** Made beside another one that was slow. */
  isHedge = false
  /** Attempts of its request that were sent before it, to other backends. */
  previous = 0
  /** Times that its request was refused before. */
  refused = 0
  /** What its request says of the trace that it belongs to; undefined: what the client's does. */
  readonly trace: AttemptTrace | undefined
  /** Why it is that backend; undefined: nobody asked. */
  pick: PickExplanation | undefined = undefined
  private readonly owner: AttemptOwner
  private readonly counted: CountedAttempt
  /** When it could be sent on, which it was then; undefined: there is no connection yet. */
  private readyAt: number | undefined
  private respondedAt: number | undefined = undefined
  private outcome: Outcome | undefined = undefined
  private endedAt = 0
  /** Of the time for the response's head. */
  private alarm: Alarm | undefined = undefined

  /** Takes what `counted` has begun, and hears `stream` from now on. */
  constructor(owner: AttemptOwner, counted: CountedAttempt, stream: BackendStream, now: number) {
    this.owner = owner
    this.counted = counted
    this.stream = stream
    this.trace = owner.trace?.attempt()
    this.readyAt = stream.isReused ? now : undefined
    stream.sink = this
  }

  get backend(): Backend {
    return this.counted.backend
  }

  private get startedAt(): number {
    return this.counted.startedAt
  }

  /** ms since its begin. */
  elapsedMs(now: number): number {
    return now - this.startedAt
  }

  /** From now on it is the backend who is waited for: it fails when no response has begun within `tryMs`. */
  awaitResponse(now: number, wheel: TimerWheel, tryMs: number | undefined): void {
    this.counted.awaitResponse(now)
    if (tryMs !== undefined) this.limit(wheel, tryMs)
  }

  private limit(wheel: TimerWheel, ms: number): void {
    this.alarm = new Alarm(wheel, ms, () => {
      if (this.readyAt !== undefined) this.reject('timeout', `no response within ${ms} ms`)
      else this.reject('connect', `no connection within ${ms} ms`)
    })
  }

  sendHead(head: RequestHead, rewrite: RequestRewrite, form: BodyForm): void {
    this.stream.sendHead(head, rewrite, form)
  }

  /** Its connection carries bytes from now on, and no message: as if it had been answered with a 101. */
  join(): HandedOver {
    const now = this.owner.now()
    this.alarm?.cancel()
    this.respondedAt = now
    this.counted.respond(101, now)
    return this.stream.handOver()
  }

  onMoved(stream: BackendStream): void {
    this.stream = stream
  }

  onConnected(): void {
    const now = this.owner.now()
    this.readyAt = now
    this.backend.latency.recordConnect(now - this.startedAt)
    this.owner.onReady(this)
  }

  onInterim(head: ResponseHead): void {
    this.owner.onInterim(this, head)
  }

  onResponse(head: ResponseHead, body: BodyKind): void {
    const now = this.owner.now()
    this.alarm?.cancel()
    this.respondedAt = now
    this.counted.respond(head.status, now)
    this.owner.onResponse(this, head, body)
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.owner.onResponseBody(bytes, start, end)
  }

  passage(): Passage | undefined {
    return this.owner.responsePassage()
  }

  onBackendBlocked(isBlocked: boolean): void {
    this.owner.onBackendBlocked(isBlocked)
  }

  onResponseEnd(trailers: FieldSection | undefined): void {
    this.complete(this.owner.now())
    this.owner.onResponseEnd(this, trailers)
  }

  onFailure(cause: FailureCause, detail: string, words?: string): void {
    const now = this.owner.now()
    const elapsedMs = now - this.startedAt
    const tls = words === undefined ? undefined : { tls: words }
    // A backend that has no room or leaves is not at fault; one that refuses and refuses is.
    const isNoFault = cause === 'local' || (this.stream.wasRefused === true && this.refused < MOST_REFUSED)
    this.end(isNoFault ? { kind: 'local', elapsedMs } : { kind: 'failed', cause, elapsedMs, ...tls }, now)
    this.owner.onAttemptFailed(this, cause, detail)
  }

  /** What came back is of no use, or nothing did, though the connection lives: the backend's fault. */
  reject(cause: FailureCause, detail: string): void {
    this.stream.abort()
    this.onFailure(cause, detail)
  }

  /** Nobody waits for it any more, through no fault of the backend's. */
  abandon(): void {
    this.stream.abort()
    const now = this.owner.now()
    this.end({ kind: 'abandoned', elapsedMs: now - this.startedAt }, now)
  }

  /** Nobody waits for it any more, since the backend was too slow. */
  expire(): void {
    this.stream.abort()
    const now = this.owner.now()
    this.end({ kind: 'failed', cause: 'timeout', elapsedMs: now - this.startedAt }, now)
  }

  /** Answered whole. A tunnel's length says nothing of how fast the backend is: its handshake does. */
  complete(now: number): void {
    const at = this.counted.status === 101 ? (this.respondedAt ?? now) : now
    // A call of gRPC says in its trailers what it has come to; its response is always a 200.
    const { grpcStatus } = this.stream
    const status = grpcStatus === undefined ? this.counted.status : httpStatusOf(grpcStatus)
    this.end({ kind: 'completed', status, elapsedMs: at - this.startedAt }, now)
  }

  /** Joined, it was reset before a byte had come back. */
  lose(now: number): void {
    this.end({ kind: 'failed', cause: 'reset', elapsedMs: now - this.startedAt }, now)
  }

  private end(outcome: Outcome, now: number): void {
    this.alarm?.cancel()
    this.outcome = outcome
    this.endedAt = now
    this.counted.end(outcome, now)
  }

  /** To be asked for once it is over. */
  record(): AttemptRecord {
    const { backend, isHedge, startedAt, readyAt, respondedAt, endedAt, outcome, pick, trace } = this
    if (outcome === undefined) throw new Error(`the attempt at ${backend.id} is not over`)
    const spanId = trace?.spanId
    const { grpcStatus } = this.stream
    return { backend: backend.id, isHedge, startedAt, readyAt, respondedAt, endedAt, outcome, grpcStatus, pick, spanId }
  }
}
