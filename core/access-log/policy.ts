/** What is written of the requests that were answered, and where. */

/** A value of a line; of the request's fields by name: `header:user-agent`. */
export type FieldName = LineField | `header:${string}`

/** In the order of a JSON line that names none itself; those from `host` on are written only when named. */
export const lineFields = [
  'time',
  'client',
  'method',
  'target',
  'status',
  'ending',
  'reason',
  'durationMs',
  'firstByteMs',
  'requestBytes',
  'responseBytes',
  'pool',
  'backend',
  'attempts',
  'user',
  'host',
  'protocol',
  'scheme',
  'grpcStatus',
  'localTime',
  'trace_id',
  'span_id',
  'proxy',
  'uniqueId',
] as const

export type LineField = (typeof lineFields)[number]

/** Those of them that a JSON line has when it names none. */
export const defaultFields: readonly FieldName[] = lineFields.slice(0, lineFields.indexOf('host'))

/** 'text': texts as they are, and values between them. */
export type LineFormat =
  | { readonly kind: 'json'; readonly fields: readonly FieldName[] }
  | { readonly kind: 'text'; readonly parts: readonly (string | { readonly field: FieldName })[] }

/** Statuses, both included, 100 to 599. */
export interface StatusSpan {
  readonly from: number
  readonly to: number
}

export interface AccessLogPolicy {
  /** undefined: standard output. */
  readonly path: string | undefined
  readonly format: LineFormat
  /** Which are written in any case; each that is there is enough. undefined: none more than others. */
  readonly always: { readonly statuses: readonly StatusSpan[]; readonly slowerMs: number | undefined } | undefined
  /** What part of the others is written: 0 to 1. */
  readonly sampleRatio: number
  /** Lower-case names of query parameters and fields whose values are not written, besides those that sound secret. */
  readonly hidden: readonly string[]
}
