/**
 * One request on an HTTP/2 connection to a backend, and its response as it comes: held to what its head says, held back where
 * its client takes no more, and given up when it stands still. Which frame is whose is the connection's business.
 */
import { ProtocolError } from '../errors.ts'
import type { RequestRewrite } from '../forward/rewrite-request.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import { grpcCodeOfReset, grpcStatusIn, isGrpc } from '../http1/grpc.ts'
import { MAX_INTERIMS } from '../http1/limits.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { CANCEL, FLOW_CONTROL_ERROR, nameOfCode, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM } from '../http2/errors.ts'
import { StreamSending, type SendingCarrier, type SendingOwner } from '../http2/sending.ts'
import { followStream, type StreamState } from '../http2/stream-states.ts'
import { writeTrailerBlock } from '../http2/trailer-block.ts'
import { HeldBytes, takeFirst } from '../net/held-bytes.ts'
import { StreamTunnel, type TunnelStream } from '../net/stream-tunnel.ts'
import { type TimerEntry, type TimerWheel, unarmed } from '../net/timer-wheel.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { BackendStream, FailureCause, ResponseSink } from '../stream/backend-stream.ts'
import type { BodyForm, HandedOver } from '../stream/body-form.ts'
import { lateWords } from './words.ts'
import { NO_UPGRADE, type Upgrade, upgradeIn } from './http2-upgrade.ts'
import { type RequestTarget, writeRequestBlock } from './http2-request-block.ts'

/** What a backend may send of one response before it is told that more may come: `INITIAL_WINDOW_SIZE`. */
export const STREAM_WINDOW = 65_535
const CREDIT_BYTES = STREAM_WINDOW >> 1
/** Of gRPC. */
const UNKNOWN = 2

/** The connection that a stream is on. */
export interface Http2Carrier extends RequestTarget, SendingCarrier {
  readonly settings: SendingCarrier['settings'] & { readonly takesConnectProtocol: boolean }
  readonly counters: { bytesFromBackend: number }
  readonly wheel: TimerWheel
  /** Gives it a number, and what comes for that from now on. */
  begin(stream: Http2Stream): number
  /** Nothing of it is under way any more. */
  onStreamOver(stream: Http2Stream): void
  resetStream(streamId: number, code: number): void
}

export class Http2Stream implements BackendStream, SendingOwner, TunnelStream, TimerEntry {
  readonly timer = unarmed()
  readonly bodyForm: BodyForm = 'data'
  readonly isReused: boolean
  hasBegun = false
  wasRefused = false
  grpcStatus: number | undefined = undefined
  grpcStatusOfReset: number | undefined = undefined
  sink: ResponseSink | undefined = undefined
  /** The final head has come. */
  hasFinalHead = false
  /** 0: it has not begun. */
  id = 0
  private readonly carrier: Http2Carrier
  readonly timeouts: BackendTimeouts
  private readonly sending: StreamSending
  private state: StreamState = 'open'
  /** It asks for one; undefined: it does not. */
  upgrade: Upgrade | undefined = undefined
  private tunnel: StreamTunnel | undefined = undefined
  private isHeadRequest = false
  private isGrpc = false
  private isRequestSent = false
  private requestTrailers: FieldSection | undefined = undefined
  private interims = 0
  /** Content that is still to come, as the head has told; -1: it has not. */
  private contentLeft = -1
  private window = STREAM_WINDOW
  private taken = 0
  private isPaused = false
  private held: HeldBytes | undefined = undefined
  private trailers: FieldSection | undefined = undefined
  private isGone = false

  /** `isReused`: its connection is open, and takes the head at once. */
  constructor(carrier: Http2Carrier, timeouts: BackendTimeouts, isReused: boolean) {
    this.carrier = carrier
    this.timeouts = timeouts
    this.isReused = isReused
    this.sending = new StreamSending(this, carrier)
  }

  get hasRemoteEnded(): boolean {
    return this.state === 'remoteEnded' || this.state === 'closed'
  }

  sendHead(head: RequestHead, rewrite: RequestRewrite, _form: BodyForm): void {
    if (this.state === 'closed') return
    if (rewrite.isUpgrade) this.upgrade = upgradeIn(head, this.carrier.settings)
    if (rewrite.isUpgrade && this.upgrade === undefined) return this.fail('protocol', NO_UPGRADE)
    this.isHeadRequest = head.isHead
    this.id = this.carrier.begin(this)
    this.sending.window = this.carrier.settings.initialWindow
    writeRequestBlock(this.carrier, this.id, head, rewrite)
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (this.state !== 'open' && this.state !== 'remoteEnded') return
    const wasWaiting = this.sending.isWaiting
    if (!this.sending.send(bytes, start, end)) this.fail('local', 'too much waits for backends that take nothing')
    else if (this.sending.isWaiting && !wasWaiting) this.sink?.onBackendBlocked(true)
  }

