/**
 * What the frames of one client's HTTP/2 connection mean (RFC 9113 5, 6, 8): makes a stream of each request, gives each frame
 * to its stream, and says what is wrong with it. The socket, the time-outs and the end are the connection's business.
 */
import { ProtocolError } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { AbuseBudget, type Violation } from '../http2/abuse.ts'
import { ClosedStreams } from '../http2/closed-streams.ts'
import * as codes from '../http2/errors.ts'
import { ConnectionFault, StreamFault } from '../http2/errors.ts'
import type { FrameSink } from '../http2/frame-reader.ts'
import type { FieldBlock } from '../http2/hpack-decoder.ts'
import { type FrameWriter, widened } from '../http2/frame-writer.ts'
import { MAX_STREAM_ID } from '../http2/frames.ts'
import { HpackEncoder } from '../http2/hpack-encoder.ts'
import { excessOf, RequestMemory } from '../http2/memory.ts'
import * as setting from '../http2/settings.ts'
import { makeRoom } from '../http2/stalled.ts'
import type { Peer } from '../stream/peer.ts'
import { COST_OF_HEAD, costOfBlock, costOfBytes, FieldBlocks } from './http2-blocks.ts'
import { Flow } from '../http2/flow.ts'
import { LateRequests } from './http2-late-requests.ts'
import { detailOf, refuseAlone } from './http2-own-response.ts'
import { MAX_STREAMS, OUR_SETTINGS } from './http2-settings.ts'
import { type Http2Carrier, Http2Stream } from './http2-stream.ts'
import type { SessionOwner } from './http2-session-owner.ts'
import type { RequestHandler } from './request-handler.ts'

/** Identifiers that are left when the connection is to be given up for another. */
const LAST_IDS = 2000

export class Http2Session implements FrameSink, Http2Carrier {
  readonly peer: Peer
  readonly handler: RequestHandler
  readonly frames: FrameWriter
  readonly flow: Flow
  readonly encoder = new HpackEncoder()
  readonly settings = setting.initialSettings()
  readonly streams = new Map<number, Http2Stream>()
  lastStreamId = 0
  /** The client's SETTINGS have come. */
  isOpen = false
  /** Since the turn began: requests that have begun, and what else has cost as much. */
  requestsThisTurn = 0
  private readonly owner: SessionOwner
  private readonly blocks = new FieldBlocks()
  private readonly closed = new ClosedStreams()
  private readonly budget: AbuseBudget
  private readonly memory = new RequestMemory()
  private late: LateRequests | undefined = undefined
  /** Of the DATA frame that is being read: its stream, its bytes still to be accounted for, and how many it began with. */
  private current: Http2Stream | undefined = undefined
  private currentLeft = 0
  private currentLength = 0

  constructor(owner: SessionOwner) {
    this.owner = owner
    this.peer = owner.peer
    this.handler = owner.handler
    this.frames = owner.frames
    this.flow = new Flow(owner.frames)
    this.budget = new AbuseBudget(owner.handler.wheel.now)
  }

  /** It takes the answers to what it asks: more of them than it has asked for now. */
  get isKnown(): boolean {
    return this.budget.answered > this.streams.size
  }

  /** Says what a server says first (RFC 9113 3.4). */
  begin(): void {
    this.frames.settings(OUR_SETTINGS)
    this.flow.open()
  }

  /** Sends what windows and socket have room for. */
  pump(): void {
    this.flow.pump(this.owner)
  }

  dropStreams(): void {
    for (const stream of this.streams.values()) stream.onGone()
  }

  // Streams ask.

  get isBlocked(): boolean {
    return this.owner.isBlocked
  }

  onStreamOver(stream: Http2Stream): void {
    this.streams.delete(stream.id)
    if (stream.isAnswered) this.budget.answered += 1
    this.memory.give(stream.headExcess)
    this.late?.forget(stream)
    if (this.current === stream) this.current = undefined
    if (!this.owner.isClosed) this.owner.onStreamOver()
  }

  resetStream(streamId: number, code: number): void {
    if (this.owner.isClosed) return
    this.closed.add(streamId)
    this.frames.reset(streamId, code)
  }

  letGo(): void {
    this.owner.letGo()
  }

  // The client's frames.

  onDataBegin(streamId: number, length: number): void {
    this.current = undefined
    this.currentLeft = length
    this.currentLength = length
    this.flow.receive(length)
    const stream = this.streams.get(streamId)
    try {
      if (stream === undefined) this.checkGone(streamId)
      else if (stream.hasRemoteEnded)
        throw new StreamFault(streamId, 'content came behind the end of its stream', codes.STREAM_CLOSED)
      else stream.takeWindow(length)
      this.current = stream
    } catch (error) {
      this.blame(error)
    }
  }

