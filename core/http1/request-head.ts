/**
 * A request's head (RFC 9112 3): request line plus fields, checked in full, kept as offsets into the bytes as they came.
 * One instance serves one message after the other; what it says holds until its next `parse`.
 */
import { ProtocolError } from '../errors.ts'
import { checkAuthority } from './authority.ts'
import * as kind from './field-names.ts'
import { FieldSection, INCOMPLETE } from './field-section.ts'
import { allowsKeepAlive, requireOneFraming } from './framing.ts'
import { ASTERISK, CR, equalsIgnoringCase, LF, SLASH, SPACE, TARGET, TOKEN } from './grammar.ts'
import { type HttpLimits, MAX_METHOD_BYTES } from './limits.ts'

const QUESTION_MARK = 0x3f
const GET = Buffer.from('GET')
const HEAD = Buffer.from('HEAD')
const POST = Buffer.from('POST')
const OPTIONS = Buffer.from('OPTIONS')
const CONNECT = Buffer.from('CONNECT')
const HTTP_SLASH = Buffer.from('HTTP/')
const SCHEMES = [Buffer.from('http://'), Buffer.from('https://')]

export class RequestHead {
  readonly fields: FieldSection
  bytes: Buffer = Buffer.alloc(0)
  /** Offsets: method [start, methodEnd), target [methodEnd + 1, targetEnd), request line [start, lineEnd) with CRLF. */
  start = 0
  methodEnd = 0
  targetEnd = 0
  lineEnd = 0
  /** Path of the target without its query: [pathStart, pathEnd); for `*` the asterisk itself. */
  pathStart = 0
  pathEnd = 0
  /** Authority of an absolute-form target, [authorityStart, authorityEnd); both -1 in the other forms. */
  authorityStart = -1
  authorityEnd = -1
  /** 0 for HTTP/1.0, else 1: a higher minor version is answered as 1.1 (RFC 9110 2.5). */
  minorVersion = 1

  constructor(maxFields: number) {
    this.fields = new FieldSection(maxFields)
  }

  /**
   * Reads a head from bytes[start..end); returns the offset behind it or INCOMPLETE. Throws ProtocolError (400, 414, 431,
   * 501, 505). A body, if `contentLength` > 0 or `isChunked`, begins at the returned offset.
   */
  parse(bytes: Buffer, start: number, end: number, limits: HttpLimits): number {
    this.bytes = bytes
    this.start = behindEmptyLine(bytes, start, end)
    // No more than a valid head is looked at: what lies beyond is the body's, or makes the head too large.
    const bound = Math.min(end, start + limits.maxHeadBytes)
    const lineEnd = this.parseLine(bytes, this.start, bound, limits)
    const headEnd = lineEnd === INCOMPLETE ? INCOMPLETE : this.fields.parse(bytes, lineEnd, bound, limits)
    if (headEnd === INCOMPLETE) {
      if (bound < end || end - start >= limits.maxHeadBytes) throw headTooLarge(limits)
      return INCOMPLETE
    }
    this.checkTogether()
    return headEnd
  }

  /**
   * Of a head in bytes[start..end) whose lines have been added to `fields`: reads the request line alone. Throws as `parse` does.
   */
  settle(bytes: Buffer, start: number, end: number, limits: HttpLimits): void {
    this.bytes = bytes
    this.start = start
    const lineEnd = this.parseLine(bytes, start, end, limits)
    if (lineEnd === INCOMPLETE) throw badVersion()
    this.fields.settle(bytes, start, lineEnd, end)
    this.checkTogether()
  }

  /** Whether the client lets the connection be used again (RFC 9112 9.3). */
  get wantsKeepAlive(): boolean {
    return allowsKeepAlive(this.fields, this.minorVersion)
  }

  get isGet(): boolean {
    return this.isMethod(GET)
  }

  get isPost(): boolean {
    return this.isMethod(POST)
  }

  /** HEAD (RFC 9110 9.3.2): its response has no body. */
  get isHead(): boolean {
    return this.isMethod(HEAD)
  }

  get method(): string {
    return this.bytes.toString('latin1', this.start, this.methodEnd)
  }

  /** "/" for an absolute target without one, which asks for the same (RFC 9110 4.2.3). */
  get path(): string {
    return this.pathStart === this.pathEnd ? '/' : this.bytes.toString('latin1', this.pathStart, this.pathEnd)
  }

  /** Behind the question mark; undefined when the target has none. */
  get query(): string | undefined {
    return this.pathEnd === this.targetEnd ? undefined : this.bytes.toString('latin1', this.pathEnd + 1, this.targetEnd)
  }

  /** The host that is asked for, lower case, without a port or the dot of a rooted name: of the target if it names one, else of Host. */
  get host(): string | undefined {
    const authority =
      this.authorityStart >= 0
        ? this.bytes.toString('latin1', this.authorityStart, this.authorityEnd)
        : this.fields.valueOf(kind.HOST)
    if (authority === undefined || authority === '') return undefined
    return authority.replace(/\.?(:\d*)?$/, '').toLowerCase()
  }

  /** Whether a line of this lower-case name has exactly this value, both one character a byte. */
  hasField(lowerName: string, value: string): boolean {
    return this.fields.valuesNamed(lowerName).includes(value)
  }

