/**
 * Frames on their way to one peer, gathered until whoever owns it sends them: so the answers of one turn leave in one write.
 * Memory is borrowed for as long as something is in it. What is needed of it for one frame, a large field block, is made.
 */
import * as frames from './frames.ts'

const CAPACITY = 64 * 1024
/** What most have to say in a turn: of hundreds of connections at once each would have memory of its own that it does not use. */
const SMALL_CAPACITY = 4 * 1024
/** Buffers that are kept for whoever writes next. */
const MAX_SPARE = 64
const spare: Buffer[] = []
const spareSmall: Buffer[] = []
const NOTHING = Buffer.alloc(0)

export interface FrameOwner {
  /** Something is to be sent: `flush` is to be called in this turn. */
  onFrames(): void
  /** bytes[0..length) are to be sent now, and are written over afterwards. */
  sendFrames(bytes: Buffer, length: number): void
}

export class FrameWriter {
  bytes: Buffer = NOTHING
  private used = 0
  private readonly owner: FrameOwner
  /** The frame that was written last, where it could still end its stream; -1: none. */
  private lastAt = -1
  private lastStreamId = 0
  private blockAt = 0

  constructor(owner: FrameOwner) {
    this.owner = owner
  }

  /** Sends what has been gathered. */
  flush(): void {
    const { bytes, used } = this
    if (used === 0) return
    this.used = 0
    this.lastAt = -1
    this.owner.sendFrames(bytes, used)
    // What it said on the way may have written more.
    if (this.used > 0) return
    this.bytes = NOTHING
    putBack(bytes)
  }

  /** Nothing more is sent, and what was gathered is not. */
  discard(): void {
    this.used = 0
    this.lastAt = -1
    this.bytes = NOTHING
  }

  data(streamId: number, bytes: Buffer, start: number, end: number): void {
    const at = this.begin(frames.DATA << 8, end - start, streamId)
    bytes.copy(this.bytes, at, start, end)
    this.used = at + end - start
  }

  /** The stream is over with the frame that was written last, if that was its own and is still here; else an empty one says so. */
  endStream(streamId: number): void {
    if (this.lastAt >= 0 && this.lastStreamId === streamId)
      this.bytes[this.lastAt + 4] = (this.bytes[this.lastAt + 4] as number) | frames.FLAG_END_STREAM
    else this.begin((frames.DATA << 8) | frames.FLAG_END_STREAM, 0, streamId)
    this.lastAt = -1
  }

  /** Room for a field block of at most `size` bytes, which goes into `bytes` at the returned offset. See `endBlock`. */
  beginBlock(size: number): number {
    this.makeRoom(size + frames.FRAME_HEADER_BYTES)
    this.blockAt = this.used
    return this.used + frames.FRAME_HEADER_BYTES
  }

  /** The block has been written up to `end`. `maxFrameBytes`: what the peer takes in one frame. */
  endBlock(streamId: number, end: number, maxFrameBytes: number): void {
    const start = this.blockAt + frames.FRAME_HEADER_BYTES
    const length = end - start
    const at = this.blockAt
    if (length <= maxFrameBytes) {
      this.header(at, (frames.HEADERS << 8) | frames.FLAG_END_HEADERS, length, streamId)
      this.used = end
    } else {
      this.splitBlock(streamId, Buffer.from(this.bytes.subarray(start, end)), maxFrameBytes)
    }
    this.lastAt = at
    this.lastStreamId = streamId
  }

  settings(payload: Buffer): void {
    this.frame(frames.SETTINGS << 8, 0, payload)
  }

  settingsAck(): void {
    this.frame((frames.SETTINGS << 8) | frames.FLAG_ACK, 0, NOTHING)
  }

  ping(payload: Buffer, isAck: boolean): void {
    this.frame((frames.PING << 8) | (isAck ? frames.FLAG_ACK : 0), 0, payload)
  }

  reset(streamId: number, code: number): void {
    this.number(frames.RST_STREAM << 8, streamId, code)
  }

  windowUpdate(streamId: number, increment: number): void {
    this.number(frames.WINDOW_UPDATE << 8, streamId, increment)
  }

