/**
 * OTLP over HTTP with JSON (opentelemetry-proto 1.x, "JSON Protobuf Encoding"): ids in hexadecimal digits, instants as texts of
 * nanoseconds. Pure. What is not ASCII stands as an escape, so that a text is as long as its bytes.
 */
import { asciiJson } from '../ascii-json.ts'

/** A whole number, a text or a flag. */
export type AttributeValue = string | number | boolean

/** Those that are undefined are left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>

/** Of SpanKind in trace.proto. */
const spanKinds = { server: 2, client: 3 } as const

/** Of SpanFlags: whether a parent is in another process is known, and it is. */
const [REMOTE_IS_KNOWN, IS_REMOTE] = [0x100, 0x200]
const [SAMPLED, ERROR] = [1, 2]

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly isParentRemote: boolean
  /** Value of `tracestate`. */
  readonly state: string | undefined
  readonly name: string
  readonly kind: keyof typeof spanKinds
  /** Epoch ms, with fractions. */
  readonly startedAt: number
  readonly endedAt: number
  readonly attributes: Attributes
  readonly events: readonly { readonly name: string; readonly at: number }[]
  readonly isError: boolean
}

/** Longer texts are cut: a query may be as long as a head. */
const MAX_CHARS = 2048

/** One span as it stands in a request: put together as text, which takes a third of the time of `JSON.stringify`. */
export function encodeSpan(span: Span): string {
  const { traceId, spanId, parentId, state, events } = span
  const flags = SAMPLED | REMOTE_IS_KNOWN | (span.isParentRemote ? IS_REMOTE : 0)
  return (
    `{"traceId":"${traceId}","spanId":"${spanId}"` +
    (state === undefined ? '' : `,"traceState":${asciiJson(state)}`) +
    (parentId === undefined ? '' : `,"parentSpanId":"${parentId}"`) +
    `,"flags":${flags},"name":${asciiJson(span.name)},"kind":${spanKinds[span.kind]}` +
    `,"startTimeUnixNano":"${nanoseconds(span.startedAt)}","endTimeUnixNano":"${nanoseconds(span.endedAt)}"` +
    `,"attributes":${encodeAttributes(span.attributes)}` +
    (events.length === 0 ? '' : `,"events":[${events.map(encodeEvent).join(',')}]`) +
    `,"status":${span.isError ? `{"code":${ERROR}}` : '{}'}}`
  )
}

const encodeEvent = ({ name, at }: Span['events'][number]): string =>
  `{"timeUnixNano":"${nanoseconds(at)}","name":${asciiJson(name)}}`

export interface Envelope {
  readonly head: string
  readonly tail: string
}

/** What stands around spans, with commas between them. */
export function envelope(resource: Attributes, scope: { readonly name: string; readonly version: string }): Envelope {
  const about = `{"attributes":${encodeAttributes(resource)}}`
  const by = `{"name":${asciiJson(scope.name)},"version":${asciiJson(scope.version)}}`
  return { head: `{"resourceSpans":[{"resource":${about},"scopeSpans":[{"scope":${by},"spans":[`, tail: ']}]}]}' }
}

function encodeAttributes(attributes: Attributes): string {
  let all = ''
  for (const key of Object.keys(attributes)) {
    const value = attributes[key]
    if (value !== undefined)
      all += `${all.length === 0 ? '' : ','}{"key":${asciiJson(key)},"value":${encodeValue(value)}}`
  }
  return `[${all}]`
}

function encodeValue(value: AttributeValue): string {
  if (typeof value === 'string') return `{"stringValue":${asciiJson(value.slice(0, MAX_CHARS))}}`
  return typeof value === 'number' ? `{"intValue":${value}}` : `{"boolValue":${value}}`
}

/** Microseconds are as much as the clock tells, and as much as a double holds of the time since 1970. */
const nanoseconds = (epochMs: number): string => `${Math.round(epochMs * 1000)}000`

/** Spans that a collector did not take, while it took the others. */
export interface Rejection {
  readonly count: number
  readonly reason: string
}

/** Of the body of a successful answer; undefined: it took all. Never throws. */
export function rejectedBy(answer: string): Rejection | undefined {
  const { rejectedSpans, errorMessage } = partialSuccessOf(answer)
  const count = Number(rejectedSpans)
  if (!Number.isSafeInteger(count) || count <= 0) return undefined
  return { count, reason: typeof errorMessage === 'string' ? errorMessage.slice(0, 200) : '' }
}

function partialSuccessOf(answer: string): { readonly rejectedSpans?: unknown; readonly errorMessage?: unknown } {
  try {
    const parsed: unknown = JSON.parse(answer)
    const said = typeof parsed === 'object' && parsed !== null && 'partialSuccess' in parsed && parsed.partialSuccess
    return typeof said === 'object' && said !== null ? said : {}
  } catch {
    return {}
  }
}
