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
/** A call costs more than the copy of a piece as short as that. */
const SHORT_BYTES = 24

/** Of all heads of this process; one head is written at a time. */
const slab = { bytes: Buffer.allocUnsafeSlow(SLAB_BYTES), used: 0 }

export class HeadWriter {
  start = 0
  end = 0
  /** It would have had more than `maxBytes`; nothing more is written. */
  isOver = false
  private maxBytes = 0
  private fields: FieldSection | undefined = undefined

  get bytes(): Buffer {
    return slab.bytes
  }

  get length(): number {
    return this.end - this.start
  }

  /** `fields`: of the head that is to be read: its lines are added as they are written. */
  begin(limits: FieldLimits, fields: FieldSection): void {
    this.maxBytes = limits.maxHeadBytes
    this.fields = fields
    this.isOver = false
    this.start = slab.used
    this.end = slab.used
    fields.begin(limits)
  }

  write(bytes: Buffer, start: number, end: number): void {
    if (!this.hasRoom(end - start)) return
    const out = slab.bytes
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

  /** The head is whole and stays where it is. */
  keep(): void {
    slab.used = this.end
  }

  /** Whether the head may have `length` bytes more; there is memory for them then. */
  private hasRoom(length: number): boolean {
    if (this.isOver || this.length + length > this.maxBytes) {
      this.isOver = true
      return false
    }
    if (this.end + length > slab.bytes.length) this.moveOn(length)
    return true
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
