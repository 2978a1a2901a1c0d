/**
 * One connection to a backend: takes one request at a time, reads what comes back as strictly as a client's message, and
 * tells its exchange. It may serve another exchange only when both messages ended where their heads said they would.
 */
import { ProtocolError } from '../errors.ts'
import type { BodyReader, BodySink } from '../http1/body.ts'
import { createBodyReader } from '../http1/body-reader.ts'
import { INCOMPLETE, type FieldSection } from '../http1/field-section.ts'
import { type BodyKind, frameResponse } from '../http1/framing.ts'
import { HeadBuffer } from '../http1/head-buffer.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { TimerWheel } from './timer-wheel.ts'
import type { BackendTimeouts } from './timeouts.ts'
import { Wire, type WireOwner } from './wire.ts'

/** Why an attempt failed, as strategies and counters name it. */
export type FailureCause = 'connect' | 'timeout' | 'reset' | 'protocol'

/** Who sent the request and takes the response. */
export interface ResponseSink extends BodySink {
  /** The connection is there: send the request. Not called for one that was open already. */
  onConnected(): void
  /** A 1xx response other than 101; more follows. The head is valid until the call returns. */
  onInterim(head: ResponseHead): void
  /** The final response's head, or a 101. */
  onResponse(head: ResponseHead, kind: BodyKind): void
  /** The response is whole. The connection is already free for others, or gone. */
  onResponseEnd(trailers: FieldSection | undefined): void
  /** There will be no (more) response. The connection is gone. */
  onFailure(cause: FailureCause, detail: string): void
  /** The backend takes the request too slowly (true) or has caught up (false). */
  onBackendBlocked(isBlocked: boolean): void
}

/** What a connection needs of its pool. */
export interface BackendConnectionOwner {
  /** The parser of this process, shared: what it holds is valid within one event. */
  readonly head: ResponseHead
  readonly limits: HttpLimits
  readonly timeouts: BackendTimeouts
  readonly wheel: TimerWheel
  readonly counters: { bytesToBackend: number; bytesFromBackend: number }
  /** The connection is free: keep it (true) or have it closed. */
  onIdle(connection: BackendConnection): boolean
  /** It is gone, or of no use any more: its place is free. May be said twice. */
  onConnectionClosed(connection: BackendConnection): void
}

/**
 * 'connecting' until it is open; 'idle' in the pool; 'head' and 'body' of a response; 'handed-over' to a tunnel; 'over'
 * when nothing that still comes from it counts.
 */
type Phase = 'connecting' | 'idle' | 'head' | 'body' | 'handed-over' | 'over'

export class BackendConnection implements WireOwner {
  readonly wire: Wire
  /** Responses begun on it; more than one: it was reused. */
  uses = 0
  private readonly owner: BackendConnectionOwner
  private phase: Phase = 'connecting'
  private sink: ResponseSink | undefined
  private isHeadRequest = false
  private keepsChunks = true
  /** Whether the request of this exchange has been sent to its end. */
  private isRequestSent = false
  private headBuffer: HeadBuffer | undefined = undefined
  private reader: BodyReader | undefined = undefined
  private kind: BodyKind = 'none'
  private isReusable = false
  private hasResponseBytes = false
  /** Bytes that came right behind a 101. */
  private early: Buffer | undefined = undefined

  constructor(owner: BackendConnectionOwner, sink: ResponseSink) {
    this.owner = owner
    this.sink = sink
    this.wire = new Wire(this, owner.wheel)
    this.wire.arm(owner.timeouts.connectMs)
  }

  /** Whether any byte of a response to the current request has come. */
  get hasBegun(): boolean {
    return this.hasResponseBytes
  }

