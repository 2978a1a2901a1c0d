/** How long a body is, what ends it and whether another message may follow: one home for requests and responses. */
import { ProtocolError } from '../errors.ts'
import type { FieldSection } from './field-section.ts'
import { CLOSE, KEEP_ALIVE_OPTION } from './field-values.ts'

/** One framing, and one that the version knows (RFC 9112 6.1, 6.3); two may be read differently by two recipients. */
export function requireOneFraming(fields: FieldSection, minorVersion: number): void {
  if (!fields.isChunked) return
  if (fields.contentLength !== -1) {
    throw new ProtocolError('a message may not have both Content-Length and Transfer-Encoding')
  }
  if (minorVersion === 0) throw new ProtocolError('HTTP/1.0 has no Transfer-Encoding')
}

/** Whether the sender lets the connection be used again behind this message (RFC 9112 9.3). */
export function allowsKeepAlive({ connection }: FieldSection, minorVersion: number): boolean {
  if ((connection & CLOSE) !== 0) return false
  return minorVersion === 1 || (connection & KEEP_ALIVE_OPTION) !== 0
}

/** How a body is delimited. A union of words, since the length stands in the head. */
export type BodyKind = 'none' | 'length' | 'chunked' | 'until-close'

/** Without either framing field a request has no body. */
export function frameRequest(fields: FieldSection): BodyKind {
  if (fields.isChunked) return 'chunked'
  return fields.contentLength > 0 ? 'length' : 'none'
}

/**
 * `isHead`: it answers a HEAD request. 1xx, 204, 304 and answers to HEAD end with their head, whatever their fields say;
 * the others without a framing field end with the connection.
 */
export function frameResponse(fields: FieldSection, status: number, isHead: boolean): BodyKind {
  if (isHead || status < 200 || status === 204 || status === 304) return 'none'
  if (fields.isChunked) return 'chunked'
  if (fields.contentLength === -1) return 'until-close'
  return fields.contentLength > 0 ? 'length' : 'none'
}
