/** How long a body is and what ends it: the one home of RFC 9112 6.3, for requests and responses. */
import type { FieldSection } from './field-section.ts'

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
