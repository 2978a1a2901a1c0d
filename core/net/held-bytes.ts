/** Bytes of a stream that wait for whoever takes them, in the order in which they came: where streams share a connection, it can't wait for one of them. */
import { retained } from './retained.ts'

export class HeldBytes {
  private readonly pieces: Buffer[] = []
  /** How many. */
  size = 0

  /** Keeps bytes[start..end), which may be overwritten afterwards. */
  push(bytes: Buffer, start: number, end: number): void {
    const piece = retained(bytes.subarray(start, end))
    this.pieces.push(piece)
    this.size += piece.length
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
}

/** The first of them, once, to whoever takes it; undefined: there are none. */
export function takeFirst(held: HeldBytes | undefined): Buffer | undefined {
  const first = held?.first
  if (first !== undefined) held?.drop(first.length)
  return first
}
