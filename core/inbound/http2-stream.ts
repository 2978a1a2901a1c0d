/**
 * One HTTP/2 request and its response as a stream (RFC 9113 8): its head in the one form that heads have here, its body as
 * it comes, the response as far as both windows let it, and one time-out. Which frame is whose is the connection's business.
 */
import { ProtocolError } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { CANCEL, FLOW_CONTROL_ERROR, NO_ERROR, StreamFault } from '../http2/errors.ts'
import { MIN_MAX_FRAME_BYTES } from '../http2/frames.ts'
import { HeldBytes } from '../http2/held-bytes.ts'
import { hasQueueRoom, held } from '../http2/memory.ts'
import { followStream, type StreamState } from '../http2/stream-states.ts'
import { type TimerEntry, unarmed } from '../net/timer-wheel.ts'
import type { BodyForm, HandedOver } from '../stream/body-form.ts'
import type { ClientStream, Problem, RequestLine, RequestSink } from '../stream/client-stream.ts'
import type { Peer } from '../stream/peer.ts'
import { isUpgrade } from '../forward/rewrite-request.ts'
import { readOwnHead } from './http2-own-response.ts'
import { type BlockTarget, writeResponseBlock, writeTrailerBlock, writeTunnelBlock } from './http2-response-block.ts'
import { Http2Tunnel } from './http2-tunnel.ts'
import { tooLate } from './http1-states.ts'
import { contentBytes, renderProblem, type Respondent } from './own-response.ts'
import { NOBODY } from './nobody.ts'
import type { RequestHandler } from './request-handler.ts'

/** What a stream's peer may send before it is told that more may come: `INITIAL_WINDOW_SIZE`. */
export const STREAM_WINDOW = 65_535

/** The connection that a stream is on. */
export interface Http2Carrier extends BlockTarget {
  readonly peer: Peer
  readonly handler: Pick<RequestHandler, 'head' | 'limits' | 'timeouts' | 'wheel' | 'dateLine' | 'counters'>
  /** The socket takes no more for now. */
  readonly isBlocked: boolean
  /** What may be sent on all streams together. */
  sendWindow: number
  /** So many bytes of content that came have been taken. */
  credit(length: number): void
  /** A DATA frame has gone out, behind which window updates may come. */
  noteData(): void
  /** `stream` has something to send, or wants to: it is asked to when windows and socket let it. */
  await(stream: Http2Stream): void
  /** It is over, and both sides know. */
  onStreamOver(stream: Http2Stream): void
  /** RST_STREAM, for a reason of ours or of the exchange. */
  resetStream(streamId: number, code: number): void
  /** No further request is answered on the connection. */
  letGo(): void
}

const SPACE = 0x20
const LINE_END = Buffer.from('\r\n')
/** What one stream sends before another has its turn. */
const QUANTUM = MIN_MAX_FRAME_BYTES
/** Taken bytes are told of when they are that many, or the peer would get a frame for each of its own. */
const CREDIT_BYTES = STREAM_WINDOW >> 1

export class Http2Stream implements ClientStream, TimerEntry {
  readonly timer = unarmed()
  readonly id: number
  readonly bodyForm: BodyForm = 'data'
  readonly isUpgrade: boolean
  sink: RequestSink = NOBODY
  sendWindow: number
  /** What the peer may still send. */
  private receiveWindow = STREAM_WINDOW
  private state: StreamState
  /** Some byte of a final response has gone out. */
  hasResponded = false
  private readonly carrier: Http2Carrier
  private readonly isHead: boolean
  private readonly bytes: Buffer
  private readonly start: number
  private readonly end: number
  /** Content that is still to come, as the head has told; -1: it has not. */
  private contentLeft: number
  private contentSeen = 0
  private maxContent = Infinity
  /** In which the exchange takes the body; undefined: it does not. */
  private form: BodyForm | undefined = undefined
  private incoming: HeldBytes | undefined = undefined
  private trailers: FieldSection | undefined = undefined
  /** Taken, and not yet told of. */
  private taken = 0
  /** The request has been read to its end, by the exchange. */
  isWhole: boolean
  private outgoing: HeldBytes | undefined = undefined
  /** The response is whole; what is left of it is in `outgoing`. */
  private isEnding = false
  private endTrailers: FieldSection | undefined = undefined
  private isWaiting = false
  private tunnel: Http2Tunnel | undefined = undefined

