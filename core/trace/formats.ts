/** How a trace is told from one to the next, in a table: which fields say it, how they are read, how they are written. */
import type { FieldSection } from '../http1/field-section.ts'
import { readB3, readB3Multi } from './b3.ts'
import type { FormatName } from './policy.ts'
import type { Telling } from './told.ts'
import { type Flags, flagsText, readTraceparent } from './trace-context.ts'

/** What an attempt's request says. Ids are lower-case hexadecimal digits: 32 and 16. */
export interface Context extends Flags {
  readonly traceId: string
  readonly spanId: string
}

export interface Format {
  read(fields: FieldSection): Telling
  /** Lower-case names of what it writes; whatever a client says in these goes no further then. */
  readonly names: readonly string[]
  /** Those that belong to the trace that a client told of, and go no further when another one begins. */
  readonly companions: readonly string[]
  /** With CRLF each. */
  write(context: Context): string
}

const sampledDigit = ({ isSampled }: Flags): string => (isSampled ? '1' : '0')

export const formats: Readonly<Record<FormatName, Format>> = {
  tracecontext: {
    read: readTraceparent,
    names: ['traceparent'],
    companions: ['tracestate'],
    write: (context) => `traceparent: 00-${context.traceId}-${context.spanId}-${flagsText(context)}\r\n`,
  },
  b3: {
    read: readB3,
    names: ['b3'],
    companions: [],
    write: (context) => `b3: ${context.traceId}-${context.spanId}-${sampledDigit(context)}\r\n`,
  },
  b3multi: {
    read: readB3Multi,
    names: ['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags'],
    companions: [],
    write: (context) =>
      `X-B3-TraceId: ${context.traceId}\r\nX-B3-SpanId: ${context.spanId}\r\nX-B3-Sampled: ${sampledDigit(context)}\r\n`,
  },
}
