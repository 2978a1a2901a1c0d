/**
 * The backend of contestants that speak HTTP/2 to it (h2c): answers each request with the same fields and content, as cheaply
 * as can be, and within the windows that it is given. A program: `bun bench/replay-h2c.ts PROFILE PORT …`; standard input takes
 * `count`, as that of `replay.ts` does. It reads no field: what is asked for makes no difference.
 */
import type { Socket } from 'bun'
import { Flow } from '../core/http2/flow.ts'
import { FrameReader, type FrameSink } from '../core/http2/frame-reader.ts'
import { type FrameOwner, FrameWriter } from '../core/http2/frame-writer.ts'
import { PREFACE } from '../core/http2/frames.ts'
import { StreamSending, type SendingCarrier, type SendingOwner } from '../core/http2/sending.ts'
import { DEFAULT_TABLE_BYTES, initialSettings, readSettings } from '../core/http2/settings.ts'
import { encodeThrice } from './h2-blocks.ts'
import { bodyOf, listResponseFields, profiles } from './profile.ts'
import { listenForH2c } from './h2c-ports.ts'

const [profileName = '', ...ports] = process.argv.slice(2)
const profile = profiles[profileName]
if (profile === undefined) throw new Error(`unknown profile ${profileName}: ${Object.keys(profiles).join(', ')}`)
const body = bodyOf(profile.responseBodyBytes)
/** Of the first response of a connection, of the second, and of all others. */
const blocks = encodeThrice([[':status', '200'], ...listResponseFields(profile)])
const answered = new Map(ports.map((port) => [port, 0]))

/** What of a response is yet to go out. */
class Answer implements SendingOwner {
  readonly id: number
  readonly sending: StreamSending
  private readonly connection: Connection

  constructor(connection: Connection, id: number) {
    this.connection = connection
    this.id = id
    this.sending = new StreamSending(this, connection)
  }

  send(): void {
    if (body.length > 0 && !this.sending.send(body, 0, body.length)) throw new Error('too much waits for windows')
    this.sending.end()
  }

  onProgress(): void {}
  onRoom(): void {}

  onAllSent(): void {
    this.connection.frames.endStream(this.id)
    this.connection.waiting.delete(this.id)
  }
}

class Connection implements FrameSink, FrameOwner, SendingCarrier {
  readonly frames = new FrameWriter(this)
  readonly flow = new Flow(this.frames)
  readonly settings = initialSettings()
  /** By stream, those that wait for a window. */
  readonly waiting = new Map<number, Answer>()
  readonly isBlocked = false
  private readonly socket: Socket<Connection>
  private readonly port: string
  private readonly reader = new FrameReader(this, DEFAULT_TABLE_BYTES * 16)
  private prefaceLeft = PREFACE.length
  private responses = 0
  /** Bytes that the socket has not taken. */
  private unsent: Buffer | undefined = undefined

  constructor(socket: Socket<Connection>, port: string) {
    this.socket = socket
    this.port = port
    this.frames.settings(Buffer.alloc(0))
    this.flow.open()
    this.frames.flush()
  }

  read(bytes: Buffer): void {
    let position = Math.min(this.prefaceLeft, bytes.length)
    this.prefaceLeft -= position
    while (position < bytes.length) position = this.reader.next(bytes, position)
    this.frames.flush()
  }

  // Sent when all that has come has been read.
  onFrames(): void {}

  sendFrames(bytes: Buffer, length: number): void {
    const frames = bytes.subarray(0, length)
    if (this.unsent !== undefined) this.unsent = Buffer.concat([this.unsent, frames])
    else this.keep(frames, this.socket.write(frames))
  }

  onDrain(): void {
    const { unsent } = this
    this.unsent = undefined
    if (unsent !== undefined) this.keep(unsent, this.socket.write(unsent))
  }

  /** Of `bytes`, of which the socket has taken `sent`; negative: it is closed. */
  private keep(bytes: Buffer, sent: number): void {
    if (sent >= 0 && sent < bytes.length) this.unsent = Buffer.from(bytes.subarray(sent))
  }

  onFieldBlock(id: number, _block: unknown, isStreamEnd: boolean): void {
    if (isStreamEnd) this.answer(id)
  }

  private dataStream = 0

  onDataBegin(id: number, length: number): void {
    this.dataStream = id
    this.flow.credit(length)
    this.dataLength = length
  }

  private dataLength = 0

  onDataBytes(): void {}

  onDataEnd(isStreamEnd: boolean): void {
    if (isStreamEnd) this.answer(this.dataStream)
    else if (this.dataLength > 0) this.frames.windowUpdate(this.dataStream, this.dataLength)
  }

  private answer(id: number): void {
    const block = blocks[Math.min(this.responses, blocks.length - 1)] as Buffer
    this.responses += 1
    answered.set(this.port, (answered.get(this.port) ?? 0) + 1)
    const start = this.frames.beginBlock(block.length)
    this.frames.endBlock(id, start + block.copy(this.frames.bytes, start), this.settings.maxFrameBytes)
    const answer = new Answer(this, id)
    this.waiting.set(id, answer)
    answer.send()
  }

  onSettings(payload: Buffer): void {
    readSettings(this.settings, payload, false)
    if (this.settings.tableBytes < DEFAULT_TABLE_BYTES) throw new Error('a smaller table is not filled here')
    this.frames.settingsAck()
  }

  onWindowUpdate(id: number, increment: number): void {
    const answer = this.waiting.get(id)
    if (id === 0) this.flow.widen(increment)
    else if (answer !== undefined) answer.sending.window += increment
    this.flow.pump(this)
  }

  onReset(id: number): void {
    this.waiting.get(id)?.sending.drop()
    this.waiting.delete(id)
  }

  onPing(payload: Buffer, isAck: boolean): void {
    if (!isAck) this.frames.ping(payload, true)
  }

  onPriority(): void {}
  onSettingsAck(): void {}
  onGoAway(): void {}
}

await listenForH2c<Connection>(answered, (socket, port) => new Connection(socket, port))