  /** `debug`: a sentence for people. */
  goAway(lastStreamId: number, code: number, debug: string): void {
    const payload = Buffer.alloc(8 + Buffer.byteLength(debug))
    payload.writeUInt32BE(lastStreamId, 0)
    payload.writeUInt32BE(code, 4)
    payload.write(debug, 8)
    this.frame(frames.GOAWAY << 8, 0, payload)
  }

  /** What is no frame: a client's preface. */
  raw(bytes: Buffer): void {
    this.makeRoom(bytes.length)
    this.used += bytes.copy(this.bytes, this.used)
    this.lastAt = -1
  }

  /** A bound of what is gathered: `data` with more is sent in several frames by whoever calls it. */
  private makeRoom(size: number): void {
    const { bytes, used } = this
    if (used + size <= bytes.length) return
    if (bytes.length === SMALL_CAPACITY && used + size <= CAPACITY) {
      this.bytes = take(CAPACITY)
      bytes.copy(this.bytes, 0, 0, used)
      putBack(bytes)
      return
    }
    this.flush()
    if (this.used + size <= this.bytes.length) return
    this.owner.onFrames()
    this.bytes = take(size)
  }

  private number(kind: number, streamId: number, value: number): void {
    const at = this.begin(kind, 4, streamId)
    this.bytes.writeUInt32BE(value, at)
    this.used = at + 4
    this.lastAt = -1
  }

  private frame(kind: number, streamId: number, payload: Buffer): void {
    const at = this.begin(kind, payload.length, streamId)
    this.used = at + payload.copy(this.bytes, at)
    this.lastAt = -1
  }

  /** Writes a frame's header; returns where its payload goes. */
  private begin(kind: number, length: number, streamId: number): number {
    this.makeRoom(frames.FRAME_HEADER_BYTES + length)
    const at = this.used
    this.used = this.header(at, kind, length, streamId)
    this.lastAt = at
    this.lastStreamId = streamId
    return this.used
  }

  /** `kind`: the type, and in the lowest 8 bits the flags. */
  private header(at: number, kind: number, length: number, streamId: number): number {
    const { bytes } = this
    bytes[at] = length >> 16
    bytes[at + 1] = length >> 8
    bytes[at + 2] = length
    bytes[at + 3] = kind >> 8
    bytes[at + 4] = kind
    bytes[at + 5] = streamId >> 24
    bytes[at + 6] = streamId >> 16
    bytes[at + 7] = streamId >> 8
    bytes[at + 8] = streamId
    return at + frames.FRAME_HEADER_BYTES
  }

  /** Frames of one block follow each other without anything between (RFC 9113 4.3). */
  private splitBlock(streamId: number, block: Buffer, maxFrameBytes: number): void {
    const count = Math.ceil(block.length / maxFrameBytes)
    const at = this.blockAt
    const rest = block.length + count * frames.FRAME_HEADER_BYTES
    if (at + rest > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(at + rest)
      this.bytes.copy(larger, 0, 0, at)
      this.bytes = larger
    }
    let position = at
    for (let index = 0; index < count; index += 1) {
      const start = index * maxFrameBytes
      const end = Math.min(block.length, start + maxFrameBytes)
      const flags = index === count - 1 ? frames.FLAG_END_HEADERS : 0
      const type = index === 0 ? frames.HEADERS : frames.CONTINUATION
      position = this.header(position, (type << 8) | flags, end - start, streamId)
      position += block.copy(this.bytes, position, start, end)
    }
    this.used = position
  }
}

/** Memory for so many bytes at least. */
function take(size: number): Buffer {
  if (size <= SMALL_CAPACITY) return spareSmall.pop() ?? Buffer.allocUnsafeSlow(SMALL_CAPACITY)
  if (size <= CAPACITY) return spare.pop() ?? Buffer.allocUnsafeSlow(CAPACITY)
  return Buffer.allocUnsafeSlow(size)
}

function putBack(bytes: Buffer): void {
  if (bytes.length === SMALL_CAPACITY && spareSmall.length < MAX_SPARE) spareSmall.push(bytes)
  else if (bytes.length === CAPACITY && spare.length < MAX_SPARE) spare.push(bytes)
}

/** Adds to a window what its owner says (RFC 9113 6.9.1); undefined: it would be too large. */
export function widened(window: number, increment: number): number | undefined {
  const wider = window + increment
  return wider > frames.MAX_WINDOW ? undefined : wider
}
