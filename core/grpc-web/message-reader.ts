/** Follows the messages of a body, each behind a prefix of five bytes: flags, and a length in four (gRPC's PROTOCOL-HTTP2). Keeps none. */
import { ProtocolError } from '../errors.ts'

const PREFIX_BYTES = 5

/** Compressed or not: the one flag that a message has; the highest, of gRPC-Web's trailers, is the server's to set. */
export const MAX_MESSAGE_FLAGS = 1

export class MessageReader {
  private readonly maxFlags: number
  /** Bytes of a prefix that have come, and what they say of the length. */
  private prefix = 0
  private length = 0
  /** Bytes of a message that are still to come. */
  private left = 0

  /** `maxFlags`: the highest first byte of a prefix, 0..255. */
  constructor(maxFlags: number) {
    this.maxFlags = maxFlags
  }

  /** What has come are whole messages. */
  get isBetween(): boolean {
    return this.prefix === 0 && this.left === 0
  }

  /** bytes[start..end) have come. Throws ProtocolError. */
  follow(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      if (this.left > 0) {
        const step = Math.min(this.left, end - at)
        this.left -= step
        at += step
      } else {
        this.takePrefix(bytes[at] as number)
        at += 1
      }
    }
  }

  private takePrefix(byte: number): void {
    if (this.prefix > 0) this.length = this.length * 256 + byte
    else if (byte > this.maxFlags)
      throw new ProtocolError(`the flags of a message must be 0 to ${this.maxFlags}, got ${byte}`)
    this.prefix += 1
    if (this.prefix < PREFIX_BYTES) return
    this.left = this.length
    this.prefix = 0
    this.length = 0
  }
}
