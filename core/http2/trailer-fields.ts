/** A field block that ends a message (RFC 9113 8.1) -> trailer lines as HTTP/1 has them, for the strict parser to judge. */
import { type Field, nameOf } from './field.ts'
import type { FieldSink } from './hpack-decoder.ts'
import type { FieldLimits } from './request-fields.ts'

const LINE_END = Buffer.from('\r\n')

export class TrailerFields implements FieldSink {
  private readonly limits: FieldLimits
  private readonly lines: Buffer[] = []
  private length = 0
  /** Why it is malformed; undefined: it is not. */
  fault: string | undefined = undefined

  constructor(limits: FieldLimits) {
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

  /** With the empty line. */
  bytes(): Buffer {
    return Buffer.concat([...this.lines, LINE_END])
  }
}

/** No pseudo-field (RFC 9113 8.1); what else a trailer must not say is left out when it is passed on. */
const MAY_TRAIL = new Set(['regular', 'cookie', 'host', 'length', 'te'])
