/** gRPC over HTTP (its PROTOCOL-HTTP2): how its calls are told from others, and its statuses beside those of HTTP. */
import type { FieldSection } from './field-section.ts'
import { equalsIgnoringCase, SEMICOLON } from './grammar.ts'
import type { RequestHead } from './request-head.ts'

/** By number. */
export const GRPC_CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

/** What each says in HTTP's words, as google.rpc.Code has it: by which breakers and strategies judge a backend. */
const HTTP_STATUSES = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401]

const UNKNOWN = 2
/** Of our own answers; any other is UNKNOWN. */
const CODES: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  408: 4,
  413: 8,
  414: 8,
  429: 14,
  431: 8,
  500: 13,
  501: 12,
  502: 14,
  503: 14,
  504: 4,
  508: 13,
}

/** What a backend says of when a call may be made again, and what it is told of how often it has been (gRFC A6). */
export const PUSHBACK = 'grpc-retry-pushback-ms'
export const PREVIOUS_ATTEMPTS = 'grpc-previous-rpc-attempts'

const CONTENT_TYPE = Buffer.from('content-type')
const GRPC = Buffer.from('application/grpc')
const PLUS = 0x2b

/** Whether a request or response is gRPC's, as its Content-Type tells. */
export function isGrpc(fields: FieldSection): boolean {
  const line = fields.lineNamed(CONTENT_TYPE, 0)
  if (line < 0) return false
  const { bytes } = fields
  const start = fields.valueStart(line)
  const end = start + GRPC.length
  const valueEnd = fields.valueEnd(line)
  if (end > valueEnd || !equalsIgnoringCase(bytes, start, end, GRPC)) return false
  return end === valueEnd || bytes[end] === PLUS || bytes[end] === SEMICOLON
}

export const isGrpcRequest = ({ fields }: RequestHead): boolean => isGrpc(fields)

/** The status that a head (of a response without content) or its trailers tell; undefined: none. */
export function grpcStatusIn(fields: FieldSection): number | undefined {
  const value = fields.valueNamed('grpc-status')
  return value !== undefined && /^\d{1,3}$/.test(value) ? Number(value) : undefined
}

export const nameOfGrpcCode = (code: number): string => GRPC_CODES[code] ?? `status ${code}`

/** ms >= 0 as `grpc-retry-pushback-ms` has it; Infinity for what is below 0, or no number: never. */
export const parsePushback = (value: string): number => (/^\d{1,10}$/.test(value) ? Number(value) : Infinity)

/** 200..599. */
export const httpStatusOf = (code: number): number => HTTP_STATUSES[code] ?? 500

/** For an answer of ours with that status of HTTP: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md, and a deadline is one. */
export const grpcCodeOf = (status: number): number => CODES[status] ?? UNKNOWN

/** By the code of a RST_STREAM, for one that a backend has sent (PROTOCOL-HTTP2, "Errors"; 5 and 13, which that leaves out, as grpc-go has them). */
const OF_RESETS = [13, 13, 13, 13, 13, 13, 13, 14, 1, 13, 13, 8, 7, 13]

export const grpcCodeOfReset = (code: number): number => OF_RESETS[code] ?? UNKNOWN

/** An answer of ours. */
export interface ToldOfCall {
  /** Of HTTP. */
  readonly status: number
  readonly detail: string
  /** What is told instead of what `status` comes to; absent: that is. */
  readonly grpcStatus?: number | undefined
}

/** The lines that tell of it, with CRLF each. */
export const grpcLines = ({ status, detail, grpcStatus = grpcCodeOf(status) }: ToldOfCall): string =>
  `grpc-status: ${grpcStatus}\r\ngrpc-message: ${grpcMessage(detail)}\r\n`

/** As `grpc-message` has it: UTF-8, and all but printable ASCII in percent. */
export function grpcMessage(text: string): string {
  let message = ''
  for (const byte of Buffer.from(text))
    message +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return message
}