  sendEnd(trailers: FieldSection | undefined): void {
    if (this.state !== 'open' && this.state !== 'remoteEnded') return
    this.isRequestSent = true
    this.requestTrailers = trailers
    // What follows the head of an upgrade is the tunnel's.
    if (this.upgrade === undefined) this.sending.end()
    this.onProgress()
  }

  pauseResponse(): void {
    this.isPaused = true
    this.onProgress()
  }

  resumeResponse(): void {
    this.isPaused = false
    // What it is passed on to may give it up, and then nothing is held any more.
    for (let piece = takeFirst(this.held); piece !== undefined;) {
      this.pass(piece, 0, piece.length)
      piece = this.isPaused ? undefined : takeFirst(this.held)
    }
    if (this.isPaused) return
    this.held = undefined
    if (this.hasFinalHead && this.hasRemoteEnded) this.complete()
    else this.onProgress()
  }

  abort(): void {
    this.sink = undefined
    this.end(CANCEL)
  }

  handOver(): HandedOver {
    const { counters, wheel } = this.carrier
    const tunnel = new StreamTunnel(this, wheel, (length) => (counters.bytesFromBackend -= length))
    this.tunnel = tunnel
    this.sink = undefined
    wheel.remove(this)
    if (this.hasRemoteEnded) tunnel.onRemoteEnd()
    return { wire: tunnel.wire, connection: tunnel, early: undefined }
  }

  // The tunnel asks.

  sendNow(bytes: Buffer, start: number, end: number): number {
    return this.sending.sendNow(bytes, start, end)
  }

  wait(): void {
    if (this.state !== 'closed') this.sending.wait()
  }

  endLocally(): void {
    if (this.state !== 'closed' && this.state !== 'localEnded') this.onAllSent()
  }

  resetTunnel(isCut: boolean): void {
    this.end(isCut ? CANCEL : NO_ERROR)
  }

  // What it sends.

  onProgress(): void {
    const { wheel } = this.carrier
    if (this.state === 'closed' || this.tunnel !== undefined) return
    const ms = this.sending.isWaiting
      ? this.timeouts.idleMs
      : !this.hasFinalHead
        ? this.isRequestSent && this.timeouts.responseMs
        : !this.isPaused && this.timeouts.idleMs
    if (ms === false) wheel.disarm(this)
    else wheel.arm(this, ms)
  }

  onRoom(): void {
    if (this.tunnel === undefined) this.sink?.onBackendBlocked(false)
    else this.tunnel.onRoom()
  }

  onAllSent(): void {
    const { carrier, id, requestTrailers } = this
    if (requestTrailers !== undefined) writeTrailerBlock(carrier, id, requestTrailers)
    carrier.frames.endStream(id)
    this.state = followStream(this.state, 'localEnds')
  }

  /** The window has another size. */
  widen(increment: number): void {
    this.sending.window += increment
  }

  get sendWindow(): number {
    return this.sending.window
  }

  // What comes.

  /** The connection is there. */
  onConnected(): void {
    this.sink?.onConnected()
  }

  /** `head` holds a head that has come. */
  onHead(head: ResponseHead, isStreamEnd: boolean): void {
    this.hasBegun = true
    if (head.status < 200 && head.status !== 101) {
      this.interims += 1
      if (isStreamEnd) throw new ProtocolError('an interim response must not be the last')
      if (this.interims > MAX_INTERIMS) throw new ProtocolError(`more than ${MAX_INTERIMS} interim responses came`)
      this.sink?.onInterim(head)
      return
    }
    const { contentLength } = head.fields
    const isBodiless = this.isHeadRequest || head.status === 204 || head.status === 304
    if (isStreamEnd && !isBodiless && contentLength > 0)
      throw new ProtocolError('less content came than content-length says')
    this.hasFinalHead = true
    this.contentLeft = isBodiless ? 0 : contentLength
    this.isGrpc = isGrpc(head.fields)
    if (this.isGrpc && isStreamEnd) this.grpcStatus = grpcStatusIn(head.fields) ?? UNKNOWN
    if (isStreamEnd) this.state = followStream(this.state, 'remoteEnds')
    this.onProgress()
    this.sink?.onResponse(head, kindOf(this.contentLeft))
    if (isStreamEnd && !this.isPaused && this.tunnel === undefined) this.complete()
  }

