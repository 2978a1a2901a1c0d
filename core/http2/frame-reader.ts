/**
 * Reads frames from bytes as they come (RFC 9113 4, 6): checks what a frame's own bytes can tell (length, stream, padding,
 * the order of a field block's frames) and tells a sink. DATA passes on in pieces; any other frame is put together first,
 * and a field block of several frames as well. Which stream may get what is not its business.
 */
import { ConnectionFault, ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, SPEAKS_HTTP_1 } from './errors.ts'
import * as frames from './frames.ts'
import { blockOf, type FieldBlock } from './hpack-decoder.ts'
import type { ByteBudget } from './memory.ts'

/**
 * Frames of one field block behind its first, and those of them without a byte (CVE-2024-27316). Where heads may be so long that
 * they need more, they may have twice of what they need.
 */
const MAX_CONTINUATIONS = 16
const MAX_EMPTY_CONTINUATIONS = 8
const PRIORITY_BYTES = 5
const NOTHING = Buffer.alloc(0)
/** The beginning of `HTTP/1.1`, by the places of a frame's header. */
const [HTT, P, SLASH] = [0x485454, 0x50, 0x2f]

/** Hears of frames, each in the order in which they came. Whatever it throws ends the reading. */
export interface FrameSink {
  /** A DATA frame begins that counts `length` bytes in flow control, padding included. */
  onDataBegin(streamId: number, length: number): void
  /** bytes[start..end) of its content. */
  onDataBytes(bytes: Buffer, start: number, end: number): void
  onDataEnd(isStreamEnd: boolean): void
  /** A whole field block; `isSelfDependent`: its priority names itself. The bytes are valid until this returns. */
  onFieldBlock(streamId: number, block: FieldBlock, isStreamEnd: boolean, isSelfDependent: boolean): void
  onPriority(streamId: number, isSelfDependent: boolean): void
  onReset(streamId: number, code: number): void
  /** `payload`: valid until this returns. */
  onSettings(payload: Buffer): void
  onSettingsAck(): void
  /** `payload`: 8 bytes, valid until this returns. */
  onPing(payload: Buffer, isAck: boolean): void
  onGoAway(lastStreamId: number, code: number, debug: Buffer): void
  onWindowUpdate(streamId: number, increment: number): void
}

interface Block {
  readonly streamId: number
  readonly isStreamEnd: boolean
  readonly isSelfDependent: boolean
  readonly pieces: Buffer[]
  /** Of all pieces. */
  length: number
  /** Without a byte. */
  empty: number
}

export class FrameReader {
  private readonly sink: FrameSink
  /** Bytes of one field block, compressed. */
  private readonly maxBlockBytes: number
  private readonly maxContinuations: number
  private readonly blocks: ByteBudget | undefined
  // Of the frame that is being read.
  private length = 0
  private type = 0
  private flags = 0
  private streamId = 0
  /** 'data', 'pad': its content, and what is thrown away of it; `left`: bytes of that still to come. */
  private stage: 'header' | 'payload' | 'padLength' | 'data' | 'pad' = 'header'
  private left = 0
  private padding = 0
  /** The first bytes of a header or a payload that has not come whole. */
  private kept: Buffer = NOTHING
  private block: Block | undefined = undefined
  /** Of one frame; one object is used for all of them. */
  private readonly whole: { -readonly [K in keyof FieldBlock]: FieldBlock[K] } = { bytes: NOTHING, start: 0, end: 0 }

  /** `blocks`: of all readers that have it, what they hold of field blocks; absent: nobody counts that, nor need it be closed. */
  constructor(sink: FrameSink, maxBlockBytes: number, blocks?: ByteBudget) {
    this.sink = sink
    this.maxBlockBytes = maxBlockBytes
    this.maxContinuations = Math.max(MAX_CONTINUATIONS, Math.ceil((2 * maxBlockBytes) / frames.MIN_MAX_FRAME_BYTES))
    this.blocks = blocks
  }

  /** Between the frames of a field block. */
  get isInBlock(): boolean {
    return this.block !== undefined
  }

  /** Nothing more is read. */
  close(): void {
    this.endBlock()
  }

  /** Reads up to the end of one frame, or what there is of it; returns the offset behind. Throws ConnectionFault. */
  next(bytes: Buffer, start: number): number {
    switch (this.stage) {
      case 'header':
        return this.readHeader(bytes, start)
      case 'payload':
        return this.readPayload(bytes, start)
      case 'padLength':
        return this.readPadLength(bytes, start)
      case 'data':
        return this.readData(bytes, start)
      case 'pad':
        return this.skip(bytes, start)
    }
  }

