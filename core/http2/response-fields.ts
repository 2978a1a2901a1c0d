/** The fields of an HTTP/2 response -> an HTTP/1.1 head and where its lines lie, as in `request-fields.ts`; what HTTP/2 alone forbids is judged here. */
import type { FieldSection } from '../http1/field-section.ts'
import { type Field, invalidWords, nameOf, valueEnd, valueStart } from './field.ts'
import { type FieldLimits, HeadWriter } from './head-writer.ts'
import type { FieldSink } from './hpack-decoder.ts'
import type { Built } from './request-fields.ts'

const VERSION = Buffer.from('HTTP/1.1 ')
const LINE_END = Buffer.from('\r\n')

export class ResponseFields implements FieldSink {
  private readonly head = new HeadWriter()
  private maxFields = 0
  private count = 0
  private hasStatus = false
  private detail: string | undefined = undefined

  /** `fields`: of the head that the response becomes. */
  begin(limits: FieldLimits, fields: FieldSection): void {
    this.head.begin(limits, fields)
    this.maxFields = limits.maxFields
    this.count = 0
    this.hasStatus = false
    this.detail = undefined
  }

  onField(field: Field): void {
    if (this.detail !== undefined) return
    switch (field.kind) {
      case 'status':
        return this.onStatus(field)
      case 'regular':
      case 'cookie':
      case 'host':
      case 'length':
      case 'te':
        return this.onRegular(field)
      case 'method':
      case 'scheme':
      case 'authority':
      case 'path':
      case 'protocol':
      case 'connection':
        this.detail = `a response may not have the field ${JSON.stringify(nameOf(field).slice(0, 40))}`
        return
      case 'invalid':
        this.detail = invalidWords(field)
    }
  }

  /** The block is over. The head is valid until the next one begins. */
  finish(): Built {
    const { head } = this
    if (!this.hasStatus) this.detail ??= 'a response must have :status'
    head.writeAll(LINE_END)
    if (this.detail !== undefined) return { kind: 'malformed', detail: this.detail }
    if (head.isOver || this.count > this.maxFields)
      return { kind: 'tooLarge', detail: "the response's head is too large" }
    return { kind: 'head', bytes: head.bytes, start: head.start, end: head.end }
  }

  private onStatus(field: Field): void {
    const { head } = this
    if (this.hasStatus || this.count > 0) this.detail = ':status must come first, and once'
    else if (!isStatus(field)) this.detail = ':status is not valid'
    this.hasStatus = true
    head.writeAll(VERSION)
    head.write(field.line, valueStart(field), valueEnd(field))
    head.writeAll(SPACE_END)
  }

  private onRegular(field: Field): void {
    if (!this.hasStatus) this.detail = ':status must come first'
    this.count += 1
    if (this.count <= this.maxFields) this.head.writeLine(field)
  }
}

/** Three digits, and none that HTTP/2 has no use for (RFC 9113 8.6). */
function isStatus(field: Field): boolean {
  const start = valueStart(field)
  if (valueEnd(field) - start !== 3) return false
  let status = 0
  for (let at = start; at < start + 3; at += 1) {
    const digit = (field.line[at] as number) - ZERO
    if (digit < 0 || digit > 9) return false
    status = status * 10 + digit
  }
  return status >= 100 && status <= 599 && status !== SWITCHING_PROTOCOLS
}

const ZERO = 0x30
const SWITCHING_PROTOCOLS = 101

const SPACE_END = Buffer.from(' \r\n')
