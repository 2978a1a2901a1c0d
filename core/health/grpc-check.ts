/**
 * A check by grpc.health.v1 (gRPC's own health-checking protocol): one call over a connection of its own, in HTTP/2 without
 * TLS; what is asked and what the answer says. No sockets.
 */
import { ProtocolError } from '../errors.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { GRPC_CODES } from '../http1/grpc.ts'
import { ConnectionFault, nameOfCode } from '../http2/errors.ts'
import { type Field, nameOf, valueOf } from '../http2/field.ts'
import { FrameReader, type FrameSink } from '../http2/frame-reader.ts'
import { type FrameOwner, FrameWriter } from '../http2/frame-writer.ts'
import { MIN_MAX_FRAME_BYTES, PREFACE } from '../http2/frames.ts'
import { type FieldBlock, HpackDecoder } from '../http2/hpack-decoder.ts'
import { BLOCK_OVERHEAD, emptySpan, FIELD_OVERHEAD, HpackEncoder } from '../http2/hpack-encoder.ts'
import { DEFAULT_TABLE_BYTES, ENABLE_PUSH, settingsPayload } from '../http2/settings.ts'

/** What the member says of itself; `passed`: that it serves. */
export interface GrpcAnswer {
  readonly passed: boolean
  readonly detail: string
}

/** Of HealthCheckResponse.ServingStatus. */
const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const SERVING = 1
/** A message is as long as its status takes; whoever sends more is no health service. */
const MAX_MESSAGE_BYTES = 256
const MAX_WORDS = 60

/** One call: `send` is what it says, `read` takes what comes until there is an answer. */
export interface GrpcCheck {
  /** The first bytes. */
  begin(): void
  /** undefined: more is to come. Throws ProtocolError for what is no answer. */
  read(piece: Buffer): GrpcAnswer | undefined
}

/** `service`: '' for the whole server, at most 127 bytes. `send`: bytes that are valid until it returns. */
export function createGrpcCheck(
  { service, authority }: { readonly service: string; readonly authority: string },
  limits: HttpLimits,
  send: (bytes: Buffer) => void,
): GrpcCheck {
  return new Call(service, authority, limits, send)
}

class Call implements GrpcCheck, FrameSink, FrameOwner {
  private readonly service: string
  private readonly authority: string
  private readonly send: (bytes: Buffer) => void
  private readonly frames = new FrameWriter(this)
  private readonly decoder = new HpackDecoder(DEFAULT_TABLE_BYTES)
  private readonly reader: FrameReader
  private readonly fields = new Map<string, string>()
  private message = Buffer.alloc(0)
  private answer: GrpcAnswer | undefined = undefined

  constructor(service: string, authority: string, { maxHeadBytes }: HttpLimits, send: (bytes: Buffer) => void) {
    this.service = service
    this.authority = authority
    this.send = send
    this.reader = new FrameReader(this, maxHeadBytes)
  }

  begin(): void {
    const { frames } = this
    frames.raw(PREFACE)
    frames.settings(settingsPayload([[ENABLE_PUSH, 0]]))
    this.writeHead()
    const request = requestFor(this.service)
    frames.data(1, request, 0, request.length)
    frames.endStream(1)
    frames.flush()
  }

  read(piece: Buffer): GrpcAnswer | undefined {
    try {
      for (let position = 0; position < piece.length && this.answer === undefined;)
        position = this.reader.next(piece, position)
    } catch (error) {
      if (error instanceof ConnectionFault) throw new ProtocolError(error.message)
      throw error
    }
    this.frames.flush()
    return this.answer
  }

  // Frames that go out do so at once.

  onFrames(): void {}

  sendFrames(bytes: Buffer, length: number): void {
    this.send(bytes.subarray(0, length))
  }

  // Frames that come.

  onFieldBlock(streamId: number, block: FieldBlock, isStreamEnd: boolean): void {
    this.decoder.decode(block, { onField: (field) => this.onField(streamId, field) })
    if (streamId === 1 && isStreamEnd) this.conclude()
  }

  onDataBegin(): void {}

  onDataBytes(bytes: Buffer, start: number, end: number): void {
    this.message = Buffer.concat([this.message, bytes.subarray(start, end)])
    if (this.message.length > MAX_MESSAGE_BYTES) throw new ProtocolError('the answer is too long for a health check')
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
    this.answer = { passed: false, detail: `the call was reset (${nameOfCode(code)})` }
  }

  onGoAway(_lastStreamId: number, code: number): void {
    this.answer = { passed: false, detail: `the server leaves (${nameOfCode(code)})` }
  }

  onSettingsAck(): void {}
  onPriority(): void {}
  onWindowUpdate(): void {}

  private onField(streamId: number, field: Field): void {
    if (streamId === 1 && this.fields.size < MAX_MESSAGE_BYTES) this.fields.set(nameOf(field), valueOf(field))
  }

  private conclude(): void {
    const code = this.fields.get('grpc-status')
    const status = this.fields.get(':status')
    if (code === undefined) this.answer = { passed: false, detail: `not gRPC: ${status ?? 'no'} status` }
    else if (code !== '0') this.answer = { passed: false, detail: this.failed(code) }
    else {
      const serving = statusIn(this.message)
      this.answer = { passed: serving === SERVING, detail: SERVING_STATUSES[serving] ?? `status ${serving}` }
    }
  }

  private failed(code: string): string {
    const message = this.fields.get('grpc-message') ?? ''
    const words = `${GRPC_CODES[Number(code)] ?? `status ${code}`} ${message}`
    return words
      .replace(/[^ -~]/g, '?')
      .slice(0, MAX_WORDS)
      .trim()
  }

  private writeHead(): void {
    const fields = [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', '/grpc.health.v1.Health/Check'],
      [':authority', this.authority],
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ['user-agent', 'smartedge-health'],
    ] as const
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

/** HealthCheckRequest { service = 1 }, with the prefix of gRPC: not compressed, and its length. */
function requestFor(service: string): Buffer {
  const name = Buffer.from(service)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name])
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
}

/** `status` (field 1, a varint) of HealthCheckResponse; 0 is what is left out. Throws ProtocolError for what is none. */
function statusIn(body: Buffer): number {
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5)
    throw new ProtocolError('the answer is no message of gRPC')
  if (body.length === 5) return 0
  if (body[5] !== 0x08 || body.length < 7) throw new ProtocolError('the answer is no HealthCheckResponse')
  return body[6] as number
}
