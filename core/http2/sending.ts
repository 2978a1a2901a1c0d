/** What of one message's content is yet to be sent: in order, as far as the stream's and the connection's windows and the socket let it. */
import { MIN_MAX_FRAME_BYTES } from './frames.ts'
import type { FrameWriter } from './frame-writer.ts'
import { inQueues } from './memory.ts'
import { HeldBytes } from '../net/held-bytes.ts'
import type { Flow, Sending } from './flow.ts'

/** What one stream sends before another has its turn. */
const QUANTUM = MIN_MAX_FRAME_BYTES

/** What it goes out through. */
export interface SendingCarrier {
  readonly frames: FrameWriter
  readonly flow: Flow
  readonly settings: { readonly maxFrameBytes: number; readonly initialWindow: number }
  /** The socket takes no more for now. */
  readonly isBlocked: boolean
}

export interface SendingOwner {
  readonly id: number
  /** The client is to be waited for, or no longer, or has taken something. */
  onProgress(): void
  /** All has been sent, and more may come. */
  onRoom(): void
  /** All has been sent, and that was all. */
  onAllSent(): void
}

export class StreamSending implements Sending {
  /** What the client takes; negative when its SETTINGS have made it smaller than what was sent. */
  window: number
  /** It is to be asked to send. */
  isWaiting = false
  private readonly owner: SendingOwner
  private readonly carrier: SendingCarrier
  private queued: HeldBytes | undefined = undefined
  private isEnding = false

  constructor(owner: SendingOwner, carrier: SendingCarrier) {
    this.owner = owner
    this.carrier = carrier
    this.window = carrier.settings.initialWindow
  }

  get maySend(): boolean {
    if (this.isEnding && this.queued === undefined) return true
    return this.window > 0 && this.carrier.flow.sendWindow > 0
  }

  /** The head has gone out: whoever feeds it is told when there is room, unless there is. */
  begin(): void {
    if (!this.maySend) this.wait()
  }

  /** Sends bytes[start..end), or keeps what can't go yet; returns false when there is no room for that. */
  send(bytes: Buffer, start: number, end: number): boolean {
    const isFree = this.queued === undefined && !this.carrier.isBlocked
    const from = start + (isFree ? this.sendNow(bytes, start, end) : 0)
    if (from === end) return true
    if (!inQueues.hasRoom(end - from)) return false
    inQueues.bytes += end - from
    ;(this.queued ??= new HeldBytes()).push(bytes, from, end)
    this.wait()
    return true
  }

  /** Nothing follows. */
  end(): void {
    this.isEnding = true
    if (this.queued === undefined) this.owner.onAllSent()
  }

  /** Sends what can go now of bytes[start..end); returns how much. */
  sendNow(bytes: Buffer, start: number, end: number): number {
    const { carrier, owner } = this
    const { flow } = carrier
    const maxFrame = Math.min(carrier.settings.maxFrameBytes, QUANTUM)
    let position = start
    while (position < end && !carrier.isBlocked) {
      const length = Math.min(end - position, maxFrame, this.window, flow.sendWindow)
      if (length <= 0) break
      this.window -= length
      flow.spend(length)
      carrier.frames.data(owner.id, bytes, position, position + length)
      position += length
    }
    return position - start
  }

  wait(): void {
    if (this.isWaiting) return
    this.isWaiting = true
    this.carrier.flow.await(this)
    this.owner.onProgress()
  }

  pump(): boolean {
    const { queued } = this
    const piece = queued?.first
    if (queued !== undefined && piece !== undefined) {
      const sent = this.sendNow(piece, 0, Math.min(piece.length, QUANTUM))
      inQueues.bytes -= sent
      queued.drop(sent)
      if (sent > 0) this.owner.onProgress()
      if (queued.size > 0) return true
      this.queued = undefined
    }
    this.isWaiting = false
    this.owner.onProgress()
    if (this.isEnding) this.owner.onAllSent()
    else this.owner.onRoom()
    return false
  }

  /** Nothing of it is sent any more. */
  drop(): void {
    if (this.queued !== undefined) inQueues.bytes -= this.queued.size
    this.queued = undefined
    if (!this.isWaiting) return
    this.isWaiting = false
    this.carrier.flow.forget(this)
  }
}
