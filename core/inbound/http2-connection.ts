/**
 * One client's HTTP/2 connection (RFC 9113) as far as its socket goes: reads frames from it in fair turns, sends what was
 * gathered, waits for no client too long, and closes in good order. What frames mean is its session's business.
 */
import { ConnectionFault, ENHANCE_YOUR_CALM, NO_ERROR, SETTINGS_TIMEOUT } from '../http2/errors.ts'
import { FrameReader } from '../http2/frame-reader.ts'
import { type FrameOwner, FrameWriter } from '../http2/frame-writer.ts'
import { inBlocks } from '../http2/memory.ts'
import { MAX_STREAM_ID, PREFACE } from '../http2/frames.ts'
import { Wire } from '../net/wire.ts'
import type { WireOwner } from '../net/wire-owner.ts'
import type { Peer } from '../stream/peer.ts'
import { Http2Session } from './http2-session.ts'
import type { SessionOwner } from './http2-session-owner.ts'
import { Idling, SLOW_LINE_MS } from './idling.ts'
import { sendProblem, STRANGER } from './own-response.ts'
import type { ClientConnection, ClientHome, RequestHandler } from './request-handler.ts'
import { MAX_REQUESTS_A_TURN, MAX_REQUESTS_BESIDE_OTHERS, type Turn } from './turns.ts'
import { Unread } from './unread.ts'

/** A field block as it comes may be longer than the head it becomes by a few bytes a field. */
const BLOCK_FACTOR = 2
/** How long a client that was told that we leave may still begin streams, if it does not answer our PING. */
const LAST_CALL_MS = 1000
/** How long one that did too much has to hear of it: it may well go on sending for as long as it is let. */
const ABUSER_LINGER_MS = 100
const DRAIN_PING = Buffer.from('drain-go')
/** In which a request line is looked for. */
const MAX_LINE_BYTES = 2048

/** 'preface': the client's is still to come. 'closed': whatever still comes is thrown away. */
type Phase = 'preface' | 'frames' | 'closed'
/** Whom we wait for, and so which time-out runs. */
type Timing = 'head' | 'idle' | 'busy' | 'blocked' | 'leaving' | 'none'

export class Http2Connection implements ClientConnection, WireOwner, FrameOwner, SessionOwner {
  readonly wire: Wire
  readonly peer: Peer
  readonly handler: RequestHandler
  readonly frames = new FrameWriter(this)
  /** Streams may be tunnels; the connection is none. */
  readonly isTunnel = false
  private readonly home: ClientHome<ClientConnection>
  private readonly session: Http2Session
  private readonly reader: FrameReader
  private readonly idling = new Idling(this)
  private phase: Phase = 'preface'
  private timing: Timing = 'none'
  /** 'asked': the client is to begin no more streams. 'told': those that it begins are not answered. */
  private leaving: 'no' | 'asked' | 'told' = 'no'
  private prefaceLeft = PREFACE.length
  /** Bytes for the next turn. */
  private readonly unread = new Unread()
  /** When it had its last turn: what comes at once behind that is more of what it had to wait for. */
  private lastRound = -1
  private hasEnded = false
  private readonly flushTurn: Turn = { onTurn: () => this.frames.flush() }
  private readonly readTurn: Turn = { onTurn: () => this.readRest() }

  /** `wire`: one that another has begun to read, whose first bytes come by `onData`; absent: a fresh one. */
  constructor(handler: RequestHandler, home: ClientHome<ClientConnection>, peer: Peer, wire?: Wire) {
    this.handler = handler
    this.home = home
    this.peer = peer
    this.wire = wire ?? new Wire(this, handler.wheel)
    this.wire.owner = this
    this.wire.socket?.readLent?.()
    peer.wire = this.wire
    this.session = new Http2Session(this)
    this.reader = new FrameReader(this.session, BLOCK_FACTOR * handler.limits.maxHeadBytes, inBlocks)
    this.count(1)
    this.rearm()
  }

  get isBlocked(): boolean {
    return this.wire.isBlocked
  }

  get isClosed(): boolean {
    return this.phase === 'closed'
  }

  get isFull(): boolean {
    return this.leaving === 'told'
  }