  /** Begins an exchange on an open connection. `keepsChunks`: see createBodyReader. */
  begin(sink: ResponseSink, isHeadRequest: boolean, keepsChunks: boolean): void {
    this.sink = sink
    this.phase = 'head'
    this.isHeadRequest = isHeadRequest
    this.keepsChunks = keepsChunks
    this.isRequestSent = false
    this.hasResponseBytes = false
    this.uses += 1
    this.wire.disarm()
  }

  /** The request has been sent whole: from now on the backend is the one to wait for. */
  requestSent(): void {
    this.isRequestSent = true
    if (this.phase === 'head') this.wire.arm(this.owner.timeouts.responseMs)
  }

  /** The client can't take more for now. */
  pauseResponse(): void {
    this.wire.pause()
    if (this.phase === 'body') this.wire.disarm()
  }

  resumeResponse(): void {
    this.wire.resume()
    if (this.phase === 'body') this.wire.arm(this.owner.timeouts.idleMs)
  }

  /** The exchange has no use for it any more: cut, so that the backend stops working for nobody. */
  abort(): void {
    this.sink = undefined
    this.phase = 'over'
    this.wire.destroy()
  }

  /** Its time is over: an exchange fails, a tunnel is reset. */
  cut(): void {
    if (this.phase === 'handed-over') this.wire.destroy()
    else this.fail('reset', 'the backend was removed and its drain time is over')
  }

  /** Nobody needs it, and nothing is under way. */
  discard(): void {
    this.phase = 'over'
    this.wire.discard()
    this.owner.onConnectionClosed(this)
  }

  /** Gives the wire to a tunnel; returns what came right behind the 101. The new owner says `onClose` here at the end. */
  handOver(): Buffer | undefined {
    const { early } = this
    this.phase = 'handed-over'
    this.sink = undefined
    this.early = undefined
    this.wire.disarm()
    return early
  }

  // The wire reports.

  onOpen(): void {
    // Bun can't cancel a connect: one that comes when nobody waits for it any more is cut here.
    if (this.phase === 'connecting' && this.sink !== undefined) this.sink.onConnected()
    else this.wire.destroy()
  }

  onConnectError(reason: string): void {
    if (this.phase === 'connecting') this.fail('connect', reason)
    this.onClose()
  }

  onData(bytes: Buffer): void {
    this.owner.counters.bytesFromBackend += bytes.length
    switch (this.phase) {
      case 'head':
        this.hasResponseBytes = true
        this.read(bytes)
        break
      case 'body':
        this.read(bytes)
        break
      case 'idle':
        // An answer that nobody asked for must not become the next request's.
        this.discard()
        break
      case 'connecting':
      case 'handed-over':
      case 'over':
    }
  }

  onSent(length: number): void {
    this.owner.counters.bytesToBackend += length
  }

  onBlocked(): void {
    this.wire.arm(this.owner.timeouts.idleMs)
    this.sink?.onBackendBlocked(true)
  }

  onDrained(): void {
    if (this.phase === 'head' && this.isRequestSent) this.wire.arm(this.owner.timeouts.responseMs)
    else if (this.phase === 'head') this.wire.disarm()
    this.sink?.onBackendBlocked(false)
  }

  onEnd(): void {
    switch (this.phase) {
      case 'body':
        if (this.kind === 'until-close') this.complete(undefined)
        else this.fail('reset', 'the backend closed in the middle of its response')
        break
      case 'head':
        this.fail('reset', 'the backend closed without a response')
        break
      case 'connecting':
      case 'idle':
      case 'handed-over':
      case 'over':
    }
    this.discard()
  }

  onClose(): void {
    if (this.phase === 'head') this.fail('reset', 'the backend reset the connection')
    else if (this.phase === 'body') this.fail('reset', 'the backend reset the connection in the middle of its response')
    this.phase = 'over'
    this.owner.onConnectionClosed(this)
  }

