/**
 * One HTTP/1 connection to a backend, and the stream of the one request it has at a time: reads what comes back as
 * strictly as a client's message, and tells the sink. It may serve another request only when both messages ended where
 * their heads said they would.
 */
import { ProtocolError, protocolErrorOf } from '../errors.ts'
import { type RequestRewrite, requestHeadRoom, writeRequestHead } from '../forward/rewrite-request.ts'
import { createBodyReader } from '../http1/body-reader.ts'
import { INCOMPLETE, type FieldSection } from '../http1/field-section.ts'
import { frameResponse } from '../http1/framing.ts'
import { HeadBuffer } from '../http1/head-buffer.ts'
import { advance, BACKEND_TIMEOUTS } from '../http1/lifecycle.ts'
import { MAX_INTERIMS } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { lastChunk } from '../http1/trailers.ts'
import type { Idle } from '../net/budget.ts'
import { Place } from '../net/linked-list.ts'
import { commit, outbox } from '../net/outbox.ts'
import { hasNews } from '../net/news.ts'
import { openPassage } from '../net/passage.ts'
import { retained } from '../net/retained.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import { Wire } from '../net/wire.ts'
import type { ConnectFailure, WireOwner } from '../net/wire-owner.ts'
import type { BackendStream, FailureCause, ResponseSink } from '../stream/backend-stream.ts'
import type { BodyForm, HandedOver } from '../stream/body-form.ts'
import type { Begun, LendingOwner } from './connection-owner.ts'
import { CLOSED, CONNECTING, HEAD_DUE, IDLE, type State, TUNNEL, WHOLE } from './http1-states.ts'
import { cutWords, lateWords, misreadWords, progressOf } from './words.ts'
import { writeChunk } from './write-chunk.ts'

export class Http1Connection implements WireOwner, BackendStream, Idle {
  readonly wire: Wire
  readonly begun: Begun
  /** Monotonic ms, coarse. */
  openedAt = 0
  /** Where it waits while it is idle: among those to its backend, and among all. */
  readonly inPool = new Place<Http1Connection>(this)
  readonly inBudget = new Place<Idle>(this)
  sink: ResponseSink | undefined = undefined
  hasBegun = false
  /** Of the request that it is opened for, and of the wait behind it; its pool says which. */
  timeouts: BackendTimeouts
  private readonly owner: LendingOwner<Http1Connection>
  private state: State = CONNECTING
  /** Requests sent on it; one more where it was kept before the first. */
  uses = 0
  private isGone = false
  // Of the request under way.
  private isHeadRequest = false
  private isChunkedRequest = false
  private isRequestSent = false
  /** 1xx responses so far. */
  private interims = 0
  /** The form in which the sink wants a chunked response. */
  private responseForm: BodyForm = 'chunks'
  /** What becomes of the connection behind this response; 'ends': the backend closes it, as its head says. */
  private behind: 'kept' | 'ends' | 'closed' = 'closed'

  /** `wire`: opened for it already; absent: one of its own, to be dialled. */
  constructor(owner: LendingOwner<Http1Connection>, begun: Begun = {}, wire?: Wire) {
    this.owner = owner
    this.begun = begun
    this.timeouts = owner.timeouts
    this.wire = wire ?? new Wire(this, owner.wheel)
    this.wire.owner = this
  }

  get bodyForm(): BodyForm {
    return this.owner.bodyForm
  }

  /** Where others of its pool speak HTTP/2. */
  get takesNoCalls(): boolean {
    return this.bodyForm === 'data'
  }

  /** Until its first request is sent it is not; while that of a kept connection is being sent it is. */
  get isReused(): boolean {
    return this.uses > 1 || (this.uses === 1 && this.state.kind === 'idle')
  }

  sendHead(head: RequestHead, rewrite: RequestRewrite, form: BodyForm): void {
    this.state = advance(this.state, 'begins', HEAD_DUE)
    this.isHeadRequest = head.isHead
    this.isChunkedRequest = head.fields.isChunked
    this.responseForm = form
    this.isRequestSent = false
    this.hasBegun = false
    this.interims = 0
    this.uses += 1
    this.rearm()
    const at = this.wire.reserve(requestHeadRoom(head, rewrite))
    commit(writeRequestHead(outbox.bytes, at, head, rewrite))
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (this.isChunkedRequest && this.bodyForm === 'data') writeChunk(this.wire, bytes, start, end)
    else this.wire.write(bytes, start, end)
  }

  get bodyWire(): Wire | undefined {
    return this.isChunkedRequest ? undefined : this.wire
  }