  private parseLine(bytes: Buffer, start: number, end: number, limits: HttpLimits): number {
    let position = start
    const methodBound = Math.min(end, start + MAX_METHOD_BYTES + 1)
    while (position < methodBound && TOKEN[bytes[position] as number] === 1) position += 1
    if (position - start > MAX_METHOD_BYTES) {
      throw new ProtocolError(`a method may have at most ${MAX_METHOD_BYTES} bytes`)
    }
    if (position >= end) return INCOMPLETE
    if (bytes[position] !== SPACE || position === start) {
      throw new ProtocolError('a request must begin with a method token and one space')
    }
    this.methodEnd = position
    position += 1
    const targetStart = position
    const targetBound = Math.min(end, targetStart + limits.maxTargetBytes + 1)
    while (position < targetBound && TARGET[bytes[position] as number] === 1) position += 1
    if (position - targetStart > limits.maxTargetBytes) {
      throw new ProtocolError(`a request target may have at most ${limits.maxTargetBytes} bytes`, 414)
    }
    if (position >= end) return INCOMPLETE
    if (bytes[position] !== SPACE || position === targetStart) {
      throw new ProtocolError('a request line must be "method target HTTP/1.1" with single spaces')
    }
    this.targetEnd = position
    return this.parseVersion(bytes, position + 1, end)
  }

  /** Reads "HTTP/d.d" CRLF at `start`. */
  private parseVersion(bytes: Buffer, start: number, end: number): number {
    for (let index = 0; index < HTTP_SLASH.length && start + index < end; index += 1) {
      if (bytes[start + index] !== HTTP_SLASH[index]) throw badVersion()
    }
    if (start + 10 > end) {
      if (bytes.subarray(start, Math.min(end, start + 8)).includes(CR)) throw badVersion()
      return INCOMPLETE
    }
    const major = (bytes[start + 5] as number) - 0x30
    const minor = (bytes[start + 7] as number) - 0x30
    const isWellFormed =
      major >= 0 && major <= 9 && bytes[start + 6] === 0x2e && minor >= 0 && minor <= 9 && bytes[start + 8] === CR
    if (!isWellFormed) throw badVersion()
    if (bytes[start + 9] !== LF) throw new ProtocolError('a CR in a head must be followed by LF')
    if (major !== 1) throw new ProtocolError(`only HTTP/1.x is spoken here, got HTTP/${major}.${minor}`, 505)
    this.minorVersion = minor === 0 ? 0 : 1
    this.lineEnd = start + 10
    this.locatePath(bytes)
    return this.lineEnd
  }

  /** Finds which of the four forms the target has (RFC 9112 3.2), where its authority is and where its path. */
  private locatePath(bytes: Buffer): void {
    const start = this.methodEnd + 1
    this.authorityStart = -1
    this.authorityEnd = -1
    this.pathStart = start
    const first = bytes[start]
    // Of any form: whoever sees a 2xx answer to CONNECT takes all that follows for a tunnel, whatever its framing says.
    if (this.isMethod(CONNECT)) throw new ProtocolError('CONNECT is not served by a reverse proxy', 501)
    if (first !== SLASH) {
      if (first === ASTERISK && this.targetEnd === start + 1) {
        if (!this.isMethod(OPTIONS)) throw new ProtocolError('the target * belongs to OPTIONS only')
      } else {
        this.locateAuthority(bytes, start)
      }
    }
    let position = this.pathStart
    while (position < this.targetEnd && bytes[position] !== QUESTION_MARK) position += 1
    this.pathEnd = position
  }

  private locateAuthority(bytes: Buffer, start: number): void {
    const scheme = SCHEMES.find((word) => equalsIgnoringCase(bytes, start, start + word.length, word))
    if (scheme === undefined || start + scheme.length >= this.targetEnd) {
      throw new ProtocolError('a target must begin with / or be an absolute http URL')
    }
    let position = start + scheme.length
    this.authorityStart = position
    while (position < this.targetEnd && bytes[position] !== SLASH && bytes[position] !== QUESTION_MARK) position += 1
    this.authorityEnd = position
    this.pathStart = position
    checkAuthority(bytes, this.authorityStart, position, 'the authority of a target')
    if (this.authorityStart === position) throw new ProtocolError('the authority of a target may not be empty')
  }

  /** Its text would be made anew each time. */
  private isMethod(name: Buffer): boolean {
    const { bytes, start, methodEnd } = this
    if (methodEnd - start !== name.length) return false
    for (let index = 0; index < name.length; index += 1) if (bytes[start + index] !== name[index]) return false
    return true
  }

  /** Rules that need the whole head: Host (RFC 9112 3.2) and framing (6.1, 6.3). */
  private checkTogether(): void {
    const { fields } = this
    if (fields.hostCount !== 1) {
      if (fields.hostCount > 1) throw new ProtocolError('a request may have one Host field only')
      if (this.minorVersion === 1) throw new ProtocolError('an HTTP/1.1 request must have a Host field')
    } else {
      const line = fields.first[kind.HOST] as number
      checkAuthority(this.bytes, fields.valueStart(line), fields.valueEnd(line), 'Host')
    }
    requireOneFraming(fields, this.minorVersion)
  }
}

/**
 * Skips one empty line before a request (RFC 9112 2.2), which some clients send behind a body and never count. It is
 * not forwarded, but counts as bytes of the head.
 */
function behindEmptyLine(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] !== CR) return start
  if (start + 1 >= end) return end
  return bytes[start + 1] === LF ? start + 2 : start
}

/** Also of a request line with a space in its target. */
export const BAD_LINE_END = 'a request line must end in HTTP/1.1 or HTTP/1.0 and CRLF'

const badVersion = (): ProtocolError => new ProtocolError(BAD_LINE_END)

export const headTooLarge = (limits: HttpLimits): ProtocolError =>
  new ProtocolError(`a head may have at most ${limits.maxHeadBytes} bytes`, 431)
