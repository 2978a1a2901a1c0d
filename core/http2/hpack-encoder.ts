/**
 * Writes field blocks (RFC 7541). A line goes into the table when it comes the second time, so that what never repeats costs
 * no room; what others must not guess (RFC 7541 7.1) goes into none. Strings are written as they are: what repeats is a byte.
 */
import { emptyLine, type Field, fieldOf, nameOf } from './field.ts'
import { DynamicTable, STATIC_FIELDS, STATIC_SIZE } from './tables.ts'

/** Where a field's parts lie; one is used for all fields of a block. */
export interface Span {
  /** Holds the name, in any case. */
  names: Buffer
  nameStart: number
  nameEnd: number
  /** Holds the value; most often the same. */
  bytes: Buffer
  valueStart: number
  valueEnd: number
  /** What the field was made of, the same each time it comes; undefined: nothing is known of it. */
  origin: object | undefined
}

const NOTHING = Buffer.alloc(0)

export const emptySpan = (): Span => ({
  names: NOTHING,
  nameStart: 0,
  nameEnd: 0,
  bytes: NOTHING,
  valueStart: 0,
  valueEnd: 0,
  origin: undefined,
})

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
const SLOTS = 256
/** At least as many as entries can be there at once, of 32 bytes and more. */
const PLACES = 128
const BEGIN = PLACES
const NO_SLOTS = new Int32Array(0)
/** Larger lines would push too much out. */
const MAX_INDEXED_BYTES = 512
const SECRETS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])
const LINE_END_BYTES = 2
/** A call costs more than to look at a line as short as that. */
const SHORT_BYTES = 48
const OFFSET = 0x811c9dc5
const PRIME = 0x01000193

/** Hash of a name of the static table -> the first index that has it. Different for each of them. */
const STATIC_NAMES: ReadonlyMap<number, number> = new Map(
  STATIC_FIELDS.map(
    ({ line, nameLength }, index) => [hashOfName(line, 0, nameLength), index + 1] as const,
  ).toReversed(),
)
/** 1 for those whose value others must not guess. */
const IS_SECRET = Uint8Array.from([0, ...STATIC_FIELDS.map((field) => (SECRETS.has(nameOf(field)) ? 1 : 0))])

export class HpackEncoder {
  private readonly table = new DynamicTable(DEFAULT_BYTES)
  /** Per slot of a line's hash: the number of the entry that has it, and the hash of the line that was seen there last. */
  private numbers = NO_SLOTS
  private seen = NO_SLOTS
  /**
   * Per place of an entry's number that of the entry which came behind it the last time, and in `BEGIN` of the first: messages
   * are much like the one before, and what is expected is found without a hash. `last`: the place of what was written last.
   */
  private followers = NO_SLOTS
  private last = BEGIN
  /** Per place of an entry's number what that field was made of when it came the last time. */
  private readonly origins: (object | undefined)[] = []
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
    this.last = BEGIN
    // Not for who is never answered.
    if (this.numbers === NO_SLOTS) {
      this.numbers = new Int32Array(SLOTS).fill(-1)
      this.seen = new Int32Array(SLOTS)
      this.followers = new Int32Array(PLACES + 1).fill(-1)
    }
    if (least === undefined) return at
    this.least = undefined
    const end = least < table.maxSize ? writeInteger(out, at, RESIZED, least) : at
    return writeInteger(out, end, RESIZED, table.maxSize)
  }

  /** Writes one field at `at`, its name in lower case; returns the offset behind. */
  write(out: Buffer, at: number, span: Span): number {
    const expected = this.followers[this.last] as number
    if (this.expects(expected, span)) return this.refer(out, at, expected)
    const nameHash = hashOfName(span.names, span.nameStart, span.nameEnd)
    const index = staticIndex(nameHash, span)
    if (IS_SECRET[index] === 1) return writeLine(out, writeInteger(out, at, NEVER_KEPT, index), index, span)
    const hash = hashOfValue(nameHash, span)
    const slot = this.slotOf(hash)
    const number = this.numbers[slot] as number
    if (this.holds(number, span)) return this.refer(out, at, number)
    const size = span.nameEnd - span.nameStart + span.valueEnd - span.valueStart
    const isRepeated = this.seen[slot] === hash && size <= MAX_INDEXED_BYTES
    this.seen[slot] = hash
    if (isRepeated) this.keep(span, slot)
    return writeLine(out, writeInteger(out, at, isRepeated ? KEPT : NOT_KEPT, index), index, span)
  }

  /** One of two, of which what has not been seen takes the first: lines that meet there do not turn each other out each time. */
  private slotOf(hash: number): number {
    const { seen, numbers } = this
    const first = hash & (SLOTS - 2)
    if (seen[first] === hash) return first
    const second = first + 1
    if (seen[second] === hash) return second
    seen[second] = seen[first] as number
    numbers[second] = numbers[first] as number
    numbers[first] = -1
    return first
  }

  private keep({ names, nameStart, nameEnd, bytes, valueStart, valueEnd }: Span, slot: number): void {
    const nameLength = nameEnd - nameStart
    const line = emptyLine(nameLength, valueEnd - valueStart, true)
    // In whatever case it came: what comes next in the same is found the sooner.
    names.copy(line, 0, nameStart, nameEnd)
    bytes.copy(line, nameLength + 2, valueStart, valueEnd)
    if (!this.table.add(fieldOf(line, nameLength))) return
    this.numbers[slot] = this.table.added - 1
    const place = placeOf(this.table.added - 1)
    if (this.origins[place] !== undefined) this.origins[place] = undefined
    this.follow(this.table.added - 1)
  }

  /** Whether entry `number` is that field, as it is when it comes in the same bytes as the last time. */
  private expects(number: number, span: Span): boolean {
    const entry = this.table.entry(number)
    if (entry === undefined) return false
    const { names, nameStart, bytes, valueEnd, origin } = span
    if (origin !== undefined && this.origins[placeOf(number)] === origin) return true
    if (names !== bytes) return isSame(entry, span)
    const { line } = entry
    if (valueEnd + LINE_END_BYTES - nameStart !== line.length || !isSameLine(line, bytes, nameStart)) return false
    if (origin !== undefined) this.origins[placeOf(number)] = origin
    return true
  }

  /** Whether entry `number` is there, and that field. */
  private holds(number: number, span: Span): boolean {
    const entry = this.table.entry(number)
    return entry !== undefined && isSame(entry, span)
  }

  private refer(out: Buffer, at: number, number: number): number {
    this.follow(number)
    return writeInteger(out, at, INDEXED, STATIC_SIZE + this.table.added - number)
  }

  /** Notes that entry `number` came behind the last. */
  private follow(number: number): void {
    this.followers[this.last] = number
    this.last = placeOf(number)
  }
}

