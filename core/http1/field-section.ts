/**
 * The field lines of one head or trailer section, as offsets into the bytes they were read from: order, case, repeats and
 * bytes >= 0x80 stay what they were, and nothing is copied. What framing, persistence and forwarding need to know is
 * noted while the lines are checked, in one pass. An instance is reused for one message after the other.
 */
import { ProtocolError } from '../errors.ts'
import { connectionOption, forEachMember, readContentLength, requireChunked } from './field-values.ts'
import * as kind from './field-names.ts'
import { COLON, CR, equalsIgnoringCase, FIELD_VALUE, HTAB, isWhitespace, LF, SPACE, TOKEN } from './grammar.ts'
import type { HttpLimits } from './limits.ts'

/** Answer of the parsers when the bytes end before the section does. */
export const INCOMPLETE = -1

/** Over all Connection lines: each member is looked for among all names, and nobody has use for as many. */
const MAX_CONNECTION_MEMBERS = 64

const NOTHING: Buffer = Buffer.alloc(0)

export class FieldSection {
  bytes: Buffer = NOTHING
  /** Number of field lines. */
  count = 0
  /** Where the first line begins, and where the empty line ends. */
  start = 0
  end = 0
  /** Per line: where its name begins and where its colon stands, where its value ends (before CRLF), its kind. */
  readonly starts: Int32Array
  readonly colons: Int32Array
  readonly ends: Int32Array
  readonly kinds: Uint8Array
  /** Per line that was added what it was made of, the same for the same line each time it comes; see `originOf`. */
  private readonly origins: (object | undefined)[] = []
  private hasOrigins = false

  /** -1 without a Content-Length. */
  contentLength = -1
  isChunked = false
  /** Bits of what Connection lists: see field-values.ts. */
  connection = 0
  /** Line of the first field of each kind, -1 when absent; `hostCount` counts repeats. */
  readonly first = new Int32Array(kind.KIND_COUNT).fill(-1)
  hostCount = 0
  private connectionMembers = 0
  /** Of those that are added. */
  private maxLines = 0

  constructor(maxFields: number) {
    this.starts = new Int32Array(maxFields)
    this.colons = new Int32Array(maxFields)
    this.ends = new Int32Array(maxFields)
    this.kinds = new Uint8Array(maxFields)
  }

  /**
   * Reads lines from bytes[start..end) up to and with the empty line; returns the offset behind it, or INCOMPLETE.
   * Throws ProtocolError for whatever RFC 9112 5 or 9110 5 forbids; leniencies (folding, white space before the colon,
   * bare LF) are never taken, because recipients that take them differently can be played against each other.
   */
  parse(bytes: Buffer, start: number, end: number, limits: HttpLimits): number {
    this.reset(bytes, start)
    const maxFields = Math.min(limits.maxFields, this.starts.length)
    let position = start
    let count = 0
    for (;;) {
      if (position >= end) return INCOMPLETE
      const lineStart = position
      while (position < end && TOKEN[bytes[position] as number] === 1) position += 1
      if (position >= end) return INCOMPLETE
      if (bytes[position] !== COLON || position === lineStart) {
        if (position > lineStart || bytes[position] !== CR) throw badName(bytes, lineStart, position)
        if (position + 1 >= end) return INCOMPLETE
        if (bytes[position + 1] !== LF) throw new ProtocolError('a CR in a head must be followed by LF')
        this.count = count
        this.end = position + 2
        return this.end
      }
      const colon = position
      position += 1
      while (position < end && FIELD_VALUE[bytes[position] as number] === 1) position += 1
      if (position + 1 >= end) {
        if (position < end && bytes[position] !== CR) throw badValue(bytes[position] as number)
        return INCOMPLETE
      }
      if (bytes[position] !== CR || bytes[position + 1] !== LF) throw badValue(bytes[position] as number)
      if (count === maxFields) throw tooMany(maxFields)
      this.starts[count] = lineStart
      this.colons[count] = colon
      this.ends[count] = position
      const fieldKind = kind.fieldKind(bytes, lineStart, colon)
      this.kinds[count] = fieldKind
      if (fieldKind !== kind.OTHER) this.note(fieldKind, count)
      count += 1
      position += 2
    }
  }

  /** Begins anew, for lines that are added one by one: whoever has them has held them to the rules of `parse`. */
  begin({ maxFields }: Pick<HttpLimits, 'maxFields'>): void {
    this.reset(NOTHING, 0)
    this.hasOrigins = true
    this.maxLines = Math.min(maxFields, this.starts.length)
  }

  /** A line, by offsets from where the head begins. More of them than there may be are counted alone: see `settle`. */
  add(start: number, colon: number, end: number, fieldKind: number): void {
    const { count } = this
    this.count = count + 1
    if (count >= this.maxLines) return
    this.origins[count] = undefined
    this.starts[count] = start
    this.colons[count] = colon
    this.ends[count] = end
    this.kinds[count] = fieldKind
  }

  /** Of the line that was added last. */
  comesOf(origin: object): void {
    if (this.count <= this.maxLines) this.origins[this.count - 1] = origin
  }

  /** undefined: of that line nothing is known. */
  originOf(index: number): object | undefined {
    return this.hasOrigins ? this.origins[index] : undefined
  }

