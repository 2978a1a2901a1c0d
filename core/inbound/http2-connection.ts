/**
 * One client's HTTP/2 connection (RFC 9113): reads frames, makes a stream of each request, keeps both sides' settings and
 * windows, and closes in good order. Whatever breaks the protocol or costs too much ends a stream or the connection.
 */
import { ProtocolError } from '../errors.ts'
import { AbuseBudget, type Violation } from '../http2/abuse.ts'
import { ClosedStreams } from '../http2/closed-streams.ts'
import * as codes from '../http2/errors.ts'
import { ConnectionFault, StreamFault } from '../http2/errors.ts'
import { FrameReader, type FrameSink } from '../http2/frame-reader.ts'
import { type FrameOwner, FrameWriter, widened } from '../http2/frame-writer.ts'
import * as frames from '../http2/frames.ts'
import { HpackDecoder } from '../http2/hpack-decoder.ts'
import { HpackEncoder } from '../http2/hpack-encoder.ts'
import { hasHeadRoom, MAX_CONNECTION_HEAD_BYTES } from '../http2/memory.ts'
import { RequestFields } from '../http2/request-fields.ts'
import * as setting from '../http2/settings.ts'
import { TrailerFields } from '../http2/trailer-fields.ts'
import { FieldSection } from '../http1/field-section.ts'
import { retained } from '../net/retained.ts'
import { Wire } from '../net/wire.ts'
import type { WireOwner } from '../net/wire-owner.ts'
import type { Peer } from '../stream/peer.ts'
import { Idling } from './idling.ts'
import { STREAM_WINDOW, type Http2Carrier, Http2Stream } from './http2-stream.ts'
import { answerAlone } from './http2-own-response.ts'
import { contentBytes, renderProblem, STRANGER } from './own-response.ts'
import type { ClientHome, RequestHandler } from './request-handler.ts'
import { MAX_REQUESTS_A_TURN, type Turn } from './turns.ts'

/** Streams open at once: `MAX_CONCURRENT_STREAMS`. */
const MAX_STREAMS = 100
/** What may come on all streams together before it is taken: some that stand still must not hold up the others. */
const CONNECTION_WINDOW = 1024 * 1024
const CREDIT_BYTES = CONNECTION_WINDOW >> 1
/** A field block as it comes may be longer than the head it becomes by a few bytes a field. */
const BLOCK_FACTOR = 2
/** How long a client that was told that we leave may still begin streams, if it does not answer our PING. */
const LAST_CALL_MS = 1000
/** Window updates that one DATA frame of ours may bring about: of its stream, and of the connection. */
const UPDATES_A_FRAME = 2
const MAX_UPDATES_PAID = 1_000_000
/** Identifiers that are left when the connection is to be given up for another. */
const LAST_IDS = 2000
const DRAIN_PING = Buffer.from('drain-go')

