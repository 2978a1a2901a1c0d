/**
 * A response's head (RFC 9112 4): status line plus fields, checked as strictly as a request's, kept as offsets. One
 * instance serves one message after the other; what it says holds until its next `parse`.
 */
import { ProtocolError } from '../errors.ts'
import { FieldSection, INCOMPLETE } from './field-section.ts'
import { allowsKeepAlive, requireOneFraming } from './framing.ts'
import { CR, FIELD_VALUE, LF, SPACE } from './grammar.ts'
import type { HttpLimits } from './limits.ts'
import { headTooLarge } from './request-head.ts'

const HTTP_1 = Buffer.from('HTTP/1.')
const NOTHING: Buffer = Buffer.alloc(0)
/** "HTTP/1.1 200" and the byte behind it. */
const STATUS_START = 9
const STATUS_END = 12

export class ResponseHead {
  readonly fields: FieldSection
  bytes: Buffer = NOTHING
  /** Status line [start, lineEnd), with CRLF. */
  start = 0
  lineEnd = 0
  /** 100..599. */
  status = 0
  minorVersion = 1
  /** Lines of ours to be written behind its own, each with CRLF, one character a byte; whoever forwards the head adds them. Empty after each `parse`. */
  added = ''

  constructor(maxFields: number) {
    this.fields = new FieldSection(maxFields)
  }

  /** Reads a head from bytes[start..end); returns the offset behind it or INCOMPLETE. Throws ProtocolError. */
  parse(bytes: Buffer, start: number, end: number, limits: HttpLimits): number {
    this.bytes = bytes
    this.start = start
    this.added = ''
    const bound = Math.min(end, start + limits.maxHeadBytes)
    const lineEnd = this.parseLine(bytes, start, bound)
    const headEnd = lineEnd === INCOMPLETE ? INCOMPLETE : this.fields.parse(bytes, lineEnd, bound, limits)
    if (headEnd === INCOMPLETE) {
      if (bound < end || end - start >= limits.maxHeadBytes) throw headTooLarge(limits)
      return INCOMPLETE
    }
    requireOneFraming(this.fields, this.minorVersion)
    return headEnd
  }

  /** Of a head in bytes[start..end) whose lines have been added to `fields`: reads the status line alone. Throws as `parse` does. */
  settle(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.start = start
    this.added = ''
    const lineEnd = this.parseLine(bytes, start, end)
    if (lineEnd === INCOMPLETE) throw badStatus()
    this.fields.settle(bytes, start, lineEnd, end)
    requireOneFraming(this.fields, this.minorVersion)
  }

  /** Whether the backend keeps the connection open behind this response, as far as its head tells. */
  get allowsKeepAlive(): boolean {
    return allowsKeepAlive(this.fields, this.minorVersion)
  }

  private parseLine(bytes: Buffer, start: number, end: number): number {
    for (let index = 0; index < HTTP_1.length && start + index < end; index += 1) {
      if (bytes[start + index] !== HTTP_1[index])
        throw new ProtocolError('a response must begin with HTTP/1.1 or HTTP/1.0')
    }
    // The space behind the status may be missing where the reason is: old servers leave it out, and nothing hinges on it.
    if (start + STATUS_END + 1 > end) {
      if (bytes.subarray(start, end).includes(CR)) throw badStatus()
      return INCOMPLETE
    }
    this.readStatus(bytes, start)
    let position = start + STATUS_END
    if (bytes[position] === SPACE) {
      position += 1
      while (position < end && FIELD_VALUE[bytes[position] as number] === 1) position += 1
    }
    if (position >= end) return INCOMPLETE
    if (bytes[position] !== CR) throw new ProtocolError('a status line must end in CRLF')
    if (position + 1 >= end) return INCOMPLETE
    if (bytes[position + 1] !== LF) throw new ProtocolError('a CR in a head must be followed by LF')
    this.lineEnd = position + 2
    return this.lineEnd
  }

  private readStatus(bytes: Buffer, start: number): void {
    const minor = (bytes[start + HTTP_1.length] as number) - 0x30
    if (minor < 0 || minor > 9 || bytes[start + STATUS_START - 1] !== SPACE) {
      throw new ProtocolError('a response must begin with HTTP/1.1 or HTTP/1.0')
    }
    this.minorVersion = minor === 0 ? 0 : 1
    let status = 0
    for (let index = STATUS_START; index < STATUS_END; index += 1) {
      const digit = (bytes[start + index] as number) - 0x30
      if (digit < 0 || digit > 9) throw badStatus()
      status = status * 10 + digit
    }
    if (status < 100 || status > 599) throw new ProtocolError(`a status must be 100..599, got ${status}`)
    this.status = status
  }
}

const badStatus = (): ProtocolError => new ProtocolError('a status must be three digits')