  private readHeader(bytes: Buffer, start: number): number {
    const known = this.kept.length
    if (known === 0 && bytes.length - start >= frames.FRAME_HEADER_BYTES) {
      this.begin(bytes, start)
      return start + frames.FRAME_HEADER_BYTES
    }
    const end = Math.min(bytes.length, start + frames.FRAME_HEADER_BYTES - known)
    this.kept = Buffer.concat([this.kept, bytes.subarray(start, end)])
    if (this.kept.length < frames.FRAME_HEADER_BYTES) return end
    const header = this.kept
    this.kept = NOTHING
    this.begin(header, 0)
    return end
  }

  private begin(bytes: Buffer, at: number): void {
    this.length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
    this.type = bytes[at + 3] as number
    this.flags = bytes[at + 4] as number
    this.streamId = numberIn(bytes, at + 5)
    this.checkFrame()
    this.left = this.length
    this.padding = 0
    if (this.type === frames.DATA) this.beginData()
    else if (this.type > frames.CONTINUATION) this.stage = 'pad'
    else this.stage = 'payload'
    // A frame without a payload has no more bytes to wait for.
    if (this.length === 0) this.next(NOTHING, 0)
  }

  private beginData(): void {
    this.sink.onDataBegin(this.streamId, this.length)
    this.stage = (this.flags & frames.FLAG_PADDED) === 0 ? 'data' : 'padLength'
  }

  private checkFrame(): void {
    const { type, streamId, length, block } = this
    if (length > frames.MIN_MAX_FRAME_BYTES) throw this.tooLong()
    if (block !== undefined && (type !== frames.CONTINUATION || streamId !== block.streamId))
      throw new ConnectionFault('nothing may stand between the frames of a field block')
    if (type > frames.CONTINUATION) return
    if (block === undefined && type === frames.CONTINUATION)
      throw new ConnectionFault('CONTINUATION belongs behind HEADERS without END_HEADERS')
    if (type === frames.PUSH_PROMISE) throw new ConnectionFault('PUSH_PROMISE is not taken')
    const isOfConnection = type === frames.SETTINGS || type === frames.PING || type === frames.GOAWAY
    if (isOfConnection && streamId !== 0) throw new ConnectionFault('SETTINGS, PING and GOAWAY belong to stream 0')
    if (!isOfConnection && type !== frames.WINDOW_UPDATE && streamId === 0)
      throw new ConnectionFault('DATA, HEADERS, PRIORITY, RST_STREAM and CONTINUATION belong to a stream')
    this.checkLength()
  }

  /** `HTTP/1.1` read as a header is such a frame, too. */
  private tooLong(): ConnectionFault {
    const { length, type, flags } = this
    if (length === HTT && type === P && flags === SLASH) return new ConnectionFault(SPEAKS_HTTP_1, FRAME_SIZE_ERROR)
    return new ConnectionFault(`a frame may have at most 16384 bytes, got ${length}`, FRAME_SIZE_ERROR)
  }

  private checkLength(): void {
    const { type, length, flags } = this
    const isAck = (flags & frames.FLAG_ACK) !== 0
    const isRight =
      type === frames.PRIORITY
        ? length === PRIORITY_BYTES
        : type === frames.RST_STREAM || type === frames.WINDOW_UPDATE
          ? length === 4
          : type === frames.SETTINGS
            ? length % 6 === 0 && !(isAck && length > 0)
            : type === frames.PING
              ? length === 8
              : type !== frames.GOAWAY || length >= 8
    if (!isRight) throw new ConnectionFault(`a frame of type ${type} may not have ${length} bytes`, FRAME_SIZE_ERROR)
  }

