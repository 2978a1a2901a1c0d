/**
 * Flow control of one HTTP/2 connection (RFC 9113 5.2, 6.9): what may be sent on all its streams together, which of them wait
 * to send, and what has come of content that is yet to be taken. Each stream has a window of its own beside these.
 */
import { ConnectionFault, FLOW_CONTROL_ERROR } from './errors.ts'
import { type FrameWriter, widened } from './frame-writer.ts'
import { DEFAULT_WINDOW } from './frames.ts'

/** What may come on all streams together before it is taken: some that stand still must not hold up the others. */
const CONNECTION_WINDOW = 1024 * 1024
const CREDIT_BYTES = CONNECTION_WINDOW >> 1
/** Window updates that one DATA frame of ours may bring about: of its stream, and of the connection. */
const UPDATES_A_FRAME = 2
const MAX_UPDATES_PAID = 1_000_000

/** Has something to send, or wants to. */
export interface Sending {
  /** Whether `pump` would get anywhere. */
  readonly maySend: boolean
  /** Sends a quantum; returns whether it is to be asked again. */
  pump(): boolean
}

export class Flow {
  /** Negative only for streams: the connection's is not changed by SETTINGS. */
  sendWindow = DEFAULT_WINDOW
  private readonly frames: FrameWriter
  private readonly waiting = new Set<Sending>()
  private receiveWindow = CONNECTION_WINDOW
  private taken = 0
  /** Window updates that DATA of ours has paid for. */
  private updatesPaid = 0
  private isClosed = false

  constructor(frames: FrameWriter) {
    this.frames = frames
  }

  /** The peer may send that much from the start. */
  open(): void {
    this.frames.windowUpdate(0, CONNECTION_WINDOW - DEFAULT_WINDOW)
  }

  /** Nothing more is to come. */
  close(): void {
    this.isClosed = true
  }

  /** A DATA frame begins, of `length` bytes with its padding. Throws ConnectionFault. */
  receive(length: number): void {
    this.receiveWindow -= length
    if (this.receiveWindow < 0)
      throw new ConnectionFault('more came than the window of the connection allows', FLOW_CONTROL_ERROR)
  }

  /** So many bytes that came have been taken. */
  credit(length: number): void {
    this.taken += length
    if (this.taken < CREDIT_BYTES || this.isClosed) return
    this.frames.windowUpdate(0, this.taken)
    this.receiveWindow += this.taken
    this.taken = 0
  }

  /** The peer takes more. Throws ConnectionFault. */
  widen(increment: number): void {
    if (increment === 0) throw new ConnectionFault('a window may not grow by nothing')
    const wider = widened(this.sendWindow, increment)
    if (wider === undefined) throw new ConnectionFault('a window grew beyond 2147483647', FLOW_CONTROL_ERROR)
    this.sendWindow = wider
  }

  /** `length` bytes go out in a DATA frame. */
  spend(length: number): void {
    this.sendWindow -= length
    this.updatesPaid = Math.min(MAX_UPDATES_PAID, this.updatesPaid + UPDATES_A_FRAME)
  }

  /** Whether a window update that has come is one that data of ours may have brought about. */
  isPaid(): boolean {
    if (this.updatesPaid === 0) return false
    this.updatesPaid -= 1
    return true
  }

  /** `stream` is asked to send when it may. */
  await(stream: Sending): void {
    this.waiting.add(stream)
  }

  forget(stream: Sending): void {
    this.waiting.delete(stream)
  }

  /** Each waiting stream sends a quantum in turn, for as long as one of them can and the socket takes it. */
  pump(carrier: { readonly isBlocked: boolean }): void {
    for (let hasMoved = this.waiting.size > 0; hasMoved;) {
      hasMoved = false
      for (const stream of Array.from(this.waiting)) {
        if (carrier.isBlocked) return
        if (!this.waiting.has(stream) || !stream.maySend) continue
        hasMoved = true
        // Behind the others, whose turn is next.
        this.waiting.delete(stream)
        if (stream.pump()) this.waiting.add(stream)
      }
    }
  }
}
