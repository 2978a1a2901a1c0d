/**
 * What the frames of an HTTP/2 connection to a backend mean (RFC 9113 5, 6, 8): gives each to its stream, and says what is wrong
 * with it. What is wrong with one response ends that; anything else ends the connection, whose business socket and time are.
 */
import { ProtocolError } from '../errors.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { AbuseBudget, type Violation } from '../http2/abuse.ts'
import { ClosedStreams } from '../http2/closed-streams.ts'
import * as codes from '../http2/errors.ts'
import { ConnectionFault } from '../http2/errors.ts'
import type { FrameSink } from '../http2/frame-reader.ts'
import { widened } from '../http2/frame-writer.ts'
import { type FieldBlock, HpackDecoder } from '../http2/hpack-decoder.ts'
import { ResponseFields } from '../http2/response-fields.ts'
import * as setting from '../http2/settings.ts'
import { TrailerFields } from '../http2/trailer-fields.ts'
import { switchProtocols } from './http2-upgrade.ts'
import type { Http2Carrier, Http2Stream } from './http2-stream.ts'

/** One head is read at a time. */
const responseFields = new ResponseFields()
const IGNORED = { onField: (): void => undefined }

/** The connection, as its session sees it. */
export interface SessionOwner extends Http2Carrier {
  readonly encoder: Http2Carrier['encoder'] & { limitTable(bytes: number): void }
  readonly settings: setting.PeerSettings
  readonly streams: ReadonlyMap<number, Http2Stream>
  /** Of the stream that begins next. */
  readonly nextId: number
  /** The parser of this process, shared: what it holds is valid within one event. */
  readonly head: ResponseHead
  readonly limits: HttpLimits
  /** Sends what windows and socket have room for. */
  pump(): void
  /** How many streams the backend takes may have changed. */
  onRoom(): void
  onGoAway(lastStreamId: number, code: number): void
}

export class Http2Session implements FrameSink {
  private readonly owner: SessionOwner
  private readonly decoder = new HpackDecoder(setting.DEFAULT_TABLE_BYTES)
  private readonly budget: AbuseBudget
  private readonly closed = new ClosedStreams()
  /** What the backend asks for is known. */
  hasSettings = false
  /** Of the DATA frame that is being read: its stream, its bytes still to be accounted for, and how many it began with. */
  private current: Http2Stream | undefined = undefined
  private currentLeft = 0
  private currentLength = 0

  constructor(owner: SessionOwner) {
    this.owner = owner
    this.budget = new AbuseBudget(owner.wheel.now)
  }

  /** A stream was reset: what its backend had sent by then is on its way. */
  onClosed(streamId: number): void {
    this.closed.add(streamId)
  }

  forget(stream: Http2Stream): void {
    if (this.current === stream) this.current = undefined
  }

  onDataBegin(streamId: number, length: number): void {
    this.requireSettings()
    this.current = undefined
    this.currentLeft = length
    this.currentLength = length
    this.owner.flow.receive(length)
    const stream = this.owner.streams.get(streamId)
    if (stream === undefined) return this.checkGone(streamId)
    const fault = stream.hasRemoteEnded ? codes.STREAM_CLOSED : stream.faultOfWindow(length)
    if (fault === undefined) this.current = stream
    else stream.fail('protocol', `the backend sent content that it may not (${codes.nameOfCode(fault)})`, fault)
  }

  onDataBytes(bytes: Buffer, start: number, end: number): void {
    this.currentLeft -= end - start
    const { current } = this
    if (current === undefined) return this.owner.flow.credit(end - start)
    try {
      current.onContent(bytes, start, end)
    } catch (error) {
      this.owner.flow.credit(end - start)
      this.blame(current, error)
    }
  }

  onDataEnd(isStreamEnd: boolean): void {
    const { current, currentLeft } = this
    if (this.currentLength === 0 && !isStreamEnd) this.spend('empty-data')
    if (current === undefined) return this.owner.flow.credit(currentLeft)
    this.current = undefined
    if (currentLeft > 0) current.credit(currentLeft)
    if (!isStreamEnd) return
    try {
      current.onRemoteEnd(undefined)
    } catch (error) {
      this.blame(current, error)
    }
  }

  onFieldBlock(streamId: number, block: FieldBlock, isStreamEnd: boolean): void {
    this.requireSettings()
    const stream = this.owner.streams.get(streamId)
    if (stream === undefined || stream.hasRemoteEnded) {
      this.decoder.decode(block, IGNORED)
      if (stream === undefined) this.checkGone(streamId)
      else stream.fail('protocol', 'fields came behind the end of the response', codes.STREAM_CLOSED)
    } else if (stream.hasFinalHead) this.readTrailers(stream, block, isStreamEnd)
    else this.readHead(stream, block, isStreamEnd)
  }

