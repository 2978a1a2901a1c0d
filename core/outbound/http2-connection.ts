/**
 * One HTTP/2 connection to a backend (RFC 9113), with as many streams at once as the backend allows: reads its frames, keeps
 * both sides' settings and windows, sees by PING whether a silent backend is still there, and takes leave in good order.
 */
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { ConnectionFault, nameOfCode, NO_ERROR } from '../http2/errors.ts'
import { Flow } from '../http2/flow.ts'
import { FrameReader } from '../http2/frame-reader.ts'
import { type FrameOwner, FrameWriter } from '../http2/frame-writer.ts'
import { MAX_STREAM_ID, PREFACE } from '../http2/frames.ts'
import { HpackEncoder } from '../http2/hpack-encoder.ts'
import * as setting from '../http2/settings.ts'
import type { Idle } from '../net/budget.ts'
import { Place } from '../net/linked-list.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import { Wire } from '../net/wire.ts'
import type { ConnectFailure, WireOwner } from '../net/wire-owner.ts'
import type { FailureCause } from '../stream/backend-stream.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import { brokenWords, cutWords, TIME_OVER } from './words.ts'
import { Http2Session, type SessionOwner } from './http2-session.ts'
import { Http2Stream, STREAM_WINDOW } from './http2-stream.ts'
import { type RoomOwner, StreamRoom } from './stream-room.ts'

/** Silence with something under way after which the backend is asked whether it is there, and how long it may take to say so. */
const PING_AFTER_MS = 20_000
const PING_TIMEOUT_MS = 10_000
const PING = Buffer.from('are you?')
const BLOCK_FACTOR = 2
const LAST_IDS = 2000