  private readPayload(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.left)
    if (end - start === this.length) {
      this.take(bytes, start, end)
      return end
    }
    const known = this.length - this.left
    this.left -= end - start
    if (known + end - start > this.kept.length) this.makeRoom(known, known + end - start)
    bytes.copy(this.kept, known, start, end)
    if (this.left > 0) return end
    const payload = this.kept.subarray(0, this.length)
    this.kept = NOTHING
    this.take(payload, 0, payload.length)
    return end
  }

  /** For `size` bytes of a payload at least, of which `known` are there: twice as much each time, since they may come one by one. */
  private makeRoom(known: number, size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(this.length, Math.max(size, 2 * this.kept.length)))
    this.kept.copy(larger, 0, 0, known)
    this.kept = larger
  }

  /** The frame is whole: its payload is bytes[start..end). */
  private take(bytes: Buffer, start: number, end: number): void {
    this.stage = 'header'
    const { sink, streamId, flags } = this
    switch (this.type) {
      case frames.HEADERS:
        return this.takeHeaders(bytes, start, end)
      case frames.CONTINUATION:
        return this.takeContinuation(bytes.subarray(start, end))
      case frames.PRIORITY:
        return sink.onPriority(streamId, numberIn(bytes, start) === streamId)
      case frames.RST_STREAM:
        return sink.onReset(streamId, bytes.readUInt32BE(start))
      case frames.SETTINGS:
        return (flags & frames.FLAG_ACK) === 0 ? sink.onSettings(bytes.subarray(start, end)) : sink.onSettingsAck()
      case frames.PING:
        return sink.onPing(bytes.subarray(start, end), (flags & frames.FLAG_ACK) !== 0)
      case frames.GOAWAY:
        return sink.onGoAway(numberIn(bytes, start), bytes.readUInt32BE(start + 4), bytes.subarray(start + 8, end))
      case frames.WINDOW_UPDATE:
        return sink.onWindowUpdate(streamId, numberIn(bytes, start))
      default:
    }
  }

  private takeHeaders(bytes: Buffer, from: number, to: number): void {
    const { flags, streamId, whole } = this
    let start = from
    let padding = 0
    if ((flags & frames.FLAG_PADDED) !== 0) {
      if (start === to) tooShort()
      padding = bytes[start] as number
      start += 1
    }
    let isSelfDependent = false
    if ((flags & frames.FLAG_PRIORITY) !== 0) {
      if (to < start + PRIORITY_BYTES) tooShort()
      isSelfDependent = numberIn(bytes, start) === streamId
      start += PRIORITY_BYTES
    }
    const end = to - padding
    if (start > end) throw paddingTooLong()
    const isStreamEnd = (flags & frames.FLAG_END_STREAM) !== 0
    if ((flags & frames.FLAG_END_HEADERS) !== 0) {
      whole.bytes = bytes
      whole.start = start
      whole.end = end
      this.sink.onFieldBlock(streamId, whole, isStreamEnd, isSelfDependent)
      whole.bytes = NOTHING
      return
    }
    const block = { streamId, isStreamEnd, isSelfDependent, pieces: [], length: 0, empty: 0 }
    this.addPiece(block, bytes.subarray(start, end))
    this.block = block
  }

  private takeContinuation(payload: Buffer): void {
    const { block } = this
    if (block === undefined) return
    if (payload.length === 0) block.empty += 1
    if (block.pieces.length > this.maxContinuations || block.empty > MAX_EMPTY_CONTINUATIONS)
      throw tooMuch('a field block came in too many frames')
    this.addPiece(block, payload)
    if ((this.flags & frames.FLAG_END_HEADERS) === 0) return
    this.endBlock()
    this.sink.onFieldBlock(
      block.streamId,
      blockOf(Buffer.concat(block.pieces)),
      block.isStreamEnd,
      block.isSelfDependent,
    )
  }

  private endBlock(): void {
    if (this.blocks !== undefined) this.blocks.bytes -= this.block?.length ?? 0
    this.block = undefined
  }

  private addPiece(block: Block, piece: Buffer): void {
    if (block.length + piece.length > this.maxBlockBytes)
      throw tooMuch(`a field block may have at most ${this.maxBlockBytes} bytes`)
    if (this.blocks?.hasRoom(piece.length) === false) throw tooMuch('too many field blocks come in several frames')
    if (this.blocks !== undefined) this.blocks.bytes += piece.length
    block.length += piece.length
    block.pieces.push(Buffer.from(piece))
  }

  private readPadLength(bytes: Buffer, start: number): number {
    if (this.length === 0) tooShort()
    if (start >= bytes.length) return start
    this.padding = bytes[start] as number
    this.left = this.length - 1 - this.padding
    if (this.left < 0) throw paddingTooLong()
    this.stage = 'data'
    return this.left === 0 ? this.readData(bytes, start + 1) : start + 1
  }

  private readData(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.left)
    this.left -= end - start
    if (end > start) this.sink.onDataBytes(bytes, start, end)
    if (this.left > 0) return end
    this.left = this.padding
    if (this.left === 0) this.endData()
    else this.stage = 'pad'
    return end
  }

  private skip(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.left)
    this.left -= end - start
    if (this.left > 0) return end
    if (this.type === frames.DATA) this.endData()
    else this.stage = 'header'
    return end
  }

  private endData(): void {
    this.stage = 'header'
    this.sink.onDataEnd((this.flags & frames.FLAG_END_STREAM) !== 0)
  }
}

/** 31 bits of a number whose first is another's. */
const numberIn = (bytes: Buffer, at: number): number =>
  (((bytes[at] as number) & 0x7f) << 24) |
  ((bytes[at + 1] as number) << 16) |
  ((bytes[at + 2] as number) << 8) |
  (bytes[at + 3] as number)

function tooShort(): never {
  throw new ConnectionFault('a frame is shorter than its flags say', FRAME_SIZE_ERROR)
}

const tooMuch = (detail: string): ConnectionFault => new ConnectionFault(detail, ENHANCE_YOUR_CALM, 'continuation')

const paddingTooLong = (): ConnectionFault => new ConnectionFault('padding may not be longer than its frame')
