/**
 * One HTTP/2 request and its response as a stream (RFC 9113 8): its head in the one form that heads have here, the response as
 * far as both windows let it, and one time-out. Which frame is whose is the session's business, the request's body its own.
 */
import { isUpgrade } from '../forward/rewrite-request.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import { SPACE } from '../http1/grammar.ts'
import { isGrpc } from '../http1/grpc.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { CANCEL, INTERNAL_ERROR, NO_ERROR } from '../http2/errors.ts'
import { excessOf } from '../http2/memory.ts'
import { Stall } from '../http2/stalled.ts'
import { followStream, type StreamState } from '../http2/stream-states.ts'
import { StreamTunnel, type TunnelStream } from '../net/stream-tunnel.ts'
import { type TimerEntry, unarmed } from '../net/timer-wheel.ts'
import type { BodyForm, HandedOver } from '../stream/body-form.ts'
import type { ClientStream, Problem, RequestLine, RequestSink } from '../stream/client-stream.ts'
import type { Peer } from '../stream/peer.ts'
import { tooLate } from './http1-states.ts'
import { grpcTrailers, readOwnHead } from './http2-own-response.ts'
import { type BodyOwner, Http2RequestBody } from './http2-request-body.ts'
import { type BlockTarget, writeTrailerBlock } from '../http2/trailer-block.ts'
import { writeResponseBlock } from './http2-response-block.ts'
import { StreamSending, type SendingCarrier, type SendingOwner } from '../http2/sending.ts'
import { NOBODY } from '../stream/nobody.ts'
import { contentBytes, renderGrpcProblem, renderProblem, type Respondent } from './own-response.ts'
import type { RequestHandler } from './request-handler.ts'

/** The session that a stream is of. */
export interface Http2Carrier extends BlockTarget, SendingCarrier {
  readonly settings: SendingCarrier['settings']
  readonly peer: Peer
  readonly handler: Pick<RequestHandler, 'head' | 'limits' | 'timeouts' | 'wheel' | 'dateLine' | 'counters'>
  /** It is over, and both sides know. */
  onStreamOver(stream: Http2Stream): void
  /** RST_STREAM, for a reason of ours or of the exchange. */
  resetStream(streamId: number, code: number): void
  /** No further request is answered on the connection. */
  letGo(): void
}

const NOTHING = Buffer.alloc(0)

export class Http2Stream implements ClientStream, SendingOwner, BodyOwner, TunnelStream, TimerEntry {
  readonly timer = unarmed()
  readonly id: number
  readonly bodyForm: BodyForm = 'data'
  readonly version = '2'
  readonly isUpgrade: boolean
  sink: RequestSink = NOBODY
  /** What of the response is yet to go out. */
  readonly sending: StreamSending
  /** The final head has gone out, and all that follows. */
  hasResponded = false
  isAnswered = false
  /** What its head counts among all that are held. */
  readonly headExcess: number
  private readonly carrier: Http2Carrier
  private readonly isHead: boolean
  /** The head is bytes[start..end). */
  private bytes: Buffer
  private readonly start: number
  private readonly end: number
  private state: StreamState
  /** undefined: it has none. */
  private readonly body: Http2RequestBody | undefined
  /** Of the response. */
  private trailers: FieldSection | undefined = undefined
  private tunnel: StreamTunnel | undefined = undefined
  private stall: Stall | undefined = undefined

  /** `carrier.handler.head` holds the request's head now. `isOver`: the request has no body. */
  constructor(carrier: Http2Carrier, id: number, isOver: boolean) {
    const { head } = carrier.handler
    this.carrier = carrier
    this.id = id
    this.sending = new StreamSending(this, carrier)
    this.isHead = head.isHead
    this.isUpgrade = head.fields.connection !== 0 && isUpgrade(head)
    this.bytes = head.bytes
    this.start = head.start
    this.end = head.fields.end
    this.headExcess = excessOf(this.end - this.start)
    this.state = isOver ? 'remoteEnded' : 'open'
    // A tunnel's request is its head; what follows belongs to the tunnel.
    this.body = isOver ? undefined : new Http2RequestBody(this, head.fields.contentLength, this.isUpgrade)
  }

  get peer(): Peer {
    return this.carrier.peer
  }