/** What we ask for; the header table has its default size, and pushes are not asked of a client. */
const OUR_SETTINGS = setting.settingsPayload([
  [setting.MAX_CONCURRENT_STREAMS, MAX_STREAMS],
  [setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
  [setting.ENABLE_CONNECT_PROTOCOL, 1],
])

/** One head is built at a time. */
const requestFields = new RequestFields()

/** 'preface', 'settings': what a client must say first. 'closed': whatever still comes is thrown away. */
type Phase = 'preface' | 'settings' | 'open' | 'closed'
/** Whom we wait for, and so which time-out runs. */
type Timing = 'head' | 'idle' | 'busy' | 'blocked' | 'leaving' | undefined

export class Http2Connection implements WireOwner, FrameSink, FrameOwner, Http2Carrier {
  readonly wire: Wire
  readonly peer: Peer
  readonly handler: RequestHandler
  readonly frames = new FrameWriter(this)
  readonly encoder = new HpackEncoder()
  readonly settings = setting.initialSettings()
  sendWindow = frames.DEFAULT_WINDOW
  private readonly home: ClientHome<Http2Connection>
  private readonly reader: FrameReader
  private readonly decoder = new HpackDecoder(setting.DEFAULT_TABLE_BYTES)
  private readonly streams = new Map<number, Http2Stream>()
  private readonly waiting = new Set<Http2Stream>()
  private readonly closed = new ClosedStreams()
  private readonly budget: AbuseBudget
  private readonly idling = new Idling(this)
  private phase: Phase = 'preface'
  private timing: Timing = undefined
  /** 'asked': the client is to begin no more streams. 'told': those behind `lastStreamId` are not answered. */
  private leaving: 'no' | 'asked' | 'told' = 'no'
  private prefaceLeft = frames.PREFACE.length
  private lastStreamId = 0
  private receiveWindow = CONNECTION_WINDOW
  private taken = 0
  private headBytes = 0
  /** Window updates that DATA of ours has paid for. */
  private updatesPaid = 0
  /** Of the DATA frame that is being read: its stream, its bytes that are still to be accounted for, and whether it had any. */
  private current: Http2Stream | undefined = undefined
  private currentLeft = 0
  private currentLength = 0
  /** Bytes for the next turn. */
  private rest: Buffer | undefined = undefined
  private requestsThisTurn = 0
  private hasEnded = false
  private readonly flushTurn: Turn = { onTurn: () => this.frames.flush() }
  private readonly readTurn: Turn = { onTurn: () => this.readRest() }

  /** `wire`: one that another has begun to read, whose first bytes come by `onData`; absent: a fresh one. */
  constructor(handler: RequestHandler, home: ClientHome<Http2Connection>, peer: Peer, wire?: Wire) {
    this.handler = handler
    this.home = home
    this.peer = peer
    this.wire = wire ?? new Wire(this, handler.wheel)
    this.wire.owner = this
    this.reader = new FrameReader(this, BLOCK_FACTOR * handler.limits.maxHeadBytes)
    this.budget = new AbuseBudget(handler.wheel.now)
    this.frames.settings(OUR_SETTINGS)
    this.frames.windowUpdate(0, CONNECTION_WINDOW - frames.DEFAULT_WINDOW)
    this.rearm()
  }

  get isBlocked(): boolean {
    return this.wire.isBlocked
  }

  /** Streams may be tunnels; the connection is none. */
  get isTunnel(): boolean {
    return false
  }

  /** Tells the client to go elsewhere (RFC 9113 6.8): what it has begun, or begins before it hears of it, is answered. */
  letGo(): void {
    if (this.leaving !== 'no' || this.phase === 'closed') return
    this.leaving = 'asked'
    this.frames.goAway(frames.MAX_STREAM_ID, codes.NO_ERROR, '')
    this.frames.ping(DRAIN_PING, false)
    this.rearm()
  }

  /** It is idle, and what it takes is wanted elsewhere. */
  giveWay(): void {
    this.sayGoodbye(codes.NO_ERROR, '')
    this.wire.discard()
  }

  // The wire tells.

  onData(bytes: Buffer): void {
    this.handler.counters.bytesFromClients += bytes.length
    if (this.phase === 'closed') return
    if (this.rest === undefined) this.read(bytes)
    else this.rest = Buffer.concat([this.rest, bytes])
  }

  onSent(length: number): void {
    this.handler.counters.bytesToClients += length
  }

  onBlocked(): void {
    this.rearm()
    for (const stream of this.streams.values()) stream.tellBlocked()
  }

  onDrained(): void {
    if (this.phase === 'closed') return
    this.pump()
    for (const stream of this.streams.values()) stream.tellDrained()
    this.rearm()
  }

  onEnd(): void {
    this.hasEnded = true
    if (this.phase === 'closed') return
    if (this.handler.halfClose === 'abort' || this.streams.size === 0) this.close()
  }

  onClose(): void {
    this.phase = 'closed'
    this.dropStreams()
    this.frames.discard()
    this.rest = undefined
    this.idling.end()
    this.peer.gone()
    this.home.onClosed(this)
  }

  onTimeout(): void {
    const { timing } = this
    this.timing = undefined
    if (this.wire.isBlocked) this.wire.destroy()
    else if (timing === 'leaving') this.finishLeaving()
    else if (timing === 'busy') this.rearm()
    else if (timing === 'head') this.fail(new ConnectionFault('the head came too slowly', codes.ENHANCE_YOUR_CALM))
    else if (timing === 'idle') this.leaveIdle()
  }

  // Frames on their way to the client.

  onFrames(): void {
    this.handler.turns.wait(this.flushTurn)
  }

  sendFrames(bytes: Buffer, length: number): void {
    this.wire.flushOutbox(bytes, length)
  }

  // Streams ask.

  credit(length: number): void {
    this.taken += length
    if (this.taken < CREDIT_BYTES || this.phase === 'closed') return
    this.frames.windowUpdate(0, this.taken)
    this.receiveWindow += this.taken
    this.taken = 0
  }

  await(stream: Http2Stream): void {
    this.waiting.add(stream)
  }

  noteData(): void {
    this.updatesPaid = Math.min(MAX_UPDATES_PAID, this.updatesPaid + UPDATES_A_FRAME)
  }

  onStreamOver(stream: Http2Stream): void {
    this.streams.delete(stream.id)
    this.waiting.delete(stream)
    this.headBytes -= stream.headLength
    if (this.current === stream) this.current = undefined
    if (this.phase === 'closed') return
    if (this.handler.crowd.isThere) this.letGo()
    this.closeIfDone()
    this.rearm()
  }

  resetStream(streamId: number, code: number): void {
    if (this.phase === 'closed') return
    this.closed.add(streamId)
    this.frames.reset(streamId, code)
    this.closeIfDone()
  }

  // Frames from the client.

  onDataBegin(streamId: number, length: number): void {
    this.current = undefined
    this.currentLeft = length
    this.currentLength = length
    this.receiveWindow -= length
    if (this.receiveWindow < 0)
      throw new ConnectionFault('more came than the window of the connection allows', codes.FLOW_CONTROL_ERROR)
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
    if (current === undefined) return this.credit(end - start)
    try {
      current.onContent(bytes, start, end)
    } catch (error) {
      this.credit(end - start)
      this.blame(error)
    }
  }

  onDataEnd(isStreamEnd: boolean): void {
    const { current, currentLeft } = this
    if (this.currentLength === 0 && !isStreamEnd) this.spend('empty-data')
    if (current === undefined) return this.credit(currentLeft)
    this.current = undefined
    if (currentLeft > 0) current.credit(currentLeft)
    if (!isStreamEnd) return
    try {
      current.onRemoteEnd(undefined)
    } catch (error) {
      this.blame(error)
    }
  }

  onFieldBlock(streamId: number, block: Buffer, isStreamEnd: boolean, isSelfDependent: boolean): void {
    this.requireSettings()
    const stream = this.streams.get(streamId)
    try {
      if (stream !== undefined) this.readTrailers(stream, block, isStreamEnd)
      else if (streamId % 2 === 0) throw new ConnectionFault('a client begins streams with odd numbers')
      else if (streamId <= this.lastStreamId) this.readLate(streamId, block)
      else this.readRequest(streamId, block, isStreamEnd, isSelfDependent)
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
    if (this.phase === 'settings') this.open()
    this.spend('settings')
    const before = this.settings.initialWindow
    setting.readSettings(this.settings, payload, 0, false)
    const change = this.settings.initialWindow - before
    for (const stream of this.streams.values()) {
      if (widened(stream.sendWindow, change) === undefined)
        throw new ConnectionFault('a window grew beyond 2147483647', codes.FLOW_CONTROL_ERROR)
      stream.sendWindow += change
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
    if (isAck) {
      if (this.leaving === 'asked' && payload.equals(DRAIN_PING)) this.finishLeaving()
      return
    }
    this.spend('ping')
    this.answerControl()
    this.frames.ping(payload, true)
  }

  onGoAway(): void {
    this.requireSettings()
    // It begins no more streams; those under way are answered.
    this.leaving = 'told'
    this.closeIfDone()
  }

  onWindowUpdate(streamId: number, increment: number): void {
    this.requireSettings()
    if (this.updatesPaid > 0) this.updatesPaid -= 1
    else this.spend('window-update')
    if (streamId === 0) return this.widenConnection(increment)
    if (this.isUnknown(streamId)) throw new ConnectionFault('WINDOW_UPDATE came for a stream that has not begun')
    const stream = this.streams.get(streamId)
    if (stream === undefined) return
    const wider = widened(stream.sendWindow, increment)
    if (increment === 0) this.blame(new StreamFault(streamId, 'a window may not grow by nothing'))
    else if (wider === undefined)
      this.blame(new StreamFault(streamId, 'a window grew beyond 2147483647', codes.FLOW_CONTROL_ERROR))
    else {
      stream.sendWindow = wider
      this.pump()
    }
  }

  private widenConnection(increment: number): void {
    if (increment === 0) throw new ConnectionFault('a window may not grow by nothing')
    const wider = widened(this.sendWindow, increment)
    if (wider === undefined) throw new ConnectionFault('a window grew beyond 2147483647', codes.FLOW_CONTROL_ERROR)
    this.sendWindow = wider
    this.pump()
  }

  // Reading.

  private read(bytes: Buffer): void {
    this.requestsThisTurn = 0
    let position = 0
    try {
      if (this.phase === 'preface') position = this.readPreface(bytes)
      while (position < bytes.length && this.phase !== 'closed') {
        if (this.requestsThisTurn >= MAX_REQUESTS_A_TURN) return this.hold(bytes, position)
        position = this.reader.next(bytes, position)
      }
    } catch (error) {
      if (!(error instanceof ConnectionFault)) throw error
      this.fail(error)
    }
    this.rearm()
  }

  private readPreface(bytes: Buffer): number {
    const start = frames.PREFACE.length - this.prefaceLeft
    const end = Math.min(bytes.length, this.prefaceLeft)
    if (bytes.compare(frames.PREFACE, start, start + end, 0, end) !== 0)
      throw new ConnectionFault('a client of HTTP/2 begins with its preface')
    this.prefaceLeft -= end
    if (this.prefaceLeft === 0) this.phase = 'settings'
    return end
  }

  private hold(bytes: Buffer, position: number): void {
    this.rest = retained(bytes.subarray(position))
    this.wire.pause()
    this.handler.turns.wait(this.readTurn)
    this.rearm()
  }

  private readRest(): void {
    const { rest } = this
    if (rest === undefined) return
    this.rest = undefined
    this.wire.resume()
    this.read(rest)
  }

  private open(): void {
    this.phase = 'open'
  }

  /** SETTINGS come first (RFC 9113 3.4). */
  private requireSettings(): void {
    if (this.phase === 'settings') throw new ConnectionFault('SETTINGS must be the first frame')
  }

  private isUnknown(streamId: number): boolean {
    return streamId > this.lastStreamId || (streamId % 2 === 0 && streamId !== 0)
  }

  /** What came for a stream that is no more: allowed while the peer can't know of it. */
  private checkGone(streamId: number): void {
    this.requireSettings()
    if (this.isUnknown(streamId)) throw new ConnectionFault('a frame came for a stream that has not begun')
    if (!this.closed.has(streamId))
      throw new ConnectionFault('a frame came for a stream that is over', codes.STREAM_CLOSED)
  }

  private readLate(streamId: number, block: Buffer): void {
    this.decoder.decode(block, IGNORED)
    this.checkGone(streamId)
  }

  private readTrailers(stream: Http2Stream, block: Buffer, isStreamEnd: boolean): void {
    const { limits } = this.handler
    const fields = new TrailerFields(limits)
    this.decoder.decode(block, fields)
    if (stream.hasRemoteEnded)
      throw new StreamFault(stream.id, 'fields came behind the end of their stream', codes.STREAM_CLOSED)
    if (!isStreamEnd) throw new StreamFault(stream.id, 'trailers must end their stream')
    if (fields.fault !== undefined) throw new StreamFault(stream.id, fields.fault)
    const bytes = fields.bytes()
    const trailers = new FieldSection(limits.maxFields)
    try {
      trailers.parse(bytes, 0, bytes.length, limits)
    } catch (error) {
      if (error instanceof ProtocolError) throw new StreamFault(stream.id, error.message)
      throw error
    }
    stream.onRemoteEnd(trailers)
  }

  private readRequest(streamId: number, block: Buffer, isStreamEnd: boolean, isSelfDependent: boolean): void {
    const { handler } = this
    this.lastStreamId = streamId
    this.requestsThisTurn += 1
    requestFields.begin(handler.limits)
    this.decoder.decode(block, requestFields)
    if (isSelfDependent) throw new StreamFault(streamId, 'a stream may not depend on itself')
    if (this.leaving === 'told' || this.streams.size >= MAX_STREAMS)
      return this.resetStream(streamId, codes.REFUSED_STREAM)
    const built = requestFields.finish(!isStreamEnd, webSocketKey)
    if (built.kind === 'malformed') throw new StreamFault(streamId, built.detail)
    if (built.kind === 'tooLarge') return this.refuse(streamId, new ProtocolError(built.detail, 431), isStreamEnd)
    const { bytes, start, end } = built
    if (!hasHeadRoom(end - start) || this.headBytes + end - start > MAX_CONNECTION_HEAD_BYTES)
      return this.resetStream(streamId, codes.REFUSED_STREAM)
    try {
      handler.head.parse(bytes, start, end, handler.limits)
      if (requestFields.isExtendedConnect && isStreamEnd)
        throw new StreamFault(streamId, 'a tunnel needs an open stream')
    } catch (error) {
      if (error instanceof ProtocolError) return this.refuse(streamId, error, isStreamEnd)
      throw error
    }
    this.beginStream(streamId, isStreamEnd, requestFields.isExtendedConnect)
  }

  private beginStream(streamId: number, isStreamEnd: boolean, isTunnel: boolean): void {
    const { handler } = this
    if (handler.head.fields.contentLength > 0 && isStreamEnd)
      throw new StreamFault(streamId, 'less content came than content-length says')
    const stream = new Http2Stream(this, streamId, isStreamEnd, this.settings.initialWindow)
    this.streams.set(streamId, stream)
    this.headBytes += stream.headLength
    this.idling.end()
    if (isTunnel && !stream.isUpgrade)
      return stream.refuse({ status: 501, detail: 'this protocol is not tunnelled here' })
    handler.onRequest(stream)
    if (streamId > frames.MAX_STREAM_ID - LAST_IDS) this.letGo()
  }

  /** The head is no request, or none that we take: answers it. */
  private refuse(streamId: number, error: ProtocolError, isStreamEnd: boolean): void {
    const { handler, peer } = this
    const problem = { status: error.status, detail: error.message }
    handler.onRefusal({ ...problem, peer, contentBytes: () => contentBytes(problem, STRANGER) })
    const bytes = renderProblem(problem, { ...STRANGER, persists: true }, handler.dateLine())
    if (!answerAlone(this, streamId, bytes)) this.resetStream(streamId, codes.CANCEL)
    else if (!isStreamEnd) this.resetStream(streamId, codes.NO_ERROR)
    else this.closed.add(streamId)
  }

  // Abuse, faults, ends.

  /** Notes one more of a kind. Throws ConnectionFault for one too many. */
  private spend(kind: Violation): void {
    if (!this.budget.exceeds(kind, this.handler.wheel.now)) return
    throw new ConnectionFault(`too much of one kind: ${kind}`, codes.ENHANCE_YOUR_CALM, kind)
  }

  /** Of a peer that reads nothing, answers would pile up. */
  private answerControl(): void {
    if (this.wire.isBlocked) this.spend('unread')
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

  private fail(fault: ConnectionFault): void {
    this.handler.onViolation?.(fault.violation ?? 'connection-error')
    this.sayGoodbye(fault.code, fault.message)
    this.wire.close()
  }

  private sayGoodbye(code: number, detail: string): void {
    this.frames.goAway(this.lastStreamId, code, detail)
    this.phase = 'closed'
    this.dropStreams()
    this.frames.flush()
    this.idling.end()
    this.rest = undefined
  }

  private close(): void {
    this.sayGoodbye(codes.NO_ERROR, '')
    this.wire.close()
  }

  private dropStreams(): void {
    for (const stream of this.streams.values()) stream.onGone()
  }

  /** The second GOAWAY (RFC 9113 6.8): now the client knows which of its streams are answered. */
  private finishLeaving(): void {
    if (this.leaving !== 'asked') return
    this.leaving = 'told'
    this.frames.goAway(this.lastStreamId, codes.NO_ERROR, '')
    this.closeIfDone()
    this.rearm()
  }

  private closeIfDone(): void {
    if (this.streams.size > 0 || this.phase === 'closed') return
    if (this.leaving === 'told' || this.hasEnded) this.close()
  }

  private leaveIdle(): void {
    if (this.phase === 'open') this.close()
    else this.fail(new ConnectionFault('SETTINGS came too slowly', codes.SETTINGS_TIMEOUT))
  }

  /** Each waiting stream sends a quantum in turn, for as long as one of them can. */
  private pump(): void {
    for (let hasMoved = true; hasMoved;) {
      hasMoved = false
      for (const stream of Array.from(this.waiting)) {
        if (this.wire.isBlocked || this.phase === 'closed') return
        if (!this.waiting.has(stream) || !stream.maySend) continue
        hasMoved = true
        this.waiting.delete(stream)
        if (stream.pump()) this.waiting.add(stream)
      }
    }
  }

  /** Arms the time-out of what is waited for, where that has become another. */
  private rearm(): void {
    const timing = this.timingNow()
    if (timing === this.timing) return
    this.timing = timing
    const { timeouts } = this.handler
    // One that has asked for nothing yet may go as well.
    if (timing === 'idle' || this.phase === 'preface') this.idling.begin()
    else this.idling.end()
    switch (timing) {
      case undefined:
        return
      case 'head':
        return this.wire.arm(timeouts.headMs)
      case 'idle':
        return this.wire.arm(timeouts.keepAliveMs)
      case 'leaving':
        return this.wire.arm(Math.min(LAST_CALL_MS, timeouts.keepAliveMs))
      // Armed although nobody is waited for, since time on the wheel stands still while nothing is.
      default:
        return this.wire.arm(timeouts.bodyMs)
    }
  }

  private timingNow(): Timing {
    if (this.phase === 'closed') return undefined
    if (this.wire.isBlocked) return 'blocked'
    if (this.phase !== 'open' || this.reader.isInBlock) return 'head'
    if (this.leaving === 'asked') return 'leaving'
    return this.streams.size === 0 ? 'idle' : 'busy'
  }
}

const IGNORED = { onField: (): void => undefined }

function webSocketKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
}
