/**
 * Reads a chunked body (RFC 9112 7.1), strictly: size lines of 1..13 hexadecimal digits, CRLF everywhere, extensions
 * bounded and checked and then dropped, trailers parsed as fields. Whole size lines are forwarded as they came; one that
 * arrives in pieces is written anew once it is known to be valid, so that no unchecked byte goes out.
 */
import { ProtocolError } from '../errors.ts'
import type { BodyReader, BodySink } from './body.ts'
import { FieldSection, INCOMPLETE } from './field-section.ts'
import { CR, FIELD_VALUE, HEX_VALUE, LF, isWhitespace, SEMICOLON } from './grammar.ts'
import { HeadBuffer } from './head-buffer.ts'
import type { HttpLimits } from './limits.ts'

/** 13 digits are 2^52 - 1 bytes, the most that a number counts exactly. */
const MAX_SIZE_DIGITS = 13
/** Bytes of all extensions of one body together: nobody uses them, so enough is little (CVE-2023-39326 is what more costs). */
const MAX_EXTENSION_BYTES = 16 * 1024
const EMPTY_LINE = Buffer.from('\r\n')

type State = 'size' | 'space' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done'

export class ChunkedReader implements BodyReader {
  trailers: FieldSection | undefined = undefined
  readonly remaining = 0
  private state: State = 'size'
  private size = 0
  private digits = 0
  private extensionBytes = 0
  /** Data bytes of the current chunk still to come. */
  private dataLeft = 0
  private trailerBuffer: HeadBuffer | undefined = undefined
  private readonly limits: HttpLimits
  private readonly maxBytes: number
  private readonly keepChunks: boolean
  /** Data bytes that chunks may still announce. */
  private room: number
  /** Where the span of bytes that can go out unchanged begins; -1: none is open. */
  private spanStart = -1
  /** Where the current size line began in the current bytes. */
  private lineStart = 0
  /** A size line that began in earlier bytes, or lost an extension, is written anew. */
  private writesSizeLine = false

  /** `maxBytes`: of data. */
  constructor(limits: HttpLimits, keepChunks: boolean, maxBytes = Infinity) {
    this.limits = limits
    this.keepChunks = keepChunks
    this.room = maxBytes
    this.maxBytes = maxBytes
  }

  skip(): void {}

  get isDone(): boolean {
    return this.state === 'done'
  }

  read(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    let position = start
    this.writesSizeLine = this.isInSizeLine
    this.spanStart = this.keepChunks && this.state !== 'trailers' && !this.writesSizeLine ? position : -1
    while (position < end && this.state !== 'done') {
      if (this.state === 'trailers') return this.readTrailers(bytes, position, end)
      if (this.state === 'size' && this.digits === 0) position = this.skipWholeChunks(bytes, position, end, sink)
      if (position === end) break
      position = this.state === 'data' ? this.readData(bytes, position, end, sink) : this.step(bytes, position, sink)
    }
    // An unfinished size line is held back; everything before it goes out.
    this.closeSpan(bytes, this.isInSizeLine ? this.lineStart : position, sink)
    return position
  }

  /** Whether the bytes so far end inside a size line. */
  private get isInSizeLine(): boolean {
    const { state } = this
    return state === 'space' || state === 'extension' || state === 'size-lf' || (state === 'size' && this.digits > 0)
  }

  /**
   * Takes plain chunks that lie whole in bytes[start..end): a size, CRLF, data, CRLF. Returns the offset behind the last;
   * whatever is not one of these is read from there byte by byte. Small chunks cost a third to a quarter this way.
   */
  private skipWholeChunks(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    let line = start
    for (;;) {
      let position = line
      let size = 0
      for (; position < end && position - line <= MAX_SIZE_DIGITS; position += 1) {
        const value = HEX_VALUE[bytes[position] as number] as number
        if (value === 255) break
        size = size * 16 + value
      }
      const dataStart = position + 2
      const dataEnd = dataStart + size
      const isPlain = size > 0 && size <= this.room && position - line <= MAX_SIZE_DIGITS && dataEnd + 2 <= end
      if (!isPlain || !isLineEnd(bytes, position) || !isLineEnd(bytes, dataEnd)) return line
      if (!this.keepChunks) sink.onBody(bytes, dataStart, dataEnd)
      this.room -= size
      line = dataEnd + 2
    }
  }

  private readData(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const length = Math.min(this.dataLeft, end - start)
    this.dataLeft -= length
    if (this.dataLeft === 0) this.state = 'data-cr'
    if (!this.keepChunks) sink.onBody(bytes, start, start + length)
    return start + length
  }