const OUR_SETTINGS = setting.settingsPayload([
  [setting.ENABLE_PUSH, 0],
  [setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
])

export interface Http2Owner extends ConnectionOwner<Http2Connection>, RoomOwner {
  /** Runs `turn` behind the events that are due now. */
  readonly soon: (turn: { onTurn(): void }) => void
  /** Of what is asked for. */
  readonly scheme: 'http' | 'https'
  /** The backend takes so many streams at once, for which `surplus`, of which nothing was sent, are too many. */
  onSettled(maxStreams: number, surplus: readonly Http2Stream[]): void
  /** A stream is over: there may be room, or nothing to do. */
  onFreed(connection: Http2Connection): void
}

type Phase = 'connecting' | 'open' | 'closed'
type Timing = 'idle' | 'busy' | 'asked' | 'blocked' | 'none'

export class Http2Connection implements WireOwner, FrameOwner, SessionOwner, Idle {
  readonly wire: Wire
  readonly wheel: TimerWheel
  readonly scheme: 'http' | 'https'
  readonly frames = new FrameWriter(this)
  readonly flow = new Flow(this.frames)
  readonly encoder = new HpackEncoder()
  readonly settings = setting.initialSettings()
  readonly inPool = new Place<Http2Connection>(this)
  readonly inBudget = new Place<Idle>(this)
  /** Monotonic ms, coarse; Infinity: it is not, yet. */
  openedAt = Infinity
  /** It begins no more streams: the backend leaves, or it is too old, or of no use. */
  isLeaving = false
  private readonly owner: Http2Owner
  private readonly session: Http2Session
  private readonly reader: FrameReader
  readonly streams = new Map<number, Http2Stream>()
  /** Streams that have no number yet, in order. */
  private readonly pending = new Set<Http2Stream>()
  private readonly room: StreamRoom
  private phase: Phase = 'connecting'
  private timing: Timing = 'none'
  nextId = 1
  private isGone = false
  private readonly flushTurn = { onTurn: (): void => this.frames.flush() }

  /** `wire`: opened for it already; absent: one of its own, to be dialled. */
  constructor(owner: Http2Owner, wire?: Wire) {
    this.owner = owner
    this.wheel = owner.wheel
    this.scheme = owner.scheme
    this.wire = wire ?? new Wire(this, owner.wheel)
    this.wire.owner = this
    this.session = new Http2Session(this)
    this.room = new StreamRoom(owner, this.settings)
    this.reader = new FrameReader(this.session, BLOCK_FACTOR * owner.limits.maxHeadBytes)
  }

  get head(): ResponseHead {
    return this.owner.head
  }

  get limits(): HttpLimits {
    return this.owner.limits
  }

  get counters(): Http2Owner['counters'] {
    return this.owner.counters
  }

  get isBlocked(): boolean {
    return this.wire.isBlocked
  }

  /** Streams under way, and those that wait for it to open. */
  get load(): number {
    return this.streams.size + this.pending.size
  }

  get hasRoom(): boolean {
    if (this.isLeaving || this.phase === 'closed' || this.nextId > MAX_STREAM_ID - LAST_IDS) return false
    return this.load < this.room.most
  }

  /** `needsSettings`: it begins when it is known what the backend can do, as one that asks for a tunnel (RFC 8441 3). */
  open(timeouts: BackendTimeouts, needsSettings = false): Http2Stream {
    const isToWait = this.room.isToWait(this.load, needsSettings)
    const stream = new Http2Stream(this, timeouts, this.phase === 'open' && !isToWait)
    this.pending.add(stream)
    if (isToWait) this.room.add(stream)
    if (this.phase === 'open') this.room.await()
    this.rearm()
    return stream
  }

  /** Begins no more streams, and ends with the last. */
  leave(): void {
    this.isLeaving = true
    this.closeIfDone()
  }

  /** Nobody needs it, and nothing is under way; one that waits for its backend to close does so no longer. */
  discard(): void {
    if (this.isGone) return this.wire.destroy()
    this.close(NO_ERROR, '')
    this.wire.discard()
  }

  /** Its time is over. Returns how many exchanges that cut. */
  cut(): number {
    const { load, phase } = this
    this.lose('reset', TIME_OVER)
    this.wire.destroy()
    // A connect that is given up ends without a further word.
    if (phase === 'connecting') this.owner.onClosed(this)
    return load
  }

  // Streams ask.

  begin(stream: Http2Stream): number {
    const id = this.nextId
    this.nextId += 2
    this.pending.delete(stream)
    this.streams.set(id, stream)
    this.rearm()
    return id
  }

  onStreamOver(stream: Http2Stream): void {
    this.room.delete(stream)
    if (stream.id === 0) this.pending.delete(stream)
    else this.streams.delete(stream.id)
    this.session.forget(stream)
    if (this.phase === 'closed') return
    if (this.phase === 'connecting' && this.pending.size === 0) return this.giveUp()
    this.closeIfDone()
    this.rearm()
    this.owner.onFreed(this)
  }

  resetStream(streamId: number, code: number): void {
    if (this.phase !== 'open') return
    this.session.onClosed(streamId)
    this.frames.reset(streamId, code)
  }

  // The wire tells.

  onOpen(): void {
    this.phase = 'open'
    this.openedAt = this.wheel.now
    this.frames.raw(PREFACE)
    this.frames.settings(OUR_SETTINGS)
    this.flow.open()
    this.rearm()
    this.room.await()
    for (const stream of Array.from(this.pending)) if (!this.room.waits(stream)) stream.onConnected()
  }

  onConnectError({ isLocal, detail, words }: ConnectFailure): void {
    this.lose(isLocal ? 'local' : 'connect', detail, words)
    this.owner.onClosed(this)
  }

  onData(bytes: Buffer): void {
    this.owner.counters.bytesFromBackend += bytes.length
    if (this.phase === 'closed') return
    // Silence is what is asked about.
    if (this.timing === 'asked' || this.timing === 'busy') this.timing = 'none'
    try {
      for (let position = 0; position < bytes.length && this.phase === 'open';)
        position = this.reader.next(bytes, position)
    } catch (error) {
      if (!(error instanceof ConnectionFault)) throw error
      this.fail(error)
    }
    this.rearm()
  }

  onSent(length: number): void {
    this.owner.counters.bytesToBackend += length
  }

  onBlocked(): void {
    this.rearm()
    for (const stream of this.streams.values()) stream.sink?.onBackendBlocked(true)
  }

  onDrained(): void {
    if (this.phase === 'closed') return
    this.pump()
    for (const stream of this.streams.values()) stream.onRoom()
    this.rearm()
  }

  onEnd(): void {
    this.lose('reset', 'the backend closed the connection')
    this.wire.discard()
  }

  onClose(): void {
    this.lose('reset', cutWords(this.wire.alert))
    this.frames.discard()
    this.owner.onClosed(this)
  }

  onTimeout(): void {
    const { timing } = this
    this.timing = 'none'
    if (timing === 'idle') this.discard()
    else if (timing === 'busy') this.ask()
    else if (timing === 'asked' || this.wire.isBlocked) {
      this.lose('timeout', 'the backend did not answer a PING, or took nothing')
      this.wire.destroy()
    }
  }

  onFrames(): void {
    this.owner.soon(this.flushTurn)
  }

  sendFrames(bytes: Buffer, length: number): void {
    this.wire.flushOutbox(bytes, length)
  }

  // The session tells.

  pump(): void {
    this.flow.pump(this)
  }

  onRoom(): void {
    const surplus = this.room.settle(this.load)
    this.owner.onSettled(this.room.most, surplus)
    this.owner.onFreed(this)
  }

  onGoAway(lastStreamId: number, code: number): void {
    this.isLeaving = true
    const detail = `the backend leaves (${nameOfCode(code)})`
    for (const [id, stream] of Array.from(this.streams)) if (id > lastStreamId) stream.onLost('reset', detail, true)
    for (const stream of Array.from(this.pending)) stream.onLost('reset', detail, true)
    this.owner.onFreed(this)
    this.closeIfDone()
  }

  private ask(): void {
    this.frames.ping(PING, false)
    this.timing = 'asked'
    this.wire.arm(PING_TIMEOUT_MS)
  }

  private fail(fault: ConnectionFault): void {
    this.frames.goAway(0, fault.code, fault.message)
    this.lose('protocol', brokenWords(fault.message))
    this.frames.flush()
    this.wire.close()
  }

  /** Nobody connects for nobody. */
  private giveUp(): void {
    this.phase = 'closed'
    this.wire.destroy()
    this.goneOnce()
    this.owner.onClosed(this)
  }

  private closeIfDone(): void {
    if (this.load > 0 || !this.isLeaving || this.phase !== 'open') return
    this.close(NO_ERROR, '')
    this.wire.close()
  }

  private close(code: number, detail: string): void {
    if (this.phase === 'open') this.frames.goAway(0, code, detail)
    this.phase = 'closed'
    this.frames.flush()
    this.goneOnce()
  }

  /** Whatever is under way comes to nothing. */
  private lose(cause: FailureCause, detail: string, words?: string): void {
    const wasOpen = this.phase === 'open'
    this.phase = 'closed'
    this.isLeaving = true
    this.flow.close()
    // Its place is free before anybody tries again.
    this.goneOnce()
    // Of those without a number nothing was sent.
    for (const stream of [...this.pending, ...this.streams.values()])
      stream.onLost(cause, detail, wasOpen && stream.id === 0, words)
  }

  private goneOnce(): void {
    if (this.isGone) return
    this.isGone = true
    this.owner.onGone(this)
  }

  private rearm(): void {
    const timing = this.timingNow()
    if (timing === this.timing) return
    if (timing === 'busy' && this.timing === 'asked') return
    this.timing = timing
    const { timeouts } = this.owner
    if (timing === 'none') this.wire.disarm()
    else if (timing === 'idle') this.wire.arm(timeouts.keepAliveMs)
    else this.wire.arm(timing === 'blocked' ? timeouts.idleMs : PING_AFTER_MS)
  }

  private timingNow(): Timing {
    if (this.phase !== 'open') return 'none'
    if (this.wire.isBlocked) return 'blocked'
    return this.load === 0 ? 'idle' : 'busy'
  }
}