  /**
   * All lines have been added, and lie in `bytes`, whose head begins at `head`, its first line at `start`; it ends at `end`.
   * Throws ProtocolError for what `parse` does not take of their number, of framing and of Connection.
   */
  settle(bytes: Buffer, head: number, start: number, end: number): void {
    if (this.count > this.maxLines) throw tooMany(this.maxLines)
    this.bytes = bytes
    this.start = start
    this.end = end
    for (let index = 0; index < this.count; index += 1) {
      this.starts[index] = (this.starts[index] as number) + head
      this.colons[index] = (this.colons[index] as number) + head
      this.ends[index] = (this.ends[index] as number) + head
      const fieldKind = this.kinds[index] as number
      if (fieldKind !== kind.OTHER) this.note(fieldKind, index)
    }
  }

  /** First byte of the value of line `index`, behind optional white space. */
  valueStart(index: number): number {
    const end = this.ends[index] as number
    let position = (this.colons[index] as number) + 1
    while (position < end && isWhitespace(this.bytes[position])) position += 1
    return position
  }

  /** End of the value of line `index`, before optional white space. */
  valueEnd(index: number): number {
    const start = (this.colons[index] as number) + 1
    let position = this.ends[index] as number
    while (position > start && isWhitespace(this.bytes[position - 1])) position -= 1
    return position
  }

  /** Value of line `index`, one character a byte; '' when it is empty. */
  value(index: number): string {
    const start = this.valueStart(index)
    return this.bytes.toString('latin1', start, Math.max(start, this.valueEnd(index)))
  }

  /** Value of the first line of a kind, or undefined. */
  valueOf(fieldKind: number): string | undefined {
    const index = this.first[fieldKind] as number
    return index < 0 ? undefined : this.value(index)
  }

  has(fieldKind: number): boolean {
    return (this.first[fieldKind] as number) >= 0
  }

  /** Values of every line with this lower-case name, in order. A linear look: for what is not on every request's way. */
  valuesNamed(lowerName: string): string[] {
    const lower = Buffer.from(lowerName, 'latin1')
    const values: string[] = []
    for (let index = this.lineNamed(lower, 0); index >= 0; index = this.lineNamed(lower, index + 1)) {
      values.push(this.value(index))
    }
    return values
  }

  /** Value of the first line with this lower-case name; undefined when there is none. A linear look too. */
  valueNamed(lowerName: string): string | undefined {
    const index = this.lineNamed(Buffer.from(lowerName, 'latin1'), 0)
    return index < 0 ? undefined : this.value(index)
  }

  /** The first line at or behind `from` with this lower-case name; -1 when there is none. */
  lineNamed(lower: Uint8Array, from: number): number {
    for (let index = from; index < this.count; index += 1) {
      if (equalsIgnoringCase(this.bytes, this.starts[index] as number, this.colons[index] as number, lower))
        return index
    }
    return -1
  }

  private reset(bytes: Buffer, start: number): void {
    this.bytes = bytes
    this.start = start
    this.count = 0
    this.hasOrigins = false
    this.contentLength = -1
    this.isChunked = false
    this.connection = 0
    this.connectionMembers = 0
    this.hostCount = 0
    this.first.fill(-1)
  }

  /** Notes what line `index`, of a kind a proxy must understand, says. */
  private note(fieldKind: number, index: number): void {
    if (this.first[fieldKind] === -1) this.first[fieldKind] = index
    switch (fieldKind) {
      case kind.HOST:
        this.hostCount += 1
        break
      case kind.CONTENT_LENGTH: {
        const length = readContentLength(this.bytes, this.valueStart(index), this.valueEnd(index))
        if (this.contentLength !== -1 && this.contentLength !== length) {
          throw new ProtocolError(`Content-Length fields must agree, got ${this.contentLength} and ${length}`)
        }
        this.contentLength = length
        break
      }
      case kind.TRANSFER_ENCODING:
        if (this.isChunked) throw new ProtocolError('Transfer-Encoding may stand once')
        requireChunked(this.bytes, this.valueStart(index), this.valueEnd(index))
        this.isChunked = true
        break
      case kind.CONNECTION:
        this.noteConnection(index)
        break
      default:
    }
  }

  private noteConnection(index: number): void {
    const { bytes } = this
    forEachMember(bytes, this.valueStart(index), this.valueEnd(index), (from, to) => {
      this.connectionMembers += 1
      if (this.connectionMembers > MAX_CONNECTION_MEMBERS) {
        throw new ProtocolError(`Connection may list at most ${MAX_CONNECTION_MEMBERS} options`)
      }
      this.connection |= connectionOption(bytes, from, to)
    })
  }
}

function badName(bytes: Buffer, lineStart: number, position: number): ProtocolError {
  const byte = bytes[position] as number
  if (position === lineStart && (byte === SPACE || byte === HTAB)) {
    return new ProtocolError('a field line may not begin with white space (obsolete line folding)')
  }
  if (byte === COLON) return new ProtocolError('a field name may not be empty')
  if (byte === SPACE || byte === HTAB) {
    return new ProtocolError('no white space may stand between a field name and its colon')
  }
  if (byte === LF) return bareLf()
  if (byte === CR) return new ProtocolError('a field line must have a colon')
  return new ProtocolError(`a field name may not hold byte 0x${hex(byte)}`)
}

function badValue(byte: number): ProtocolError {
  if (byte === CR) return new ProtocolError('a CR in a head must be followed by LF')
  if (byte === LF) return bareLf()
  return new ProtocolError(`a field value may not hold byte 0x${hex(byte)}`)
}

const tooMany = (maxFields: number): ProtocolError =>
  new ProtocolError(`a message may have at most ${maxFields} fields`, 431)

const bareLf = (): ProtocolError => new ProtocolError('a line in a head must end in CRLF, got a bare LF')

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
