/** A field block that ends a message (RFC 9113 8.1) -> trailer lines as HTTP/1 has them, for the strict parser to judge. */
import { ProtocolError } from '../errors.ts'
import { FieldSection } from '../http1/field-section.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { type Field, nameOf } from './field.ts'
import type { FieldSink } from './hpack-decoder.ts'

const LINE_END = Buffer.from('\r\n')

export class TrailerFields implements FieldSink {
  private readonly limits: HttpLimits
  private readonly lines: Buffer[] = []
  private length = 0
  /** Why it is malformed; undefined: it is not. */
  private fault: string | undefined = undefined

  constructor(limits: HttpLimits) {
    this.limits = limits
  }

  onField(field: Field): void {
    if (this.fault !== undefined) return
    this.length += field.line.length
    if (this.lines.length >= this.limits.maxFields || this.length > this.limits.maxHeadBytes)
      this.fault = 'trailers are too large'
    else if (!MAY_TRAIL.has(field.kind)) this.fault = `${JSON.stringify(nameOf(field).slice(0, 40))} may not trail`
    else this.lines.push(field.line)
  }

  /** The block is over. Throws ProtocolError. */
  finish(): FieldSection {
    if (this.fault !== undefined) throw new ProtocolError(this.fault)
    const bytes = Buffer.concat([...this.lines, LINE_END])
    const trailers = new FieldSection(this.limits.maxFields)
    trailers.parse(bytes, 0, bytes.length, this.limits)
    return trailers
  }
}

/** No pseudo-field (RFC 9113 8.1); what else a trailer must not say is left out when it is passed on. */
const MAY_TRAIL = new Set(['regular', 'cookie', 'host', 'length', 'te'])