  onDataBytes(bytes: Buffer, start: number, end: number): void {
    this.currentLeft -= end - start
    const { current } = this
    if (current === undefined) return this.flow.credit(end - start)
    try {
      current.onContent(bytes, start, end)
    } catch (error) {
      this.flow.credit(end - start)
      this.blame(error)
    }
  }

  onDataEnd(isStreamEnd: boolean): void {
    const { current, currentLeft } = this
    if (this.currentLength === 0 && !isStreamEnd) this.spend('empty-data')
    if (current === undefined) return this.flow.credit(currentLeft)
    this.current = undefined
    if (currentLeft > 0) current.credit(currentLeft)
    if (isStreamEnd) this.endStream(current, undefined)
  }

  onFieldBlock(streamId: number, block: FieldBlock, isStreamEnd: boolean, isSelfDependent: boolean): void {
    this.requireSettings()
    const stream = this.streams.get(streamId)
    try {
      if (stream !== undefined) this.readTrailers(stream, block, isStreamEnd)
      else if (streamId % 2 === 0) throw new ConnectionFault('a client begins streams with odd numbers')
      else if (streamId <= this.lastStreamId || isSelfDependent) this.skipBlock(streamId, block, isSelfDependent)
      else this.readRequest(streamId, block, isStreamEnd)
    } catch (error) {
      this.blame(error)
    }
  }

  onPriority(streamId: number, isSelfDependent: boolean): void {
    this.requireSettings()
    this.spend('priority')
    if (isSelfDependent) this.blame(new StreamFault(streamId, 'a stream may not depend on itself'))
  }

  onReset(streamId: number): void {
    this.requireSettings()
    if (this.isUnknown(streamId)) throw new ConnectionFault('RST_STREAM came for a stream that has not begun')
    this.spend('rapid-reset')
    const stream = this.streams.get(streamId)
    if (stream === undefined) return
    if (!stream.hasResponded) this.spend('early-reset')
    stream.onGone()
  }

  onSettings(payload: Buffer): void {
    this.isOpen = true
    this.spend('settings')
    const before = this.settings.initialWindow
    setting.readSettings(this.settings, payload, false)
    const change = this.settings.initialWindow - before
    for (const stream of this.streams.values()) {
      if (widened(stream.sending.window, change) === undefined)
        throw new ConnectionFault('a window grew beyond 2147483647', codes.FLOW_CONTROL_ERROR)
      stream.sending.window += change
    }
    this.encoder.limitTable(this.settings.tableBytes)
    this.answerControl()
    this.frames.settingsAck()
    this.pump()
  }

  onSettingsAck(): void {
    this.requireSettings()
  }

  onPing(payload: Buffer, isAck: boolean): void {
    this.requireSettings()
    if (isAck) return this.owner.onPingAck(payload)
    this.spend('ping')
    this.answerControl()
    this.frames.ping(payload, true)
  }

  onGoAway(): void {
    this.requireSettings()
    this.owner.onGoAway()
  }

  onWindowUpdate(streamId: number, increment: number): void {
    this.requireSettings()
    if (!this.flow.isPaid()) this.spend('window-update')
    if (streamId === 0) this.flow.widen(increment)
    else this.widenStream(streamId, increment)
    this.pump()
  }

  private widenStream(streamId: number, increment: number): void {
    if (this.isUnknown(streamId)) throw new ConnectionFault('WINDOW_UPDATE came for a stream that has not begun')
    const stream = this.streams.get(streamId)
    if (stream === undefined) return
    const wider = widened(stream.sending.window, increment)
    if (increment === 0) this.blame(new StreamFault(streamId, 'a window may not grow by nothing'))
    else if (wider === undefined)
      this.blame(new StreamFault(streamId, 'a window grew beyond 2147483647', codes.FLOW_CONTROL_ERROR))
    else stream.sending.window = wider
  }

  /** SETTINGS come first (RFC 9113 3.4). */
  private requireSettings(): void {
    if (!this.isOpen) throw new ConnectionFault('SETTINGS must be the first frame')
  }

  private isUnknown(streamId: number): boolean {
    return streamId > this.lastStreamId || streamId % 2 === 0
  }

  /** What came for a stream that is no more: allowed while the peer can't know of it. */
  private checkGone(streamId: number): void {
    this.requireSettings()
    if (this.isUnknown(streamId)) throw new ConnectionFault('a frame came for a stream that has not begun')
    if (!this.closed.has(streamId))
      throw new ConnectionFault('a frame came for a stream that is over', codes.STREAM_CLOSED)
  }