  /** Tells the client to go elsewhere (RFC 9113 6.8): what it has begun, or begins before it hears of it, is answered. */
  letGo(): void {
    if (this.leaving !== 'no' || this.phase === 'closed') return
    this.leaving = 'asked'
    // Before its preface nothing may be said to it.
    if (this.phase === 'frames') this.sayLastCall()
    this.rearm()
  }

  private sayLastCall(): void {
    this.frames.goAway(MAX_STREAM_ID, NO_ERROR, '')
    this.frames.ping(DRAIN_PING, false)
  }

  /** It is idle, and what it takes is wanted elsewhere. */
  giveWay(): void {
    this.sayGoodbye(NO_ERROR, '')
    this.wire.discard()
  }

  // The wire tells.

  onData(bytes: Buffer): void {
    this.handler.counters.bytesFromClients += bytes.length
    if (this.phase === 'closed') return
    const { turns } = this.handler
    if (this.unread.isThere) this.unread.add(bytes)
    else if (!turns.isBusy) this.read(bytes, MAX_REQUESTS_A_TURN)
    else if (this.lastRound === turns.rounds && this.unread.hasRoom(bytes.length)) this.hold(bytes)
    else this.read(bytes, MAX_REQUESTS_BESIDE_OTHERS)
  }

  onSent(length: number): void {
    this.handler.counters.bytesToClients += length
  }

  onBlocked(): void {
    this.rearm()
    for (const stream of this.session.streams.values()) stream.onBlocked()
  }

  onDrained(): void {
    if (this.phase === 'closed') return
    this.session.pump()
    for (const stream of this.session.streams.values()) stream.onRoom()
    this.rearm()
  }

  onEnd(): void {
    this.hasEnded = true
    if (this.phase === 'closed') return
    if (this.handler.halfClose === 'abort' || this.session.streams.size === 0) this.close()
  }

  onClose(): void {
    this.phase = 'closed'
    this.session.dropStreams()
    this.frames.discard()
    this.dropUnread()
    this.idling.end()
    this.count(-1)
    this.peer.gone()
    this.home.onClosed(this)
  }

  onTimeout(): void {
    const { timing } = this
    this.timing = 'none'
    if (this.wire.isBlocked) this.wire.destroy()
    else if (timing === 'leaving') this.finishLeaving()
    else if (timing === 'busy') this.rearm()
    else if (timing === 'idle') this.close()
    else if (timing === 'head') this.fail(this.tooLate())
  }

  // Frames on their way to the client.

  onFrames(): void {
    this.handler.turns.next(this.flushTurn)
  }

  sendFrames(bytes: Buffer, length: number): void {
    this.wire.flushOutbox(bytes, length)
  }

  // The session tells.

  onGoAway(): void {
    // What is under way is answered.
    this.leaving = 'told'
    this.closeIfDone()
  }

  onPingAck(payload: Buffer): void {
    if (payload.equals(DRAIN_PING)) this.finishLeaving()
  }

  onStreamOver(): void {
    if (this.handler.crowd.isThere) this.letGo()
    this.closeIfDone()
    this.rearm()
  }

  private read(bytes: Buffer, maxRequests: number): void {
    const { session, handler } = this
    session.requestsThisTurn = 0
    let position = 0
    let requests = 0
    try {
      if (this.phase === 'preface') position = this.readPreface(bytes)
      while (position < bytes.length && !this.isClosed) {
        if (session.requestsThisTurn > requests) {
          requests = session.requestsThisTurn
          const isOver = requests >= maxRequests || handler.turns.isOver
          if (isOver && this.unread.hasRoom(bytes.length - position)) return this.hold(bytes.subarray(position))
        }
        position = this.reader.next(bytes, position)
      }
    } catch (error) {
      if (!(error instanceof ConnectionFault)) throw error
      this.fail(error)
    }
    // Requests that were answered at once have kept it from being idle as well.
    if (session.requestsThisTurn > 0) this.timing = 'none'
    this.rearm()
  }

  private readPreface(bytes: Buffer): number {
    const start = PREFACE.length - this.prefaceLeft
    const end = Math.min(bytes.length, this.prefaceLeft)
    if (bytes.compare(PREFACE, start, start + end, 0, end) !== 0) {
      if (start === 0 && isHttp1(bytes)) return this.refuseOther(bytes)
      throw new ConnectionFault('a client of HTTP/2 begins with its preface')
    }
    this.prefaceLeft -= end
    if (this.prefaceLeft > 0) return end
    this.phase = 'frames'
    this.session.begin()
    if (this.leaving === 'asked') this.sayLastCall()
    return end
  }

