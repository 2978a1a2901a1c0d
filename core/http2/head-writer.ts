/** Writes a head of HTTP/1.1 from fields, within a bound, into memory that stays for as long as somebody holds the head. */

/** Heads lie in slabs one behind the other; half of it would cost a third more for each. */
const SLAB_BYTES = 32 * 1024
/** A call costs more than the copy of a piece as short as that. */
const SHORT_BYTES = 48

/** Of all heads of this process; one head is written at a time. */
const slab = { bytes: Buffer.allocUnsafeSlow(SLAB_BYTES), used: 0 }

export class HeadWriter {
  start = 0
  end = 0
  /** It would have had more than `maxBytes`; nothing more is written. */
  isOver = false
  private maxBytes = 0

  get bytes(): Buffer {
    return slab.bytes
  }

  get length(): number {
    return this.end - this.start
  }

  begin(maxBytes: number): void {
    this.maxBytes = maxBytes
    this.isOver = false
    this.start = slab.used
    this.end = slab.used
  }

  write(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    if (this.isOver || this.length + length > this.maxBytes) {
      this.isOver = true
      return
    }
    if (this.end + length > slab.bytes.length) this.moveOn(length)
    const out = slab.bytes
    if (length > SHORT_BYTES) bytes.copy(out, this.end, start, end)
    else for (let index = 0; index < length; index += 1) out[this.end + index] = bytes[start + index] as number
    this.end += length
  }

  writeAll(bytes: Buffer): void {
    this.write(bytes, 0, bytes.length)
  }

  /** The head is whole and stays where it is. */
  keep(): void {
    slab.used = this.end
  }

  /** To a slab with more room. */
  private moveOn(length: number): void {
    const known = this.length
    const larger = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (known + length)))
    slab.bytes.copy(larger, 0, this.start, this.end)
    slab.bytes = larger
    slab.used = 0
    this.start = 0
    this.end = known
  }
}