  get isWhole(): boolean {
    return this.body === undefined || this.body.isWhole
  }

  get isBlocked(): boolean {
    return this.sending.isWaiting || this.carrier.isBlocked
  }

  /** Nothing more may come but RST_STREAM, WINDOW_UPDATE and PRIORITY. */
  get hasRemoteEnded(): boolean {
    return this.state === 'remoteEnded' || this.state === 'closed'
  }

  readHead(): RequestHead {
    const { head, limits } = this.carrier.handler
    head.parse(this.bytes, this.start, this.end, limits)
    return head
  }

  readLine(): RequestLine {
    const { bytes, start } = this
    const methodEnd = bytes.indexOf(SPACE, start)
    const targetEnd = bytes.indexOf(SPACE, methodEnd + 1)
    return {
      method: this.isUpgrade ? 'CONNECT' : bytes.toString('latin1', start, methodEnd),
      target: bytes.toString('latin1', methodEnd + 1, targetEnd),
      protocol: 'HTTP/2',
    }
  }

  /** A DATA frame of `length` bytes begins, padding included. Throws StreamFault. */
  takeWindow(length: number): void {
    this.body?.takeWindow(length)
  }

  /** Throws StreamFault. */
  onContent(bytes: Buffer, start: number, end: number): void {
    if (this.tunnel !== undefined) return this.tunnel.onContent(bytes, start, end)
    this.body?.onContent(bytes, start, end)
    this.onProgress()
  }

  /** END_STREAM has come. Throws StreamFault. */
  onRemoteEnd(trailers: FieldSection | undefined): void {
    this.body?.checkEnd()
    this.state = followStream(this.state, 'remoteEnds')
    if (this.state === 'closed') this.leave()
    if (this.tunnel !== undefined) return this.tunnel.onRemoteEnd()
    this.body?.onRemoteEnd(trailers)
    this.onProgress()
  }

  /** RST_STREAM has come, or the connection has gone. */
  onGone(): void {
    if (this.state === 'closed') return
    this.close()
    this.tellGone()
  }

  credit(length: number): void {
    this.body?.credit(length)
  }

  creditConnection(length: number): void {
    this.carrier.flow.credit(length)
  }

  widenWindow(increment: number): void {
    this.carrier.frames.windowUpdate(this.id, increment)
  }

  limitBody(maxBytes: number): void {
    this.body?.limit(maxBytes)
  }

  pauseBody(): void {
    this.body?.pause()
    this.onProgress()
  }

  resumeBody(form: BodyForm): void {
    if (this.state === 'closed') return
    this.body?.resume(form)
    this.onProgress()
  }

  sendInterim(head: ResponseHead): void {
    writeResponseBlock(this.carrier, this.id, head, this.carrier.handler.dateLine)
  }

  sendHead(head: ResponseHead, _body: BodyKind): void {
    this.hasResponded = true
    writeResponseBlock(this.carrier, this.id, head, this.carrier.handler.dateLine)
    this.sending.begin()
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (this.state === 'closed') return
    const wasBlocked = this.isBlocked
    if (!this.sending.send(bytes, start, end)) this.fail(CANCEL)
    else if (this.sending.isWaiting && !wasBlocked) this.sink.onClientBlocked(true)
  }

  sendEnd(trailers: FieldSection | undefined): void {
    this.trailers = trailers
    // What its client has yet to take may stay for long, and needs nobody who has done with it.
    this.sink = NOBODY
    this.bytes = NOTHING
    this.sending.end()
  }

  refuse(problem: Problem): void {
    const dateLine = this.carrier.handler.dateLine()
    const bytes = this.isGrpc(problem)
      ? renderGrpcProblem(problem, dateLine)
      : renderProblem(problem, this.respondent(), dateLine)
    const head = readOwnHead(bytes)
    const start = head.fields.end
    this.sendHead(head, 'length')
    if (start < bytes.length) this.sendBody(bytes, start, bytes.length)
    this.sendEnd(undefined)
    if (problem.closes === true) this.carrier.letGo()
  }

  contentBytes(problem: Problem): number {
    return this.isGrpc(problem) ? 0 : contentBytes(problem, this.respondent())
  }

