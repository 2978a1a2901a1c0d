/** One pipe through which bytes pass from socket to socket within the kernel, splice(2): who fills it, who empties it. */
import type { Idle } from './budget.ts'
import { Place } from './linked-list.ts'

/** Pieces of at least this size are worth a pipe. */
export const BULK_BYTES = 16 * 1024

/** One that has been opened; only its transport knows what to do with the descriptors. */
export interface OpenPipe {
  readonly reader: number
  readonly writer: number
  close(): void
}

/** Where it came from. */
export interface PipeHome {
  /** Nobody uses it, and it is empty. */
  keep(pipe: Pipe): void
  onClosed(): void
}

export class Pipe implements Idle {
  readonly reader: number
  readonly writer: number
  /** Bytes in it. */
  pending = 0
  /** More may come into it. */
  private isFed = true
  /** What is in it goes nowhere. */
  private isAbandoned = false
  readonly place = new Place<Idle>(this)
  private readonly opened: OpenPipe
  private readonly home: PipeHome

  constructor(opened: OpenPipe, home: PipeHome) {
    this.reader = opened.reader
    this.writer = opened.writer
    this.opened = opened
    this.home = home
  }

  lend(): this {
    this.isFed = true
    this.isAbandoned = false
    return this
  }

  /** Nothing more comes into it. */
  endFeeding(): void {
    this.isFed = false
    if (this.pending === 0 || this.isAbandoned) this.release()
  }

  /** `length` bytes have left it. */
  onLeft(length: number): void {
    this.pending -= length
    if (this.pending === 0 && !this.isFed) this.release()
  }

  /** Who should have got what is in it has gone. */
  abandon(): void {
    this.isAbandoned = true
    if (!this.isFed) this.release()
  }

  /** With something left in it, it is of no use to others. */
  private release(): void {
    if (this.pending > 0) this.discard()
    else this.home.keep(this)
  }

  discard(): void {
    this.place.leave()
    this.opened.close()
    this.home.onClosed()
  }
}
