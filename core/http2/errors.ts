/** What a peer may have done wrong in HTTP/2, and the codes by which peers tell each other of it (RFC 9113 7). */
import type { Violation } from './abuse.ts'

export const NO_ERROR = 0x0
export const PROTOCOL_ERROR = 0x1
export const INTERNAL_ERROR = 0x2
export const FLOW_CONTROL_ERROR = 0x3
export const SETTINGS_TIMEOUT = 0x4
export const STREAM_CLOSED = 0x5
export const FRAME_SIZE_ERROR = 0x6
export const REFUSED_STREAM = 0x7
export const CANCEL = 0x8
export const COMPRESSION_ERROR = 0x9
export const ENHANCE_YOUR_CALM = 0xb

/** By number. */
const NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

/** As RFC 9113 7 calls it; the number of one that nobody knows. */
export const nameOfCode = (code: number): string => NAMES[code] ?? `0x${code.toString(16)}`

/** What is said of a peer that can't be understood since it speaks HTTP/1.x. */
export const SPEAKS_HTTP_1 = 'it answers in HTTP/1.x'

/** The connection can't go on (RFC 9113 5.4.1): GOAWAY with `code`, then it is closed. */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault'
  readonly code: number
  /** What it was too much of; undefined: it is another kind of fault. */
  readonly violation: Violation | undefined

  constructor(message: string, code = PROTOCOL_ERROR, violation?: Violation) {
    super(message)
    this.code = code
    this.violation = violation
  }
}

/**
 * One stream can't go on (RFC 9113 5.4.2): RST_STREAM with `code`. No Error, whose stack would cost more than all else that is
 * done about it: who attacks by them brings them by the hundred thousand.
 */
export class StreamFault {
  readonly streamId: number
  readonly message: string
  readonly code: number

  constructor(streamId: number, message: string, code = PROTOCOL_ERROR) {
    this.streamId = streamId
    this.message = message
    this.code = code
  }
}
