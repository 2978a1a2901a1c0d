/** B3 propagation, as Zipkin's tracers and Envoy have it: in one field or in several. Strict, as for `traceparent`. */
import type { FieldSection } from '../http1/field-section.ts'
import { type Decision, INVALID, isId, Told, type Telling } from './told.ts'

/** No field's value, and where none begins. */
const NONE = { start: -1, end: -1 }
const HYPHEN = 0x2d

/** `d`: debug, which is recorded. */
const inOneField = new Map<string, Decision>([
  ['0', 'unsampled'],
  ['1', 'sampled'],
  ['d', 'sampled'],
])
/** Older tracers say it in words. */
const inAField = new Map<string, Decision>([
  ['0', 'unsampled'],
  ['1', 'sampled'],
  ['false', 'unsampled'],
  ['true', 'sampled'],
])

interface Span {
  readonly start: number
  readonly end: number
}

/** `b3: {trace id}-{span id}[-{decision}[-{parent's span id}]]`, or the decision alone. */
export function readB3(fields: FieldSection): Telling {
  const value = onlyValue(fields, B3)
  if (value === undefined) return undefined
  if (value === INVALID) return INVALID
  const { bytes } = fields
  const { start, end } = value
  const traceDigits = idDigits(bytes, value)
  if (traceDigits === 0) return told(bytes, NONE, NONE, inOneField.get(textOf(bytes, value)))
  const spanAt = start + traceDigits + 1
  const spanEnd = spanAt + 16
  const trace = { start, end: start + traceDigits }
  if (end === spanEnd) return told(bytes, trace, { start: spanAt, end }, 'open')
  if (spanEnd >= end || bytes[spanEnd] !== HYPHEN) return INVALID
  const rest = bytes.toString('latin1', spanEnd + 1, end)
  const [, said = '', parent] = /^([01d])(?:-([0-9a-f]{16}))?$/.exec(rest) ?? []
  if (parent !== undefined && /^0+$/.test(parent)) return INVALID
  return told(bytes, trace, { start: spanAt, end: spanEnd }, inOneField.get(said))
}

/** X-B3-TraceId, X-B3-SpanId, X-B3-Sampled, X-B3-Flags. */
export function readB3Multi(fields: FieldSection): Telling {
  const [trace, span] = [onlyValue(fields, TRACE_ID), onlyValue(fields, SPAN_ID)]
  const [sampled, flags] = [onlyValue(fields, SAMPLED), onlyValue(fields, FLAGS)]
  if (trace === INVALID || span === INVALID || sampled === INVALID || flags === INVALID) return INVALID
  const { bytes } = fields
  if (trace === undefined && span === undefined && sampled === undefined && flags === undefined) return undefined
  const isDebug = flags !== undefined && textOf(bytes, flags) === '1'
  const decision = isDebug ? 'sampled' : sampled === undefined ? 'open' : inAField.get(textOf(bytes, sampled))
  if (trace !== undefined || span !== undefined) return told(bytes, trace ?? NONE, span ?? NONE, decision)
  return decision === 'open' ? undefined : told(bytes, NONE, NONE, decision)
}

/** `trace` and `span` NONE: the decision alone was told. */
function told(bytes: Buffer, trace: Span, span: Span, decision: Decision | undefined): Telling {
  if (decision === undefined) return INVALID
  const traceDigits = trace.end - trace.start
  if (trace !== NONE || span !== NONE) {
    if ((traceDigits !== 32 && traceDigits !== 16) || !isId(bytes, trace.start, traceDigits)) return INVALID
    if (span.end - span.start !== 16 || !isId(bytes, span.start, 16)) return INVALID
  }
  return new Told({ bytes, traceAt: trace.start, traceDigits, spanAt: span.start, decision, isRandom: false })
}

/** How many digits the trace's id has that a hyphen ends: 0 for none. What is behind the value may hold hyphens of its own. */
function idDigits(bytes: Uint8Array, { start, end }: Span): number {
  const isEnded = (digits: number): boolean => start + digits < end && bytes[start + digits] === HYPHEN
  if (isEnded(32)) return 32
  return isEnded(16) ? 16 : 0
}

/** No more of it than any of these texts has, and one. */
const textOf = (bytes: Buffer, { start, end }: Span): string =>
  bytes.toString('latin1', start, Math.min(end, start + 6))

/** undefined: there is no such field. INVALID: there are several. */
function onlyValue(fields: FieldSection, lower: Uint8Array): Span | typeof INVALID | undefined {
  const line = fields.lineNamed(lower, 0)
  if (line < 0) return undefined
  if (fields.lineNamed(lower, line + 1) >= 0) return INVALID
  return { start: fields.valueStart(line), end: fields.valueEnd(line) }
}

const B3 = Buffer.from('b3')
const TRACE_ID = Buffer.from('x-b3-traceid')
const SPAN_ID = Buffer.from('x-b3-spanid')
const SAMPLED = Buffer.from('x-b3-sampled')
const FLAGS = Buffer.from('x-b3-flags')