  sendEnd(trailers: FieldSection | undefined): void {
    if (this.isChunkedRequest) {
      const end = lastChunk(trailers)
      this.wire.write(end, 0, end.length)
    }
    this.isRequestSent = true
    if (this.state.kind === 'head') this.rearm()
  }

  pauseResponse(): void {
    this.wire.pause()
    if (this.state.kind === 'body') this.rearm()
  }

  resumeResponse(): void {
    this.wire.resume()
    if (this.state.kind === 'body') this.rearm()
  }

  /** Cut, so that the backend stops working for nobody; kept where nothing has been sent to it. */
  abort(): void {
    const wasConnecting = this.state.kind === 'connecting'
    const isUnused = this.state.kind === 'idle' && this.sink !== undefined
    this.sink = undefined
    if (isUnused && this.owner.onUnused(this)) return
    this.state = advance(this.state, 'closes', CLOSED)
    this.wire.destroy()
    // A connect that is given up ends without a further word.
    if (wasConnecting) this.onClose()
  }

  handOver(): HandedOver {
    const early = this.state.kind === 'whole' ? this.state.early : undefined
    this.state = advance(this.state, 'isHandedOver', TUNNEL)
    this.sink = undefined
    this.wire.disarm()
    return { wire: this.wire, connection: this, early }
  }

  /** Its time is over: an exchange fails, a tunnel is reset. */
  cut(): void {
    if (this.state.kind === 'tunnel') this.wire.destroy()
    else this.fail('reset', 'the backend was removed and its drain time is over')
  }

  /** Nobody needs it, and nothing is under way; one that waits for its backend to close does so no longer. */
  discard(): void {
    this.state = advance(this.state, 'closes', CLOSED)
    if (this.isGone) this.wire.destroy()
    else this.wire.discard()
    this.leave()
  }

  // The wire reports.

  onOpen(): void {
    this.openedAt = this.owner.wheel.now
    this.state = advance(this.state, 'opens', IDLE)
    this.sink?.onConnected()
  }

  onConnectError({ isLocal, detail, words }: ConnectFailure): void {
    this.fail(isLocal ? 'local' : 'connect', detail, words)
  }

  onData(bytes: Buffer): void {
    this.owner.counters.bytesFromBackend += bytes.length
    const { kind } = this.state
    if (kind === 'head') this.hasBegun = true
    if (kind === 'head' || kind === 'body') this.read(bytes)
    // An answer that nobody asked for must not become the next request's.
    else if (kind === 'idle') this.discard()
  }

  onRelayed(length: number): void {
    this.owner.counters.bytesFromBackend += length
    if (this.state.kind !== 'body') return
    const { reader, passage } = this.state
    reader.skip(length)
    passage?.onPassed(length)
    if (!reader.isDone) return this.rearm()
    // What follows a response belongs to nobody, and was not read with it here.
    if (hasNews(this.wire)) this.behind = 'closed'
    this.complete(undefined)
  }

  onSent(length: number): void {
    this.owner.counters.bytesToBackend += length
  }

  onBlocked(): void {
    this.rearm()
    this.sink?.onBackendBlocked(true)
  }

  onDrained(): void {
    if (this.state.kind !== 'body') this.rearm()
    this.sink?.onBackendBlocked(false)
  }

  onEnd(): void {
    const { state } = this
    if (state.kind === 'body' && state.framing === 'until-close') this.complete(undefined)
    else if (state.kind === 'body') this.fail('reset', 'the backend closed in the middle of its response')
    else if (state.kind === 'head') this.fail('reset', `the backend closed ${progressOf(state, this.interims)}`)
    this.discard()
  }

  onClose(): void {
    const { state } = this
    const cut = cutWords(this.wire.alert)
    if (state.kind === 'head') this.fail('reset', `${cut} ${progressOf(state, this.interims)}`)
    else if (state.kind === 'body') this.fail('reset', `${cut} in the middle of its response`)
    this.state = advance(this.state, 'closes', CLOSED)
    this.leave()
    this.owner.onClosed(this)
  }

  onTimeout(): void {
    const { kind } = this.state
    if (kind === 'idle') return this.discard()
    const words = lateWords(kind, this.wire.isBlocked, this.timeouts)
    if (words !== undefined) this.fail('timeout', words)
  }

  /** Arms the timeout of the state it is in; none while the client holds things up. */
  rearm(): void {
    const { kind } = this.state
    const isHeldUp = (kind === 'head' && !this.isRequestSent) || (kind === 'body' && this.wire.isPaused)
    const name = this.wire.isBlocked ? 'idleMs' : isHeldUp ? undefined : BACKEND_TIMEOUTS[kind]
    if (name === undefined) this.wire.disarm()
    else this.wire.arm(this.timeouts[name])
  }

