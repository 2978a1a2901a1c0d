/**
 * Collects a head that arrives in pieces, so that it is parsed once, when it is whole: a client that sends byte by byte
 * costs linear work. What arrives is looked at on the way, so that what can't become a head is refused at once.
 */
import { ProtocolError } from '../errors.ts'
import { CR, HTAB, LF, SPACE } from './grammar.ts'

const FIRST_CAPACITY = 1024

export class HeadBuffer {
  private bytes: Buffer
  private length: number
  /** Bytes already searched for the end of the head. */
  private searched = 0

  /** Begins with bytes[start..], a head's first piece. Throws ProtocolError as `push` does. */
  constructor(bytes: Buffer, start: number) {
    this.length = bytes.length - start
    this.bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_CAPACITY, 2 * this.length))
    bytes.copy(this.bytes, 0, start)
    this.search()
  }

  /**
   * Takes the next piece. Returns all bytes so far once they hold a whole head (and perhaps more) or more than
   * `maxBytes`; undefined while they do not. Throws ProtocolError for a byte that no head may hold.
   */
  push(piece: Buffer, maxBytes: number): Buffer | undefined {
    this.append(piece)
    const isWhole = this.search()
    return isWhole || this.length > maxBytes ? this.bytes.subarray(0, this.length) : undefined
  }

  private append(piece: Buffer): void {
    const length = this.length + piece.length
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * length)
      this.bytes.copy(larger, 0, 0, this.length)
      this.bytes = larger
    }
    piece.copy(this.bytes, this.length)
    this.length = length
  }

  /** Looks through the new bytes for the empty line; true when it was found. */
  private search(): boolean {
    const { bytes, length } = this
    let position = this.searched
    while (position < length) {
      const byte = bytes[position] as number
      if (byte < SPACE && byte !== HTAB) {
        if (byte === LF) {
          if (position === 0 || bytes[position - 1] !== CR) {
            throw new ProtocolError('a line in a head must end in CRLF, got a bare LF')
          }
          if (position >= 3 && bytes[position - 2] === LF) return true
        } else if (byte !== CR) {
          throw new ProtocolError(`a head may not hold byte 0x${byte.toString(16).padStart(2, '0')}`)
        }
      }
      position += 1
    }
    this.searched = length
    return false
  }
}

/** An empty line alone: old clients send one behind a body (RFC 9112 2.2). It begins no head. */
export const isEmptyLine = (bytes: Buffer, start: number): boolean =>
  bytes.length - start === 2 && bytes[start] === CR && bytes[start + 1] === LF
