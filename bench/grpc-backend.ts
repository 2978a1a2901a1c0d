/**
 * The backend of contestants that pass on gRPC: answers each unary call with the same message and trailers, as cheaply as can
 * be, so that it is never what is measured. A program: `bun bench/grpc-backend.ts PORT …`; standard input takes `count`, which
 * prints the calls answered so far by port, as JSON. Speaks HTTP/2 without TLS, and reads nothing of a call but where it ends:
 * no codec of ours, which is what is measured. Load for it: `h2load -d MESSAGE -H 'content-type: application/grpc' -H 'te: trailers'`.
 */
import type { Socket } from 'bun'
import { listenForH2c } from './h2c-ports.ts'

const HEADER_BYTES = 9
const PREFACE_BYTES = 24
const DEFAULT_WINDOW = 65_535
/** What clients may send on a connection before it is given to them again. */
const OWN_WINDOW = 2 ** 30

const [DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION] = [0, 1, 4, 6, 8, 9]
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4

/** Of at most 127 bytes each, so that a length is one byte; never put into a table (RFC 7541 6.2.2). */
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)])

function frame(type: number, flags: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  payload.copy(bytes, HEADER_BYTES)
  return bytes
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const message = Buffer.from('\0\0\0\0\x0dhello, caller')
/** `:status: 200`, by its index in the static table. */
const STATUS_OK = Buffer.from([0x88])
const head = frame(HEADERS, END_HEADERS, Buffer.concat([STATUS_OK, literal('content-type', 'application/grpc')]))
const content = frame(DATA, 0, message)
const trailers = frame(HEADERS, END_HEADERS | END_STREAM, literal('grpc-status', '0'))
const answer = Buffer.concat([head, content, trailers])
/** Where each of its frames says of which stream it is. */
const STREAM_AT = [5, head.length + 5, head.length + content.length + 5]
const settingsAck = frame(SETTINGS, ACK, Buffer.alloc(0))
const greeting = Buffer.concat([
  frame(SETTINGS, 0, Buffer.alloc(0)),
  frame(WINDOW_UPDATE, 0, number(OWN_WINDOW - DEFAULT_WINDOW)),
])

const answered = new Map(process.argv.slice(2).map((port) => [port, 0]))

class Connection {
  private readonly socket: Socket<Connection>
  private readonly port: string
  private prefaceLeft = PREFACE_BYTES
  /** The first bytes of a frame that has not come whole. */
  private kept: Buffer | undefined = undefined
  private out: Buffer[] = [greeting]
  private isBlocked = false
  /** Of the connection; a stream's is never in the way of so small a message. */
  private window = DEFAULT_WINDOW
  /** What clients have sent of theirs. */
  private taken = 0
  /** The stream of a field block that is not whole, and ends with it. */
  private endsWithBlock = 0
  /** Streams that wait for the window. */
  private readonly waiting: number[] = []

  constructor(socket: Socket<Connection>, port: string) {
    this.socket = socket
    this.port = port
    this.flush()
  }

  read(came: Buffer): void {
    const skipped = Math.min(this.prefaceLeft, came.length)
    this.prefaceLeft -= skipped
    const bytes = this.kept === undefined ? came : Buffer.concat([this.kept, came])
    let at = skipped
    while (at + HEADER_BYTES <= bytes.length) {
      const end = at + HEADER_BYTES + bytes.readUIntBE(at, 3)
      if (end > bytes.length) break
      this.onFrame(bytes, at, end)
      at = end
    }
    this.kept = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined
    this.flush()
  }

  private onFrame(bytes: Buffer, at: number, end: number): void {
    const [type, flags, id] = [bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, bytes.readUInt32BE(at + 5)]
    const payload = at + HEADER_BYTES
    switch (type) {
      case DATA:
        this.take(end - payload)
        if ((flags & END_STREAM) !== 0) this.answer(id)
        break
      case HEADERS:
        if ((flags & END_STREAM) === 0) break
        if ((flags & END_HEADERS) === 0) this.endsWithBlock = id
        else this.answer(id)
        break
      case CONTINUATION:
        if ((flags & END_HEADERS) === 0 || this.endsWithBlock !== id) break
        this.endsWithBlock = 0
        this.answer(id)
        break
      case SETTINGS:
        if ((flags & ACK) === 0) this.out.push(settingsAck)
        break
      case PING:
        if ((flags & ACK) === 0) this.out.push(frame(PING, ACK, Buffer.from(bytes.subarray(payload, end))))
        break
      case WINDOW_UPDATE:
        if (id === 0) this.widen(bytes.readUInt32BE(payload))
        break
      default:
    }
  }

  /** A message of more than its stream's window, 64 KiB, would stand still: calls here are small. */
  private take(length: number): void {
    this.taken += length
    if (this.taken < OWN_WINDOW / 2) return
    this.out.push(frame(WINDOW_UPDATE, 0, number(this.taken)))
    this.taken = 0
  }

  private answer(id: number): void {
    if (this.window < message.length) return void this.waiting.push(id)
    this.window -= message.length
    const bytes = Buffer.from(answer)
    for (const at of STREAM_AT) bytes.writeUInt32BE(id, at)
    this.out.push(bytes)
    answered.set(this.port, (answered.get(this.port) ?? 0) + 1)
  }

  private widen(increment: number): void {
    this.window += increment
    while (this.window >= message.length && this.waiting.length > 0) this.answer(this.waiting.shift() ?? 0)
  }

  onDrain(): void {
    this.isBlocked = false
    this.flush()
  }

  private flush(): void {
    if (this.isBlocked || this.out.length === 0) return
    const bytes = this.out.length === 1 ? (this.out[0] as Buffer) : Buffer.concat(this.out)
    const sent = this.socket.write(bytes)
    this.out = []
    if (sent < 0 || sent === bytes.length) return
    this.isBlocked = true
    this.out.push(bytes.subarray(sent))
  }
}

await listenForH2c<Connection>(answered, (socket, port) => new Connection(socket, port))