  onTimeout(): void {
    const { timeouts } = this.owner
    if (this.phase === 'idle') this.discard()
    else if (this.phase === 'connecting') this.fail('connect', `no connection within ${timeouts.connectMs} ms`)
    else if (this.wire.isBlocked) this.fail('timeout', `the backend took no bytes for ${timeouts.idleMs} ms`)
    else if (this.phase === 'head') this.fail('timeout', `no response within ${timeouts.responseMs} ms`)
    else if (this.phase === 'body') this.fail('timeout', `the response stood still for ${timeouts.idleMs} ms`)
  }

  /** Ends the exchange without a (whole) response, and the connection with it. */
  private fail(cause: FailureCause, detail: string): void {
    const { sink, phase } = this
    this.abort()
    // Its place is free before anybody tries again; but one that is being opened can't be cancelled, and keeps it.
    if (phase !== 'connecting') this.owner.onConnectionClosed(this)
    sink?.onFailure(cause, detail)
  }

  private read(bytes: Buffer): void {
    try {
      if (this.phase === 'head') this.readHeads(bytes)
      else this.readBody(bytes, 0)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.fail('protocol', error.message)
    }
  }

  private readHeads(piece: Buffer): void {
    const { head, limits } = this.owner
    let bytes: Buffer | undefined = piece
    if (this.headBuffer !== undefined) bytes = this.headBuffer.push(piece, limits.maxHeadBytes)
    if (bytes === undefined) return
    this.headBuffer = undefined
    let position = 0
    while (this.phase === 'head' && position < bytes.length) {
      const start = position
      position = head.parse(bytes, start, bytes.length, limits)
      if (position === INCOMPLETE) {
        this.headBuffer = new HeadBuffer(bytes, start)
        return
      }
      if (head.status >= 200 || head.status === 101) {
        // It reads on by itself. By the time it returns, this may be another exchange's connection, in its 'head' phase.
        this.readFinal(head, bytes, position)
        return
      }
      this.sink?.onInterim(head)
    }
  }

  private readFinal(head: ResponseHead, bytes: Buffer, position: number): void {
    const kind = frameResponse(head.fields, head.status, this.isHeadRequest)
    this.kind = kind
    this.isReusable = head.allowsKeepAlive && kind !== 'until-close' && head.status !== 101
    this.phase = 'body'
    if (head.status === 101) {
      this.early = position < bytes.length ? bytes.subarray(position) : undefined
      this.sink?.onResponse(head, kind)
      return
    }
    this.reader = createBodyReader(kind, head.fields.contentLength, this.owner.limits, this.keepsChunks)
    this.sink?.onResponse(head, kind)
    if (this.phase !== 'body') return
    if (this.reader === undefined) this.endAt(bytes, position, undefined)
    else this.readBody(bytes, position)
  }

  private readBody(bytes: Buffer, start: number): void {
    const { reader, sink } = this
    if (reader === undefined || sink === undefined) return
    const position = reader.read(bytes, start, bytes.length, sink)
    if (this.phase !== 'body') return
    if (reader.isDone) this.endAt(bytes, position, reader.trailers)
    // While it is paused, the client is who holds things up.
    else if (!this.wire.isPaused) this.wire.arm(this.owner.timeouts.idleMs)
  }

  private endAt(bytes: Buffer, position: number, trailers: FieldSection | undefined): void {
    // What follows a response belongs to nobody; who sends it can't be trusted with another request.
    if (position < bytes.length) this.isReusable = false
    this.complete(trailers)
  }

  /** The response is whole: frees the connection before the exchange hears of it, so that its client's next can have it. */
  private complete(trailers: FieldSection | undefined): void {
    const { sink } = this
    this.sink = undefined
    this.reader = undefined
    if (this.isReusable && this.isRequestSent && !this.wire.isBlocked && this.owner.onIdle(this)) {
      this.phase = 'idle'
      this.wire.resume()
      this.wire.arm(this.owner.timeouts.keepAliveMs)
    } else {
      this.discard()
    }
    sink?.onResponseEnd(trailers)
  }
}