  /** A DATA frame of `length` bytes begins; undefined: it may. */
  faultOfWindow(length: number): number | undefined {
    this.window -= length
    if (this.window < 0) return FLOW_CONTROL_ERROR
    return this.hasFinalHead ? undefined : PROTOCOL_ERROR
  }

  onContent(bytes: Buffer, start: number, end: number): void {
    if (this.tunnel !== undefined) return this.tunnel.onContent(bytes, start, end)
    if (this.contentLeft >= 0) {
      this.contentLeft -= end - start
      if (this.contentLeft < 0) throw new ProtocolError('more content came than content-length says')
    }
    if (this.isPaused || this.held !== undefined) (this.held ??= new HeldBytes()).push(bytes, start, end)
    else this.pass(bytes, start, end)
    this.onProgress()
  }

  onRemoteEnd(trailers: FieldSection | undefined): void {
    if (!this.hasFinalHead) throw new ProtocolError('a response must have a head')
    if (this.contentLeft > 0) throw new ProtocolError('less content came than content-length says')
    this.trailers = trailers
    // One that ends without a status is an error by gRPC's rules.
    if (this.isGrpc) this.grpcStatus = (trailers && grpcStatusIn(trailers)) ?? UNKNOWN
    this.state = followStream(this.state, 'remoteEnds')
    if (this.tunnel !== undefined) this.tunnel.onRemoteEnd()
    else if (this.held === undefined && !this.isPaused) this.complete()
  }

  /** RST_STREAM has come. */
  onReset(code: number): void {
    // The whole response is here: the backend only wants no more of the request (RFC 9113 8.1).
    if (code === NO_ERROR && this.hasRemoteEnded) return
    this.wasRefused = code === REFUSED_STREAM
    this.grpcStatusOfReset = grpcCodeOfReset(code)
    this.state = followStream(this.state, 'resets')
    this.leave()
    this.tellFailure('reset', `the backend reset the stream (${nameOfCode(code)})`)
  }

  /** It comes to nothing, and the backend need not go on. */
  fail(cause: FailureCause, detail: string, code = CANCEL): void {
    this.end(code)
    this.tellFailure(cause, detail)
  }

  /** The connection is gone, or will not answer it. */
  onLost(cause: FailureCause, detail: string, wasRefused = false, words?: string): void {
    if (this.state === 'closed') return
    this.wasRefused = wasRefused
    this.state = followStream(this.state, 'resets')
    this.leave()
    this.tellFailure(cause, detail, words)
  }

  credit(length: number): void {
    this.carrier.flow.credit(length)
    this.taken += length
    if (this.taken < CREDIT_BYTES || this.hasRemoteEnded) return
    this.carrier.frames.windowUpdate(this.id, this.taken)
    this.window += this.taken
    this.taken = 0
  }

  onTimeout(): void {
    const words = lateWords(this.hasFinalHead ? 'body' : 'head', this.sending.isWaiting, this.timeouts)
    if (words !== undefined) this.fail('timeout', words)
  }

  private pass(bytes: Buffer, start: number, end: number): void {
    this.sink?.onBody(bytes, start, end)
    this.credit(end - start)
  }

  private tellFailure(cause: FailureCause, detail: string, words?: string): void {
    const { sink } = this
    this.sink = undefined
    this.tunnel?.onGone()
    sink?.onFailure(cause, detail, words)
  }

  /** The response is whole, and has been passed on. */
  private complete(): void {
    const { sink, trailers } = this
    this.sink = undefined
    this.end(CANCEL)
    sink?.onResponseEnd(trailers)
  }

  /** Whatever is left of it is given up. */
  private end(code: number): void {
    if (this.state === 'closed') return this.leave()
    this.state = followStream(this.state, 'resets')
    this.leave()
    if (this.id !== 0) this.carrier.resetStream(this.id, code)
  }

  private leave(): void {
    if (this.isGone) return
    this.isGone = true
    const { carrier } = this
    carrier.wheel.remove(this)
    this.sending.drop()
    if (this.held !== undefined) carrier.flow.credit(this.held.size)
    this.held = undefined
    carrier.onStreamOver(this)
  }
}

/** As the client's side is told: what has no length ends when it ends. */
function kindOf(contentLeft: number): BodyKind {
  if (contentLeft === 0) return 'none'
  return contentLeft > 0 ? 'length' : 'until-close'
}