  private skipBlock(streamId: number, block: FieldBlock, isSelfDependent: boolean): void {
    this.blocks.skip(block)
    if (streamId <= this.lastStreamId) return this.checkGone(streamId)
    this.lastStreamId = streamId
    if (isSelfDependent) throw new StreamFault(streamId, 'a stream may not depend on itself')
  }

  private readTrailers(stream: Http2Stream, block: FieldBlock, isStreamEnd: boolean): void {
    if (stream.hasRemoteEnded || !isStreamEnd) this.blocks.skip(block)
    if (stream.hasRemoteEnded)
      throw new StreamFault(stream.id, 'fields came behind the end of their stream', codes.STREAM_CLOSED)
    if (!isStreamEnd) throw new StreamFault(stream.id, 'trailers must end their stream')
    this.endStream(stream, this.blocks.readTrailers(stream.id, block, this.handler.limits))
  }

  private endStream(stream: Http2Stream, trailers: FieldSection | undefined): void {
    try {
      stream.onRemoteEnd(trailers)
    } catch (error) {
      this.blame(error)
    }
  }

  private readRequest(streamId: number, block: FieldBlock, isStreamEnd: boolean): void {
    const { handler, blocks } = this
    this.lastStreamId = streamId
    this.requestsThisTurn += COST_OF_HEAD + costOfBlock(block.end - block.start)
    if (this.owner.isFull || this.streams.size >= MAX_STREAMS) {
      blocks.skip(block)
      return this.resetStream(streamId, codes.REFUSED_STREAM)
    }
    const built = blocks.readRequest(block, !isStreamEnd, handler.limits, handler.head.fields)
    this.requestsThisTurn += costOfBytes(built.kind === 'head' ? built.end - built.start : handler.limits.maxHeadBytes)
    if (built.kind === 'malformed') throw new StreamFault(streamId, built.detail)
    if (built.kind === 'tooLarge') return this.refuse(streamId, new ProtocolError(built.detail, 431), isStreamEnd)
    if (!makeRoom(this.memory, excessOf(built.end - built.start), handler.wheel.now))
      return this.resetStream(streamId, codes.REFUSED_STREAM)
    const { bytes, start, end } = blocks.settleHead()
    try {
      handler.head.settle(bytes, start, end, handler.limits)
    } catch (error) {
      if (error instanceof ProtocolError) return this.refuse(streamId, error, isStreamEnd)
      throw error
    }
    this.beginStream(streamId, isStreamEnd, blocks.isExtendedConnect)
  }

  private beginStream(streamId: number, isStreamEnd: boolean, isTunnel: boolean): void {
    const { handler } = this
    if (isStreamEnd && isTunnel) throw new StreamFault(streamId, 'a tunnel needs an open stream')
    if (isStreamEnd && handler.head.fields.contentLength > 0)
      throw new StreamFault(streamId, 'less content came than content-length says')
    this.blocks.keepHead()
    const stream = new Http2Stream(this, streamId, isStreamEnd)
    this.streams.set(streamId, stream)
    this.memory.take(stream.headExcess)
    if (isTunnel && !stream.isUpgrade)
      return stream.refuse({ status: 501, detail: 'this protocol is not tunnelled here' })
    if (this.budget.isSuspicious(handler.wheel.now)) (this.late ??= new LateRequests(handler)).add(stream)
    else this.beginRequest(stream)
    if (streamId > MAX_STREAM_ID - LAST_IDS) this.owner.letGo()
  }

  private beginRequest(stream: Http2Stream): void {
    this.requestsThisTurn += 1 - COST_OF_HEAD
    this.handler.onRequest(stream)
  }

  /** The head is no request, or none that we take: answers it. */
  private refuse(streamId: number, error: ProtocolError, isStreamEnd: boolean): void {
    if (!refuseAlone(this, streamId, { status: error.status, detail: detailOf(error) }))
      this.resetStream(streamId, codes.CANCEL)
    else if (!isStreamEnd) this.resetStream(streamId, codes.NO_ERROR)
  }

  /** Notes one more of a kind. Throws ConnectionFault for one too many. */
  private spend(kind: Violation): void {
    if (!this.budget.exceeds(kind, this.handler.wheel.now)) return
    throw new ConnectionFault(`too much of one kind: ${kind}`, codes.ENHANCE_YOUR_CALM, kind)
  }

  /** Of a peer that reads nothing, answers would pile up. */
  private answerControl(): void {
    if (this.owner.isBlocked) this.spend('unread')
  }

  /** A fault of one stream ends that; any other goes on to whoever reads. */
  private blame(error: unknown): void {
    if (!(error instanceof StreamFault)) throw error
    this.spend('made-reset')
    this.handler.onViolation?.('stream-error')
    const stream = this.streams.get(error.streamId)
    if (stream === undefined) this.resetStream(error.streamId, error.code)
    else stream.fail(error.code)
  }
}
