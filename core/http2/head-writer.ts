/** Writes a head of HTTP/1.1 from fields, within a bound, into memory that stays for as long as somebody holds the head. */

/** Heads lie in slabs one behind the other; half of it would cost a third more for each. */
const SLAB_BYTES = 32 * 1024
/** A longer one would leave much of a slab unused: it is written where the next such goes, too, and copied if it is to stay. */
const LARGE_BYTES = SLAB_BYTES / 8
/** A call costs more than the copy of a piece as short as that. */
const SHORT_BYTES = 48

/** Of all heads of this process; one head is written at a time. */
const slab = { bytes: Buffer.allocUnsafeSlow(SLAB_BYTES), used: 0 }
let large = Buffer.alloc(0)

export class HeadWriter {
  bytes: Buffer = slab.bytes
  start = 0
  end = 0
  /** It would have had more than `maxBytes`; nothing more is written. */
  isOver = false
  private maxBytes = 0

  get length(): number {
    return this.end - this.start
  }

  begin(maxBytes: number): void {
    this.maxBytes = maxBytes
    this.isOver = false
    this.bytes = slab.bytes
    this.start = slab.used
    this.end = slab.used
  }

  write(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    if (this.isOver || this.length + length > this.maxBytes) {
      this.isOver = true
      return
    }
    if (this.end + length > this.bytes.length) this.moveOn(length)
    const out = this.bytes
    if (length > SHORT_BYTES) bytes.copy(out, this.end, start, end)
    else for (let index = 0; index < length; index += 1) out[this.end + index] = bytes[start + index] as number
    this.end += length
  }

  writeAll(bytes: Buffer): void {
    this.write(bytes, 0, bytes.length)
  }

  /** The head is whole, and lies where it may stay; unless it is kept, the next is written over it. */
  settle(): void {
    if (this.bytes === large) this.moveTo(Buffer.allocUnsafeSlow(this.length))
  }

  /** It stays where it lies. */
  keep(): void {
    if (this.bytes === slab.bytes) slab.used = this.end
  }

  /** To where there is more room. */
  private moveOn(length: number): void {
    const needed = this.length + length
    if (needed <= LARGE_BYTES) {
      slab.bytes = Buffer.allocUnsafeSlow(SLAB_BYTES)
      slab.used = 0
      return this.moveTo(slab.bytes)
    }
    if (large.length >= needed) return this.moveTo(large)
    const larger = Buffer.allocUnsafeSlow(2 * needed)
    this.moveTo(larger)
    large = larger
  }

  private moveTo(bytes: Buffer): void {
    const { length } = this
    this.bytes.copy(bytes, 0, this.start, this.end)
    this.bytes = bytes
    this.start = 0
    this.end = length
  }
}