/** An index of the static table, or a number of it. */
export const writeIndexed = (out: Buffer, at: number, index: number): number => writeInteger(out, at, INDEXED, index)

const placeOf = (number: number): number => number & (PLACES - 1)

/** What follows the index of a name, 0 for one that is written out. */
function writeLine(out: Buffer, at: number, index: number, span: Span): number {
  const { names, nameStart, nameEnd, bytes, valueStart, valueEnd } = span
  let end = at
  if (index === 0) {
    end = writeInteger(out, end, STRING, nameEnd - nameStart)
    end = copyLower(out, end, names, nameStart, nameEnd)
  }
  end = writeInteger(out, end, STRING, valueEnd - valueStart)
  return end + bytes.copy(out, end, valueStart, valueEnd)
}

/** The static table's index of the name; 0: it has none. */
function staticIndex(nameHash: number, { names, nameStart, nameEnd }: Span): number {
  const index = STATIC_NAMES.get(nameHash)
  if (index === undefined) return 0
  const field = STATIC_FIELDS[index - 1]
  return field !== undefined && isSameName(field, names, nameStart, nameEnd) ? index : 0
}

// oxlint-disable-next-line max-params -- runs for every field, and an object would be made for each
function copyLower(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  for (let from = start; from < end; from += 1) out[at + from - start] = lower(bytes[from] as number)
  return at + end - start
}

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

function hashOfName(bytes: Buffer, start: number, end: number): number {
  let hash = OFFSET
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ lower(bytes[at] as number), PRIME)
  return hash
}

function hashOfValue(nameHash: number, { bytes, valueStart, valueEnd }: Span): number {
  let hash = Math.imul(nameHash ^ 0x3a, PRIME)
  for (let at = valueStart; at < valueEnd; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), PRIME)
  return hash
}

/** Whether `line` lies in `bytes` at `start`. */
function isSameLine(line: Buffer, bytes: Buffer, start: number): boolean {
  const { length } = line
  if (length > SHORT_BYTES) return line.compare(bytes, start, start + length) === 0
  for (let index = 0; index < length; index += 1) if (bytes[start + index] !== line[index]) return false
  return true
}

function isSameName({ line, nameLength }: Field, names: Buffer, start: number, end: number): boolean {
  if (end - start !== nameLength) return false
  for (let index = 0; index < nameLength; index += 1)
    if (lower(line[index] as number) !== lower(names[start + index] as number)) return false
  return true
}

function isSame(field: Field, { names, nameStart, nameEnd, bytes, valueStart, valueEnd }: Span): boolean {
  const { line, nameLength } = field
  if (line.length - nameLength - 4 !== valueEnd - valueStart) return false
  if (!isSameName(field, names, nameStart, nameEnd)) return false
  const shift = nameLength + 2 - valueStart
  for (let at = valueStart; at < valueEnd; at += 1) if (line[at + shift] !== bytes[at]) return false
  return true
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