  /** Consumes one byte of the framing. */
  private step(bytes: Buffer, position: number, sink: BodySink): number {
    const byte = bytes[position] as number
    switch (this.state) {
      case 'size':
        this.readSizeByte(bytes, byte, position, sink)
        break
      case 'space':
        this.readSpaceByte(byte)
        break
      case 'extension':
        this.readExtensionByte(byte)
        break
      case 'size-lf':
        if (byte !== LF) throw new ProtocolError('a chunk size line must end in CRLF')
        this.endSizeLine(bytes, position + 1, sink)
        break
      case 'data-cr':
        if (byte !== CR) throw new ProtocolError('chunk data must be followed by CRLF')
        this.state = 'data-lf'
        break
      case 'data-lf':
        if (byte !== LF) throw new ProtocolError('chunk data must be followed by CRLF')
        this.state = 'size'
        this.size = 0
        this.digits = 0
        break
      case 'data':
      case 'trailers':
      case 'done':
    }
    return position + 1
  }

  private readSizeByte(bytes: Buffer, byte: number, position: number, sink: BodySink): void {
    const value = HEX_VALUE[byte] as number
    if (this.digits === 0) this.lineStart = position
    if (value !== 255) {
      this.digits += 1
      if (this.digits > MAX_SIZE_DIGITS) {
        throw new ProtocolError(`a chunk size may have at most ${MAX_SIZE_DIGITS} hexadecimal digits`)
      }
      this.size = this.size * 16 + value
      return
    }
    if (this.digits === 0) throw new ProtocolError('a chunk size must be hexadecimal digits')
    if (byte === CR) {
      this.state = 'size-lf'
    } else if (byte === SEMICOLON || isWhitespace(byte)) {
      this.state = byte === SEMICOLON ? 'extension' : 'space'
      this.countExtensionByte()
      this.closeSpan(bytes, this.lineStart, sink)
      this.writesSizeLine = true
    } else {
      throw new ProtocolError('a chunk size must be hexadecimal digits')
    }
  }

  /** RFC 9112 7.1.1 allows "bad" white space before a semicolon, and nowhere else. */
  private readSpaceByte(byte: number): void {
    if (byte === SEMICOLON) this.state = 'extension'
    else if (!isWhitespace(byte)) throw new ProtocolError('only a semicolon may follow white space behind a chunk size')
    this.countExtensionByte()
  }

  private readExtensionByte(byte: number): void {
    if (byte === CR) {
      this.state = 'size-lf'
      return
    }
    if (FIELD_VALUE[byte] !== 1) throw new ProtocolError('a chunk extension may not hold control characters')
    this.countExtensionByte()
  }

  private countExtensionByte(): void {
    this.extensionBytes += 1
    if (this.extensionBytes > MAX_EXTENSION_BYTES) {
      throw new ProtocolError(`chunk extensions may have at most ${MAX_EXTENSION_BYTES} bytes in one body`)
    }
  }

  /** The size line is whole and valid; `position` is behind it. */
  private endSizeLine(bytes: Buffer, position: number, sink: BodySink): void {
    if (this.size > this.room) throw new ProtocolError(`a body may have at most ${this.maxBytes} bytes here`, 413)
    this.room -= this.size
    this.dataLeft = this.size
    if (this.size === 0) {
      this.closeSpan(bytes, this.lineStart, sink)
      this.state = 'trailers'
      return
    }
    this.state = 'data'
    if (this.writesSizeLine && this.keepChunks) {
      const line = Buffer.from(`${this.size.toString(16)}\r\n`, 'latin1')
      sink.onBody(line, 0, line.length)
      this.spanStart = position
    }
    this.writesSizeLine = false
  }

  private closeSpan(bytes: Buffer, end: number, sink: BodySink): void {
    if (this.spanStart >= 0 && end > this.spanStart) sink.onBody(bytes, this.spanStart, end)
    this.spanStart = -1
  }

  /**
   * Reads the trailer section, most often a mere CRLF. Returns the offset behind what was taken. A field that would be
   * refused in a head is refused here; one that may not stand in a trailer is for trailers.ts to drop.
   */
  private readTrailers(bytes: Buffer, start: number, end: number): number {
    if (this.trailerBuffer === undefined && end - start >= 2 && bytes[start] === CR && bytes[start + 1] === LF) {
      this.state = 'done'
      return start + 2
    }
    const whole = this.collect(bytes, start, end)
    if (whole === undefined) return end
    const section = new FieldSection(this.limits.maxFields)
    const before = whole.length - (end - start)
    const sectionEnd = section.parse(whole, 2, Math.min(whole.length, this.limits.maxHeadBytes + 2), this.limits)
    if (sectionEnd === INCOMPLETE) {
      throw new ProtocolError(`a trailer section may have at most ${this.limits.maxHeadBytes} bytes`, 431)
    }
    this.state = 'done'
    if (section.count > 0) this.trailers = section
    return start + (sectionEnd - before)
  }

  /**
   * Adds to the trailer section; returns it, with a CRLF before it, once it is whole. That CRLF (the end of the last
   * chunk's size line) makes an empty section end as any head does, in CRLF CRLF.
   */
  private collect(bytes: Buffer, start: number, end: number): Buffer | undefined {
    this.trailerBuffer ??= new HeadBuffer(EMPTY_LINE, 0)
    return this.trailerBuffer.push(bytes.subarray(start, end), this.limits.maxHeadBytes + 2)
  }
}

function isLineEnd(bytes: Buffer, at: number): boolean {
  return bytes[at] === CR && bytes[at + 1] === LF
}
