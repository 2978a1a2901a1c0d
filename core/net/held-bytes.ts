/** Bytes of a stream that wait for whoever takes them, in the order in which they came: where streams share a connection, it can't wait for one of them. */
import { retained } from './retained.ts'

/** Shorter ones are gathered: a peer that sends its bytes one by one made a mebibyte of them take 115. */
const SHORT_BYTES = 1024
const BLOCK_BYTES = 4096
const TINY_BYTES = 256
const NOTHING = Buffer.alloc(0)

export class HeldBytes {
  private readonly pieces: Buffer[] = []
  /** In which the last piece lies that was gathered, and where that ends. */
  private block = NOTHING
  private blockUsed = 0
  /** How many. */
  size = 0

  /** Keeps bytes[start..end), which may be overwritten afterwards. */
  push(bytes: Buffer, start: number, end: number): void {
    if (start === end) return
    this.size += end - start
    if (end - start < SHORT_BYTES) return this.gather(bytes, start, end)
    this.pieces.push(retained(bytes.subarray(start, end)))
    this.block = NOTHING
  }

  /** The first of them, all in one piece. */
  get first(): Buffer | undefined {
    return this.pieces[0]
  }

  /** So many of the first piece have gone. */
  drop(length: number): void {
    const [first] = this.pieces
    if (first === undefined) return
    this.size -= length
    if (length >= first.length) this.pieces.shift()
    else this.pieces[0] = first.subarray(length)
  }

  private gather(bytes: Buffer, start: number, end: number): void {
    const { pieces } = this
    const length = end - start
    // What has been taken away is left alone.
    if (pieces.length === 0 || this.blockUsed + length > this.block.length) {
      // A whole small body is most often all that there will be.
      const isWhole = pieces.length === 0 && length >= TINY_BYTES
      this.block = Buffer.allocUnsafeSlow(isWhole ? length : Math.min(BLOCK_BYTES, Math.max(length, 2 * this.size)))
      this.blockUsed = 0
      pieces.push(NOTHING)
    }
    const last = pieces.length - 1
    const from = this.blockUsed - (pieces[last] as Buffer).length
    this.blockUsed += bytes.copy(this.block, this.blockUsed, start, end)
    const isAll = from === 0 && this.blockUsed === this.block.length
    pieces[last] = isAll ? this.block : this.block.subarray(from, this.blockUsed)
  }
}

/** The first of them, once, to whoever takes it; undefined: there are none. */
export function takeFirst(held: HeldBytes | undefined): Buffer | undefined {
  const first = held?.first
  if (first !== undefined) held?.drop(first.length)
  return first
}