  /** Whether it is a call of gRPC that has gone wrong. */
  private isGrpc({ status, content }: Problem): boolean {
    return content === undefined && status >= 400 && isGrpc(this.readHead().fields)
  }

  private respondent(): Respondent {
    const accept = this.readHead().fields.valueNamed('accept')
    return { accept, isHead: this.isHead, isOldClient: false, persists: true }
  }

  /** A call of gRPC ends in good order all the same: its trailers are where it is told what it has come to. */
  cut(problem?: Problem): void {
    if (problem !== undefined && this.isGrpc(problem)) this.sendEnd(grpcTrailers(problem))
    else this.reset(INTERNAL_ERROR)
  }

  handOver(head: ResponseHead): HandedOver {
    const { carrier, body } = this
    const { counters, wheel } = carrier.handler
    this.hasResponded = true
    writeResponseBlock(carrier, this.id, head, carrier.handler.dateLine)
    const tunnel = new StreamTunnel(this, wheel, (length) => (counters.bytesFromClients -= length))
    this.tunnel = tunnel
    const early = body?.takeHeld()
    if (early !== undefined) this.credit(early.length)
    if (this.hasRemoteEnded) tunnel.onRemoteEnd()
    this.onProgress()
    return { wire: tunnel.wire, connection: tunnel, early }
  }

  reset(code: number): void {
    if (this.state === 'closed') return
    this.close()
    this.carrier.resetStream(this.id, code)
  }

  /** It can't go on, for a reason of the client's. */
  fail(code: number): void {
    if (this.state === 'closed') return
    this.reset(code)
    this.tellGone()
  }

  resetTunnel(isCut: boolean): void {
    this.reset(isCut ? CANCEL : NO_ERROR)
  }

  private tellGone(): void {
    if (this.tunnel === undefined) this.sink.onClientGone()
    else this.tunnel.onGone()
  }

  sendNow(bytes: Buffer, start: number, end: number): number {
    return this.sending.sendNow(bytes, start, end)
  }

  wait(): void {
    if (this.state !== 'closed') this.sending.wait()
  }

  endLocally(): void {
    if (this.state === 'closed' || this.state === 'localEnded') return
    this.endSide()
  }

  /** Who feeds it may go on. */
  onRoom(): void {
    if (this.isBlocked || this.state === 'closed') return
    if (this.tunnel === undefined) this.sink.onClientBlocked(false)
    else this.tunnel.onRoom()
  }

  /** The socket takes no more. */
  onBlocked(): void {
    if (this.tunnel === undefined) this.sink.onClientBlocked(true)
    else this.wait()
  }

  onAllSent(): void {
    const { carrier, id, trailers } = this
    if (this.state === 'closed') return
    if (trailers !== undefined) writeTrailerBlock(carrier, id, trailers)
    this.endSide()
  }

  private endSide(): void {
    this.carrier.frames.endStream(this.id)
    this.isAnswered = true
    this.state = followStream(this.state, 'localEnds')
    if (this.state === 'closed') return this.leave()
    // Of a request that goes on nothing is of use to anybody any more (RFC 9113 8.1).
    if (this.tunnel === undefined) this.reset(NO_ERROR)
  }

  private close(): void {
    this.state = followStream(this.state, 'resets')
    this.leave()
  }

  /** Everything that it held is free; said once. */
  private leave(): void {
    const { carrier } = this
    carrier.handler.wheel.remove(this)
    this.stall?.end()
    this.sending.drop()
    this.body?.drop()
    carrier.onStreamOver(this)
  }

  /** The one time-out: it runs while the client is the one to wait for. */
  onProgress(): void {
    const { wheel, timeouts } = this.carrier.handler
    if (this.state === 'closed') return
    const isMessage = this.tunnel === undefined
    if (isMessage && this.sending.isWaiting) (this.stall ??= new Stall(this)).begin(wheel.now)
    else this.stall?.end()
    if (isMessage && (this.sending.isWaiting || this.body?.isAwaited === true)) wheel.arm(this, timeouts.bodyMs)
    else wheel.disarm(this)
  }

  onTimeout(): void {
    if (this.sending.isWaiting) this.fail(CANCEL)
    else if (!this.isWhole) {
      this.body?.pause()
      this.sink.onRequestFault(tooLate('body'))
    }
  }
}
