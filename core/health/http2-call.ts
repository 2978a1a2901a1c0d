/** One request over HTTP/2, on a connection of its own, and its answer: what a check asks and hears. No sockets. */
import { ProtocolError } from '../errors.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { ConnectionFault, nameOfCode, SPEAKS_HTTP_1 } from '../http2/errors.ts'
import { type Field, nameOf, valueOf } from '../http2/field.ts'
import { FrameReader, type FrameSink } from '../http2/frame-reader.ts'
import { type FrameOwner, FrameWriter } from '../http2/frame-writer.ts'
import { MIN_MAX_FRAME_BYTES, PREFACE } from '../http2/frames.ts'
import { type FieldBlock, HpackDecoder } from '../http2/hpack-decoder.ts'
import { BLOCK_OVERHEAD, emptySpan, FIELD_OVERHEAD, HpackEncoder } from '../http2/hpack-encoder.ts'
import { DEFAULT_TABLE_BYTES, ENABLE_PUSH, settingsPayload } from '../http2/settings.ts'

export interface CheckRequest {
  /** Those of HTTP/2 first; lower case, values one character a byte. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Absent: none. */
  readonly body?: Buffer
}

/** Hears of one answer. What it throws, `read` throws. */
export interface CheckListener {
  /** A field of a head or of trailers, in order. */
  onField(name: string, value: string): void
  /** A head, interim ones as well, or the trailers are whole. */
  onFields(): void
  onContent(bytes: Buffer, start: number, end: number): void
  onEnd(): void
  /** There will be none, in words. */
  onFailure(detail: string): void
}

/** Of the fields that it tells: more are read and passed over. */
const MAX_FIELDS = 256

export class Http2Call implements FrameSink, FrameOwner {
  private readonly listener: CheckListener
  private readonly send: (bytes: Buffer) => void
  private readonly frames = new FrameWriter(this)
  private readonly decoder = new HpackDecoder(DEFAULT_TABLE_BYTES)
  private readonly reader: FrameReader
  private readonly ofHttp1: string
  private told = 0
  /** The answer has been heard to its end, or there will be none. */
  isOver = false

  /** `send`: takes bytes that are valid until it returns. `ofHttp1`: what is told of a server that answers in HTTP/1.x. */
  constructor(listener: CheckListener, { maxHeadBytes }: HttpLimits, send: (bytes: Buffer) => void, ofHttp1: string) {
    this.listener = listener
    this.ofHttp1 = ofHttp1
    this.send = send
    this.reader = new FrameReader(this, maxHeadBytes)
  }

  /** The first bytes. */
  begin({ fields, body }: CheckRequest): void {
    const { frames } = this
    frames.raw(PREFACE)
    frames.settings(settingsPayload([[ENABLE_PUSH, 0]]))
    this.writeHead(fields)
    if (body !== undefined) frames.data(1, body, 0, body.length)
    frames.endStream(1)
    frames.flush()
  }

  /** Takes what comes. Throws ProtocolError for what is no HTTP/2. */
  read(piece: Buffer): void {
    try {
      for (let position = 0; position < piece.length && !this.isOver;) position = this.reader.next(piece, position)
    } catch (error) {
      if (!(error instanceof ConnectionFault)) throw error
      if (error.message !== SPEAKS_HTTP_1) throw new ProtocolError(error.message)
      return this.fail(this.ofHttp1)
    }
    this.frames.flush()
  }

  // Frames that go out do so at once.

  onFrames(): void {}

  sendFrames(bytes: Buffer, length: number): void {
    this.send(bytes.subarray(0, length))
  }

  // Frames that come.

  onFieldBlock(streamId: number, block: FieldBlock, isStreamEnd: boolean): void {
    this.decoder.decode(block, { onField: (field) => this.onField(streamId, field) })
    if (streamId !== 1) return
    this.listener.onFields()
    if (isStreamEnd) this.conclude()
  }

  onDataBegin(): void {}

  onDataBytes(bytes: Buffer, start: number, end: number): void {
    this.listener.onContent(bytes, start, end)
  }

  onDataEnd(isStreamEnd: boolean): void {
    if (isStreamEnd) this.conclude()
  }

  onSettings(): void {
    this.frames.settingsAck()
  }

  onPing(payload: Buffer, isAck: boolean): void {
    if (!isAck) this.frames.ping(payload, true)
  }

  onReset(_streamId: number, code: number): void {
    this.fail(`the call was reset (${nameOfCode(code)})`)
  }

  onGoAway(_lastStreamId: number, code: number): void {
    this.fail(`the server leaves (${nameOfCode(code)})`)
  }

  onSettingsAck(): void {}
  onPriority(): void {}
  onWindowUpdate(): void {}

  private onField(streamId: number, field: Field): void {
    if (streamId !== 1 || this.told === MAX_FIELDS) return
    this.told += 1
    this.listener.onField(nameOf(field), valueOf(field))
  }

  private conclude(): void {
    this.isOver = true
    this.listener.onEnd()
  }

  private fail(detail: string): void {
    this.isOver = true
    this.listener.onFailure(detail)
  }

  private writeHead(fields: CheckRequest['fields']): void {
    const encoder = new HpackEncoder()
    const room = fields.reduce(
      (sum, [name, value]) => sum + name.length + value.length + FIELD_OVERHEAD,
      BLOCK_OVERHEAD,
    )
    let end = this.frames.beginBlock(room)
    for (const [name, value] of fields) {
      const [names, bytes] = [Buffer.from(name), Buffer.from(value, 'latin1')]
      const span = { ...emptySpan(), names, nameEnd: names.length, bytes, valueEnd: bytes.length }
      end = encoder.write(this.frames.bytes, end, span)
    }
    this.frames.endBlock(1, end, MIN_MAX_FRAME_BYTES)
  }
}