  /** `carrier.handler.head` holds the request's head now. `isOver`: the request has no body. */
  constructor(carrier: Http2Carrier, id: number, isOver: boolean, initialWindow: number) {
    const { head } = carrier.handler
    this.carrier = carrier
    this.id = id
    this.sendWindow = initialWindow
    this.isHead = head.isHead
    this.isUpgrade = head.fields.connection !== 0 && isUpgrade(head)
    this.bytes = head.bytes
    this.start = head.start
    this.end = head.fields.end
    this.state = isOver ? 'remoteEnded' : 'open'
    // A tunnel's request is its head; what follows belongs to the tunnel.
    this.isWhole = isOver || this.isUpgrade
    this.contentLeft = head.fields.contentLength
    held.headBytes += this.headLength
  }

  get headLength(): number {
    return this.end - this.start
  }

  get peer(): Peer {
    return this.carrier.peer
  }

  get isBlocked(): boolean {
    return this.outgoing !== undefined || this.isWaiting || this.carrier.isBlocked
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

  // The request.

  limitBody(maxBytes: number): void {
    if (this.contentLeft === -1) this.maxContent = maxBytes
  }

  pauseBody(): void {
    this.form = undefined
    this.rearm()
  }

  resumeBody(form: BodyForm): void {
    if (this.isWhole || this.state === 'closed') return
    this.form = form
    this.rearm()
    this.passHeld()
  }

  /** A frame of `length` bytes begins, padding included. Throws StreamFault. */
  takeWindow(length: number): void {
    this.receiveWindow -= length
    if (this.receiveWindow < 0)
      throw new StreamFault(this.id, `more came than the window of ${STREAM_WINDOW} bytes allows`, FLOW_CONTROL_ERROR)
  }

  onContent(bytes: Buffer, start: number, end: number): void {
    if (this.tunnel !== undefined) return this.tunnel.onContent(bytes, start, end)
    const length = end - start
    this.contentSeen += length
    if (this.contentLeft >= 0) {
      this.contentLeft -= length
      if (this.contentLeft < 0) throw new StreamFault(this.id, 'more content came than content-length says')
    }
    if (this.contentSeen > this.maxContent) return this.tooLarge()
    if (this.form === undefined || this.incoming !== undefined)
      (this.incoming ??= new HeldBytes()).push(bytes, start, end)
    else this.pass(bytes, start, end)
    this.rearm()
  }

  /** Bytes that have been taken, or were padding: the peer may send as many more. */
  credit(length: number): void {
    this.carrier.credit(length)
    this.taken += length
    if (this.taken < CREDIT_BYTES || this.hasRemoteEnded) return
    this.carrier.frames.windowUpdate(this.id, this.taken)
    this.receiveWindow += this.taken
    this.taken = 0
  }

  /** END_STREAM has come. */
  onRemoteEnd(trailers: FieldSection | undefined): void {
    if (this.contentLeft > 0) throw new StreamFault(this.id, 'less content came than content-length says')
    this.state = followStream(this.state, 'remoteEnds')
    if (this.tunnel !== undefined) return this.tunnel.onRemoteEnd()
    this.trailers = trailers
    if (this.isWhole) return
    if (this.incoming === undefined && this.form !== undefined) this.endRequest()
    else this.rearm()
  }

  /** RST_STREAM has come, or the connection has gone. */
  onGone(): void {
    if (this.state === 'closed') return
    this.close()
    if (this.tunnel === undefined) this.sink.onClientGone()
    else this.tunnel.onGone()
  }

  private passHeld(): void {
    const { incoming } = this
    while (this.form !== undefined && incoming?.first !== undefined) {
      const { first } = incoming
      incoming.drop(first.length)
      this.pass(first, 0, first.length)
    }
    if (this.form === undefined || this.state === 'closed') return
    this.incoming = undefined
    if (this.hasRemoteEnded) this.endRequest()
  }

  private pass(bytes: Buffer, start: number, end: number): void {
    const { sink } = this
    if (this.form === 'chunks' && this.contentLeft < 0) {
      const size = Buffer.from(`${(end - start).toString(16)}\r\n`, 'latin1')
      sink.onRequestBody(size, 0, size.length)
      sink.onRequestBody(bytes, start, end)
      sink.onRequestBody(LINE_END, 0, LINE_END.length)
    } else {
      sink.onRequestBody(bytes, start, end)
    }
    if (this.state !== 'closed') this.credit(end - start)
    else this.carrier.credit(end - start)
  }

  private endRequest(): void {
    if (this.isWhole) return
    this.isWhole = true
    this.rearm()
    this.sink.onRequestEnd(this.trailers)
  }

  private tooLarge(): void {
    this.maxContent = Infinity
    this.form = undefined
    this.sink.onRequestFault(new ProtocolError('the request body is larger than its route allows', 413))
  }

  // The response.

  sendInterim(head: ResponseHead): void {
    writeResponseBlock(this.carrier, this.id, head, this.carrier.handler.dateLine)
  }

  sendHead(head: ResponseHead, _body: BodyKind): void {
    this.hasResponded = true
    writeResponseBlock(this.carrier, this.id, head, this.carrier.handler.dateLine)
    if (this.sendWindow <= 0 || this.carrier.sendWindow <= 0) this.wait()
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    const isFree = this.outgoing === undefined && !this.carrier.isBlocked
    const sent = isFree ? this.sendNow(bytes, start, end) : 0
    if (start + sent < end) this.queue(bytes, start + sent, end)
  }

  sendEnd(trailers: FieldSection | undefined): void {
    this.isEnding = true
    this.endTrailers = trailers
    if (this.outgoing === undefined) this.finish()
  }

  refuse(problem: Problem): void {
    this.answer(renderProblem(problem, this.respondent(), this.carrier.handler.dateLine()))
    if (problem.closes === true) this.carrier.letGo()
  }

  contentBytes(problem: Problem): number {
    return contentBytes(problem, this.respondent())
  }

  /** Sends a whole response of ours, as HTTP/1.1 has it. */
  private answer(bytes: Buffer): void {
    const head = readOwnHead(bytes)
    const start = head.fields.end
    this.sendHead(head, 'length')
    if (start < bytes.length) this.sendBody(bytes, start, bytes.length)
    this.sendEnd(undefined)
  }

  private respondent(): Respondent {
    const accept = this.readHead().fields.valueNamed('accept')
    return { accept, isHead: this.isHead, isOldClient: false, persists: true }
  }

  cut(): void {
    this.reset(CANCEL)
  }

  handOver(head: ResponseHead): HandedOver {
    this.hasResponded = true
    writeTunnelBlock(this.carrier, this.id, head, this.carrier.handler.dateLine)
    const { carrier, incoming } = this
    this.incoming = undefined
    const tunnel = new Http2Tunnel(this, carrier.handler)
    this.tunnel = tunnel
    this.timer.due = Infinity
    const early: Buffer[] = []
    for (let piece = incoming?.first; piece !== undefined; piece = incoming?.first) {
      incoming?.drop(piece.length)
      early.push(piece)
    }
    const bytes = early.length === 0 ? undefined : Buffer.concat(early)
    if (bytes !== undefined) this.credit(bytes.length)
    if (this.hasRemoteEnded) tunnel.onRemoteEnd()
    return { wire: tunnel.wire, connection: tunnel, early: bytes }
  }

  /** RST_STREAM: the peer sees what it has got as cut. */
  reset(code: number): void {
    if (this.state === 'closed') return
    this.close()
    this.carrier.resetStream(this.id, code)
  }

  /** Whether `pump` would get anywhere. */
  get maySend(): boolean {
    if (this.isEnding && this.outgoing === undefined) return true
    return this.sendWindow > 0 && this.carrier.sendWindow > 0
  }

  /** Windows and socket have room again: sends a quantum. Returns whether it is to be asked again. */
  pump(): boolean {
    const { outgoing } = this
    if (this.state === 'closed') return false
    if (outgoing?.first === undefined) return this.stopWaiting()
    const piece = outgoing.first
    const sent = this.sendNow(piece, 0, Math.min(piece.length, QUANTUM))
    if (sent > 0) {
      held.queuedBytes -= sent
      outgoing.drop(sent)
      this.rearm()
    }
    if (outgoing.size > 0) return true
    this.outgoing = undefined
    return this.stopWaiting()
  }

  /** The peer allows more, or less: its SETTINGS or a WINDOW_UPDATE. */
  widen(increment: number): void {
    this.sendWindow += increment
  }

  /** The time of the client for its next bytes, in either direction, is over. */
  onTimeout(): void {
    if (this.outgoing !== undefined || this.isWaiting) {
      this.fail(CANCEL)
    } else if (!this.isWhole) {
      this.form = undefined
      this.sink.onRequestFault(tooLate('body'))
    }
  }

  /** Sends what windows allow of bytes[start..end); returns how much. */
  sendNow(bytes: Buffer, start: number, end: number): number {
    const { carrier, id } = this
    const maxFrame = Math.min(carrier.settings.maxFrameBytes, QUANTUM)
    let position = start
    while (position < end && !carrier.isBlocked) {
      const length = Math.min(end - position, maxFrame, this.sendWindow, carrier.sendWindow)
      if (length <= 0) break
      carrier.frames.data(id, bytes, position, position + length)
      carrier.noteData()
      this.sendWindow -= length
      carrier.sendWindow -= length
      position += length
    }
    return position - start
  }

  /** Ends our side, perhaps with the peer still sending. */
  endLocally(): void {
    if (this.state === 'closed' || this.state === 'localEnded') return
    this.carrier.frames.endStream(this.id)
    this.localEnd()
  }

  /** To be asked to send, and told when it may. */
  wait(): void {
    if (this.isWaiting) return
    this.isWaiting = true
    this.carrier.await(this)
    this.rearm()
  }

  private stopWaiting(): boolean {
    this.isWaiting = false
    this.rearm()
    if (this.isEnding) this.finish()
    else this.tellDrained()
    return false
  }

  /** Who feeds it may go on. */
  tellDrained(): void {
    if (this.isBlocked || this.state === 'closed') return
    if (this.tunnel === undefined) this.sink.onClientBlocked(false)
    else this.tunnel.onRoom()
  }

  /** The socket takes no more. */
  tellBlocked(): void {
    if (this.tunnel === undefined) this.sink.onClientBlocked(true)
  }

  private queue(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    if (!hasQueueRoom(length)) return this.fail(CANCEL)
    held.queuedBytes += length
    const wasBlocked = this.isBlocked
    ;(this.outgoing ??= new HeldBytes()).push(bytes, start, end)
    this.wait()
    this.rearm()
    if (!wasBlocked) this.sink.onClientBlocked(true)
  }

  /** It can't go on, for a reason of the client's. */
  fail(code: number): void {
    if (this.state === 'closed') return
    const { sink, tunnel } = this
    this.reset(code)
    if (tunnel === undefined) sink.onClientGone()
    else tunnel.onGone()
  }

  private finish(): void {
    const { carrier, id, endTrailers } = this
    if (this.state === 'closed') return
    if (endTrailers !== undefined) writeTrailerBlock(carrier, id, endTrailers)
    carrier.frames.endStream(id)
    this.localEnd()
  }

  private localEnd(): void {
    this.state = followStream(this.state, 'localEnds')
    if (this.state === 'closed') return this.leave()
    if (this.tunnel !== undefined) return
    // The rest of the request is of no use to anybody (RFC 9113 8.1).
    this.state = followStream(this.state, 'resets')
    this.leave()
    this.carrier.resetStream(this.id, NO_ERROR)
  }

  private close(): void {
    this.state = followStream(this.state, 'resets')
    this.leave()
  }

  /** Everything that it held is free; said once. */
  private leave(): void {
    const { carrier } = this
    carrier.handler.wheel.remove(this)
    if (this.outgoing !== undefined) held.queuedBytes -= this.outgoing.size
    if (this.incoming !== undefined) carrier.credit(this.incoming.size)
    this.outgoing = undefined
    this.incoming = undefined
    this.form = undefined
    held.headBytes -= this.headLength
    carrier.onStreamOver(this)
  }

  /** The one time-out: it runs while the client is the one to wait for. */
  private rearm(): void {
    const { wheel, timeouts } = this.carrier.handler
    if (this.state === 'closed') return
    const isAwaited = this.outgoing !== undefined || this.isWaiting || (this.form !== undefined && !this.isWhole)
    if (isAwaited && this.tunnel === undefined) wheel.arm(this, timeouts.bodyMs)
    else wheel.disarm(this)
  }
}
