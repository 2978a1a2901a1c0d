/**
 * Base64 (RFC 4648 4) as gRPC-Web's text form has it: a stream of pieces, each of which may be padded on its own. Strict: no
 * white space, no other alphabet, no bits left over.
 */
import { ProtocolError } from '../errors.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const PADDING = 64
const INVALID = 255
/** By byte. */
const VALUES = new Uint8Array(256).fill(INVALID)
for (let value = 0; value < ALPHABET.length; value += 1) VALUES[ALPHABET.charCodeAt(value)] = value
VALUES['='.charCodeAt(0)] = PADDING

export class Base64Reader {
  /** Characters of a group of four that have come, how many of them are padding, and their bits. */
  private count = 0
  private padding = 0
  private bits = 0

  /** What has come are whole groups. */
  get isBetween(): boolean {
    return this.count === 0
  }

  /** What bytes[start..end) complete. Throws ProtocolError. */
  read(bytes: Buffer, start: number, end: number): Buffer {
    const out = Buffer.allocUnsafe(Math.ceil((this.count + end - start) / 4) * 3)
    let length = 0
    for (let at = start; at < end; at += 1) {
      const value = VALUES[bytes[at] as number] as number
      this.take(value)
      if (this.count < 4) continue
      const { bits, padding } = this
      out[length] = bits >> 16
      out[length + 1] = bits >> 8
      out[length + 2] = bits
      length += 3 - padding
      // What is no whole byte must say nothing, or one message could be written in several ways (RFC 4648 3.5).
      if (padding > 0 && (bits & ((1 << (8 * padding)) - 1)) !== 0) throw invalid()
      this.count = 0
      this.padding = 0
      this.bits = 0
    }
    return out.subarray(0, length)
  }

  private take(value: number): void {
    if (value === INVALID) throw invalid()
    if (value === PADDING && this.count < 2) throw invalid()
    if (value !== PADDING && this.padding > 0) throw invalid()
    this.bits = (this.bits << 6) | (value & 63)
    if (value === PADDING) this.padding += 1
    this.count += 1
  }
}

const invalid = (): ProtocolError => new ProtocolError('the body of a call in text form must be base64 (RFC 4648 4)')

/** bytes[start..end) in base64, padded: a message must not wait for the next one. */
export const toBase64 = (bytes: Buffer, start: number, end: number): Buffer =>
  Buffer.from(bytes.toString('base64', start, end), 'latin1')
