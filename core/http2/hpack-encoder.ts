/**
 * Writes field blocks (RFC 7541). A line goes into the table when it comes the second time, so that what never repeats costs
 * no room; what others must not guess (RFC 7541 7.1) goes into none. Strings are written as they are: what repeats is a byte.
 */
import { emptyLine, fieldOf } from './field.ts'
import { DynamicTable, STATIC_FIELDS, STATIC_SIZE } from './tables.ts'

/** Where a field's parts lie in `bytes`; one is used for all fields of a block. */
export interface Span {
  bytes: Buffer
  nameStart: number
  nameEnd: number
  valueStart: number
  valueEnd: number
}

export const emptySpan = (): Span => ({ bytes: Buffer.alloc(0), nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 })

/** What a field may need beside its name and value: an index, and two lengths. */
export const FIELD_OVERHEAD = 16
/** Two changes of the table's size. */
export const BLOCK_OVERHEAD = 16

/** First bits of what a number begins, and which bits of the first byte are its own (RFC 7541 6). */
const INDEXED = 0x807f
const KEPT = 0x403f
const RESIZED = 0x201f
const NEVER_KEPT = 0x100f
const NOT_KEPT = 0x000f
const STRING = 0x007f

const DEFAULT_BYTES = 4096
const SLOTS = 512
/** Larger lines would push too much out. */
const MAX_INDEXED_BYTES = 512
const SECRET = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])
const LONGEST_SECRET = Math.max(...Array.from(SECRET, (name) => name.length))

/** Names of the static table -> index of the first that has it. */
const STATIC_NAMES: ReadonlyMap<string, number> = new Map(
  STATIC_FIELDS.map(
    (field, index) => [field.line.toString('latin1', 0, field.nameLength), index + 1] as const,
  ).toReversed(),
)

export class HpackEncoder {
  private readonly table = new DynamicTable(DEFAULT_BYTES)
  /** Per slot of a line's hash: the number of the entry that has it, and the hash of the line that was seen there last. */
  private readonly numbers = new Float64Array(SLOTS).fill(-1)
  private readonly seen = new Int32Array(SLOTS)
  /** The least that the table was set to since the last block; undefined: it was not. */
  private least: number | undefined = undefined

  /** What the peer's decoder takes from now on; at most 4096 of it are used. */
  limitTable(bytes: number): void {
    const size = Math.min(bytes, DEFAULT_BYTES)
    if (size === this.table.maxSize && this.least === undefined) return
    this.least = Math.min(this.least ?? size, size)
    this.table.resize(size)
  }

  /** To be called before the fields of a block; returns the offset behind what it wrote. */
  begin(out: Buffer, at: number): number {
    const { least, table } = this
    if (least === undefined) return at
    this.least = undefined
    const end = least < table.maxSize ? writeInteger(out, at, RESIZED, least) : at
    return writeInteger(out, end, RESIZED, table.maxSize)
  }

  /** Writes one field at `at`, its name in lower case; returns the offset behind. */
  write(out: Buffer, at: number, span: Span): number {
    const hash = hashOf(span)
    const slot = hash & (SLOTS - 1)
    const number = this.numbers[slot] as number
    const entry = number < 0 ? undefined : this.table.entry(number)
    if (entry !== undefined && isSame(entry.line, entry.nameLength, span))
      return writeInteger(out, at, INDEXED, STATIC_SIZE + this.table.added - number)
    const size = span.nameEnd - span.nameStart + span.valueEnd - span.valueStart
    const isRepeated = this.seen[slot] === hash && size <= MAX_INDEXED_BYTES
    this.seen[slot] = hash
    return isRepeated ? this.add(out, at, span, slot) : writeLiteral(out, at, span)
  }

  private add(out: Buffer, at: number, span: Span, slot: number): number {
    const name = lowerName(span)
    if (SECRET.has(name)) return writeLiteral(out, at, span)
    const line = emptyLine(name.length, span.valueEnd - span.valueStart, true)
    line.write(name, 0, 'latin1')
    span.bytes.copy(line, name.length + 2, span.valueStart, span.valueEnd)
    const end = writeLine(out, at, span, KEPT)
    if (this.table.add(fieldOf(line, name.length))) this.numbers[slot] = this.table.added - 1
    return end
  }
}

/** An index of the static table, or a number of it. */
export const writeIndexed = (out: Buffer, at: number, index: number): number => writeInteger(out, at, INDEXED, index)

/** A field that goes into no table, at either end where it is a secret. */
export function writeLiteral(out: Buffer, at: number, span: Span): number {
  const length = span.nameEnd - span.nameStart
  const isSecret = length <= LONGEST_SECRET && SECRET.has(lowerName(span))
  return writeLine(out, at, span, isSecret ? NEVER_KEPT : NOT_KEPT)
}

function writeLine(out: Buffer, at: number, span: Span, pattern: number): number {
  const { bytes, valueStart, valueEnd } = span
  const name = lowerName(span)
  const index = STATIC_NAMES.get(name) ?? 0
  let end = writeInteger(out, at, pattern, index)
  if (index === 0) {
    end = writeInteger(out, end, STRING, name.length)
    end += out.write(name, end, 'latin1')
  }
  end = writeInteger(out, end, STRING, valueEnd - valueStart)
  return end + bytes.copy(out, end, valueStart, valueEnd)
}

const lowerName = ({ bytes, nameStart, nameEnd }: Span): string =>
  bytes.toString('latin1', nameStart, nameEnd).toLowerCase()

/** RFC 7541 5.1. */
function writeInteger(out: Buffer, at: number, pattern: number, value: number): number {
  const max = pattern & 0xff
  if (value < max) {
    out[at] = (pattern >> 8) | value
    return at + 1
  }
  out[at] = (pattern >> 8) | max
  let rest = value - max
  let end = at + 1
  for (; rest >= 0x80; rest >>>= 7) out[end++] = (rest & 0x7f) | 0x80
  out[end] = rest
  return end + 1
}

function hashOf({ bytes, nameStart, nameEnd, valueStart, valueEnd }: Span): number {
  let hash = 0x811c9dc5
  for (let at = nameStart; at < nameEnd; at += 1) hash = Math.imul(hash ^ lower(bytes[at] as number), 0x01000193)
  hash = Math.imul(hash ^ 0x3a, 0x01000193)
  for (let at = valueStart; at < valueEnd; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return hash
}

function isSame(line: Buffer, nameLength: number, span: Span): boolean {
  const { bytes, nameStart, nameEnd, valueStart, valueEnd } = span
  if (nameEnd - nameStart !== nameLength || line.length - nameLength - 4 !== valueEnd - valueStart) return false
  for (let index = 0; index < nameLength; index += 1)
    if (line[index] !== lower(bytes[nameStart + index] as number)) return false
  const shift = nameLength + 2 - valueStart
  for (let at = valueStart; at < valueEnd; at += 1) if (line[at + shift] !== bytes[at]) return false
  return true
}

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