  /** A client of HTTP/1 is told so in its own words. */
  private refuseOther(bytes: Buffer): number {
    const { handler } = this
    handler.onViolation?.('connection-error')
    sendProblem(this.wire, { status: 505, detail: 'only HTTP/2 is spoken here' }, STRANGER, handler.dateLine())
    this.phase = 'closed'
    this.idling.end()
    this.wire.close()
    return bytes.length
  }

  private hold(bytes: Buffer): void {
    this.unread.add(bytes)
    this.wire.pause()
    this.wire.socket?.readLittle?.()
    this.handler.turns.wait(this.readTurn, this.session.isKnown)
    this.rearm()
  }

  private readRest(): void {
    const rest = this.unread.take()
    if (rest === undefined) return
    this.lastRound = this.handler.turns.rounds
    this.wire.resume()
    this.read(rest, MAX_REQUESTS_A_TURN)
    this.unread.release()
  }

  private count(change: number): void {
    const { counters } = this.handler
    if (counters.http2Connections !== undefined) counters.http2Connections += change
  }

  private tooLate(): ConnectionFault {
    return this.session.isOpen
      ? new ConnectionFault('a head came too slowly', ENHANCE_YOUR_CALM)
      : new ConnectionFault('the first SETTINGS came too slowly', SETTINGS_TIMEOUT)
  }

  private fail(fault: ConnectionFault): void {
    this.handler.onViolation?.(fault.violation ?? 'connection-error')
    this.sayGoodbye(fault.code, fault.message)
    this.wire.close(fault.violation === undefined ? undefined : ABUSER_LINGER_MS)
  }

  private close(): void {
    this.sayGoodbye(NO_ERROR, '')
    this.wire.close()
  }

  private sayGoodbye(code: number, detail: string): void {
    this.frames.goAway(this.session.lastStreamId, code, detail)
    this.phase = 'closed'
    this.session.flow.close()
    this.session.dropStreams()
    this.frames.flush()
    this.dropUnread()
    this.idling.end()
  }

  /** What has come is read by nobody. */
  private dropUnread(): void {
    this.reader.close()
    this.unread.take()
    this.unread.release()
  }

  /** The second GOAWAY (RFC 9113 6.8): now the client knows which of its streams are answered. */
  private finishLeaving(): void {
    if (this.leaving !== 'asked' || this.phase === 'closed') return
    this.leaving = 'told'
    this.frames.goAway(this.session.lastStreamId, NO_ERROR, '')
    this.closeIfDone()
    this.rearm()
  }

  private closeIfDone(): void {
    if (this.session.streams.size > 0 || this.phase === 'closed') return
    if (this.leaving === 'told' || this.hasEnded) this.close()
  }

  /** Arms the time-out of what is waited for, where that has become another. */
  private rearm(): void {
    const timing = this.timingNow()
    if (timing === this.timing) return
    this.timing = timing
    const { timeouts } = this.handler
    // One that has asked for nothing yet may give way as well.
    if (timing === 'idle' || this.phase === 'preface') this.idling.begin()
    else if (timing === 'head' && this.session.streams.size === 0) this.idling.begin(SLOW_LINE_MS)
    else this.idling.end()
    if (timing === 'none') return
    if (timing === 'head') this.wire.arm(timeouts.headMs)
    else if (timing === 'idle') this.wire.arm(timeouts.keepAliveMs)
    else if (timing === 'leaving') this.wire.arm(Math.min(LAST_CALL_MS, timeouts.keepAliveMs))
    // Also when nobody is waited for, since time on the wheel stands still while nothing is armed.
    else this.wire.arm(timeouts.bodyMs)
  }

  private timingNow(): Timing {
    if (this.phase === 'closed') return 'none'
    if (this.wire.isBlocked) return 'blocked'
    if (!this.session.isOpen || this.reader.isInBlock) return 'head'
    if (this.leaving === 'asked') return 'leaving'
    return this.session.streams.size === 0 ? 'idle' : 'busy'
  }
}

/** Whether the first line is a request's of HTTP/1, the preface left out. */
const isHttp1 = (bytes: Buffer): boolean => / HTTP\/1\.\d\r\n/.test(bytes.toString('latin1', 0, MAX_LINE_BYTES))