  onPriority(): void {
    this.requireSettings()
    this.spend('priority')
  }

  onReset(streamId: number, code: number): void {
    this.requireSettings()
    if (this.isUnknown(streamId)) throw new ConnectionFault('RST_STREAM came for a stream that has not begun')
    this.closed.add(streamId)
    this.owner.streams.get(streamId)?.onReset(code)
  }

  onSettings(payload: Buffer): void {
    this.hasSettings = true
    this.spend('settings')
    const before = this.owner.settings.initialWindow
    setting.readSettings(this.owner.settings, payload, true)
    const change = this.owner.settings.initialWindow - before
    for (const stream of this.owner.streams.values()) {
      if (widened(stream.sendWindow, change) === undefined)
        throw new ConnectionFault('a window grew beyond 2147483647', codes.FLOW_CONTROL_ERROR)
      stream.widen(change)
    }
    this.owner.encoder.limitTable(this.owner.settings.tableBytes)
    this.owner.frames.settingsAck()
    this.owner.pump()
    this.owner.onRoom()
  }

  onSettingsAck(): void {
    this.requireSettings()
  }

  onPing(payload: Buffer, isAck: boolean): void {
    this.requireSettings()
    if (isAck) return
    this.spend('ping')
    this.owner.frames.ping(payload, true)
  }

  onGoAway(lastStreamId: number, code: number): void {
    this.owner.onGoAway(lastStreamId, code)
  }

  onWindowUpdate(streamId: number, increment: number): void {
    this.requireSettings()
    if (!this.owner.flow.isPaid()) this.spend('window-update')
    if (streamId === 0) this.owner.flow.widen(increment)
    else this.widenStream(streamId, increment)
    this.owner.pump()
  }

  private widenStream(streamId: number, increment: number): void {
    if (this.isUnknown(streamId)) throw new ConnectionFault('WINDOW_UPDATE came for a stream that has not begun')
    const stream = this.owner.streams.get(streamId)
    if (stream === undefined) return
    if (increment === 0) stream.fail('protocol', 'the backend widened a window by nothing', codes.PROTOCOL_ERROR)
    else if (widened(stream.sendWindow, increment) === undefined)
      stream.fail('protocol', 'the backend widened a window beyond 2147483647', codes.FLOW_CONTROL_ERROR)
    else stream.widen(increment)
  }

  private readHead(stream: Http2Stream, block: FieldBlock, isStreamEnd: boolean): void {
    const { head, limits } = this.owner
    responseFields.begin(limits, head.fields)
    this.decoder.decode(block, responseFields)
    const built = responseFields.finish()
    if (built.kind !== 'head') return stream.fail('protocol', built.detail, codes.PROTOCOL_ERROR)
    try {
      head.settle(built.bytes, built.start, built.end)
      const { upgrade } = stream
      if (upgrade !== undefined && head.status >= 200 && head.status < 300) switchProtocols(head, upgrade, limits)
      stream.onHead(head, isStreamEnd)
    } catch (error) {
      this.blame(stream, error)
    }
  }

  private readTrailers(stream: Http2Stream, block: FieldBlock, isStreamEnd: boolean): void {
    const fields = new TrailerFields(this.owner.limits)
    this.decoder.decode(block, fields)
    try {
      if (!isStreamEnd) throw new ProtocolError('trailers must end their stream')
      stream.onRemoteEnd(fields.finish())
    } catch (error) {
      this.blame(stream, error)
    }
  }

  /** What is wrong with one response ends that one. */
  private blame(stream: Http2Stream, error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error
    stream.fail('protocol', error.message, codes.PROTOCOL_ERROR)
  }

  private requireSettings(): void {
    if (!this.hasSettings) throw new ConnectionFault('SETTINGS must be the first frame')
  }

  private isUnknown(streamId: number): boolean {
    return streamId >= this.owner.nextId || streamId % 2 === 0
  }

  private checkGone(streamId: number): void {
    if (this.isUnknown(streamId)) throw new ConnectionFault('a frame came for a stream that has not begun')
    if (!this.closed.has(streamId))
      throw new ConnectionFault('a frame came for a stream that is over', codes.STREAM_CLOSED)
  }

  private spend(kind: Violation): void {
    if (this.budget.exceeds(kind, this.owner.wheel.now))
      throw new ConnectionFault(`too much of one kind: ${kind}`, codes.ENHANCE_YOUR_CALM, kind)
  }
}
