/** What the kernel did not take yet, in order: bytes, and what lies in a pipe. */
import { Pipe } from './pipe.ts'
import type { WireSocket } from './wire-socket.ts'

export class Kept {
  private readonly pieces: (Buffer | Pipe)[]

  constructor(first: Buffer | Pipe) {
    this.pieces = [first]
  }

  get isEmpty(): boolean {
    return this.pieces.length === 0
  }

  push(piece: Buffer | Pipe): void {
    if (this.pieces.at(-1) !== piece) this.pieces.push(piece)
  }

  /** Sends what the kernel takes now; returns how much that was. Behind a short send it is not asked again: it is full. */
  sendOn(socket: WireSocket): number {
    let total = 0
    for (let piece = this.pieces[0]; piece !== undefined; piece = this.pieces[0]) {
      const length = piece instanceof Pipe ? piece.pending : piece.length
      const sent = piece instanceof Pipe ? (socket.sendFrom?.(piece) ?? -1) : socket.write(piece, 0, length)
      if (sent > 0) total += sent
      if (sent < length) {
        if (sent > 0 && !(piece instanceof Pipe)) this.pieces[0] = piece.subarray(sent)
        break
      }
      this.pieces.shift()
    }
    return total
  }

  /** It goes nowhere. */
  drop(): void {
    for (const piece of this.pieces) if (piece instanceof Pipe) piece.abandon()
  }
}
