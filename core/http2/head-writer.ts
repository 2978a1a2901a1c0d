/**
 * Writes a head of HTTP/1.1 from fields, within a bound, into memory that stays for as long as somebody holds the head; and
 * notes where its lines lie, so that nobody has to look for them.
 */
import type { FieldSection } from '../http1/field-section.ts'
import type { Field } from './field.ts'

/** What a head may have. */
export interface FieldLimits {
  readonly maxHeadBytes: number
  /** Crumbs of a cookie count one by one. */
  readonly maxFields: number
}

/** Heads lie in slabs one behind the other; half of it would cost a third more for each. */
const SLAB_BYTES = 32 * 1024
/** A longer one would leave much of a slab unused: it is written where the next such goes, too, and copied if it is to stay. */
const LARGE_BYTES = SLAB_BYTES / 8
/** A call costs more than the copy of a piece as short as that. */
const SHORT_BYTES = 24

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
  private fields: FieldSection | undefined = undefined

  get length(): number {
    return this.end - this.start
  }

  /** `fields`: of the head that is to be read: its lines are added as they are written. */
  begin(limits: FieldLimits, fields: FieldSection): void {
    this.maxBytes = limits.maxHeadBytes
    this.fields = fields
    this.isOver = false
    this.bytes = slab.bytes
    this.start = slab.used
    this.end = slab.used
    fields.begin(limits)
  }

  write(bytes: Buffer, start: number, end: number): void {
    if (!this.hasRoom(end - start)) return
    const out = this.bytes
    const at = this.end - start
    if (end - start > SHORT_BYTES) bytes.copy(out, this.end, start, end)
    else for (let index = start; index < end; index += 1) out[at + index] = bytes[index] as number
    this.end += end - start
  }

  writeAll(bytes: Buffer): void {
    this.write(bytes, 0, bytes.length)
  }

  /** A whole line. */
  writeLine(field: Field): void {
    const { line, nameLength, headKind } = field
    const at = this.length
    this.write(line, 0, line.length)
    this.endLine(at, nameLength, headKind)
    if (!this.isOver) this.fields?.comesOf(field)
  }

  /** The line that was begun when the head had `at` bytes is whole. */
  endLine(at: number, nameLength: number, headKind: number): void {
    if (!this.isOver) this.fields?.add(at, at + nameLength, this.length - 2, headKind)
  }

  /** The head is whole, and lies where it may stay; unless it is kept, the next is written over it. */
  settle(): void {
    if (this.bytes === large) this.moveTo(Buffer.allocUnsafeSlow(this.length))
  }

  /** It stays where it lies. */
  keep(): void {
    if (this.bytes === slab.bytes) slab.used = this.end
  }

  /** Whether the head may have `length` bytes more; there is memory for them then. */
  private hasRoom(length: number): boolean {
    if (this.isOver || this.length + length > this.maxBytes) {
      this.isOver = true
      return false
    }
    if (this.end + length > this.bytes.length) this.moveOn(length)
    return true
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