  /** Frees its place, once. */
  private leave(): void {
    if (this.isGone) return
    this.isGone = true
    this.owner.onGone(this)
  }

  /** Ends the exchange without a (whole) response, and the connection with it. */
  private fail(cause: FailureCause, detail: string, words?: string): void {
    const { sink } = this
    this.abort()
    // Its place is free before anybody tries again.
    this.leave()
    sink?.onFailure(cause, detail, words)
  }

  private read(bytes: Buffer): void {
    try {
      if (this.state.kind === 'head') this.readHeads(bytes)
      else this.readBody(bytes, 0)
    } catch (error) {
      this.fail('protocol', misreadWords(protocolErrorOf(error).message, bytes))
    }
  }

  private readHeads(piece: Buffer): void {
    const { head, limits } = this.owner
    const buffer = this.state.kind === 'head' ? this.state.buffer : undefined
    const bytes = buffer === undefined ? piece : buffer.push(piece, limits.maxHeadBytes)
    if (bytes === undefined) return
    this.state = HEAD_DUE
    let position = 0
    while (this.state.kind === 'head' && position < bytes.length) {
      const start = position
      position = head.parse(bytes, start, bytes.length, limits)
      if (position === INCOMPLETE) return void (this.state = { kind: 'head', buffer: new HeadBuffer(bytes, start) })
      // It reads on by itself. By the time it returns, this may have another request, and be in its 'head' phase.
      if (head.status >= 200 || head.status === 101) return this.readFinal(head, bytes, position)
      this.interims += 1
      if (this.interims > MAX_INTERIMS) throw new ProtocolError(`more than ${MAX_INTERIMS} interim responses came`)
      this.sink?.onInterim(head)
    }
  }

  private readFinal(head: ResponseHead, bytes: Buffer, position: number): void {
    const framing = frameResponse(head.fields, head.status, this.isHeadRequest)
    const isOver = framing === 'until-close' || head.status === 101
    this.behind = isOver ? 'closed' : head.allowsKeepAlive ? 'kept' : 'ends'
    if (head.status === 101) {
      const early = position < bytes.length ? retained(bytes.subarray(position)) : undefined
      this.state = advance(this.state, 'ends', { kind: 'whole', early })
      this.sink?.onResponse(head, framing)
      return
    }
    const length = framing === 'length' ? head.fields.contentLength : 0
    const isHere = framing === 'length' && position + length <= bytes.length
    const isChunksForm = this.responseForm === 'chunks'
    const reader = isHere ? undefined : createBodyReader(framing, length, this.owner.limits, isChunksForm)
    if (reader === undefined) {
      this.state = advance(this.state, 'ends', WHOLE)
      this.sink?.onResponse(head, framing)
      if (length > 0) this.sink?.onBody(bytes, position, position + length)
      if (this.state === WHOLE) this.endAt(bytes, position + length, undefined)
      return
    }
    const body: State = { kind: 'body', framing, reader, passage: undefined }
    this.state = advance(this.state, 'bodyBegins', body)
    this.sink?.onResponse(head, framing)
    if (this.state === body) this.readBody(bytes, position)
  }

  private readBody(bytes: Buffer, start: number): void {
    const { state, sink } = this
    if (state.kind !== 'body' || sink === undefined) return
    const { reader } = state
    const position = reader.read(bytes, start, bytes.length, sink)
    if (this.state !== state) return
    if (reader.isDone) this.endAt(bytes, position, reader.trailers)
    else this.rearm()
    if (this.state !== state) return
    const progress = { piece: bytes.length, remaining: reader.remaining }
    state.passage = openPassage(this.wire, progress, this.owner.pipes, sink)
  }

  private endAt(bytes: Buffer, position: number, trailers: FieldSection | undefined): void {
    // What follows a response belongs to nobody; a backend that sends it can't be trusted with another request.
    if (position < bytes.length) this.behind = 'closed'
    this.complete(trailers)
  }

  /** The response is whole: frees the connection before the exchange hears of it, so that its client's next can have it. */
  private complete(trailers: FieldSection | undefined): void {
    const { sink } = this
    this.sink = undefined
    if (this.state.kind === 'body') this.state = advance(this.state, 'ends', WHOLE)
    const isClean = this.isRequestSent && !this.wire.isBlocked
    if (isClean && this.behind === 'kept' && this.owner.onIdle(this)) {
      this.state = advance(this.state, 'isReleased', IDLE)
      this.wire.resume()
      this.rearm()
    } else if (isClean && this.behind === 'ends') {
      this.state = advance(this.state, 'closes', CLOSED)
      this.wire.closeBehind()
      this.leave()
    } else {
      this.discard()
    }
    sink?.onResponseEnd(trailers)
  }
}
