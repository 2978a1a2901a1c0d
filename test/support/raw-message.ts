/** Messages as a test reads them off the wire: strictly, by the reference grammar, with the exact bytes beside. */
import { referenceChunked, referenceRequest, referenceResponse } from './http1-reference.ts'
import type { Field } from './http1.ts'
import type { Taken } from './raw-peer.ts'

interface RawMessage {
  /** Start line, fields and empty line, as they came. */
  readonly head: string
  readonly fields: readonly Field[]
  /** Data without chunk framing. */
  readonly body: string
  /** The body as it came, chunk framing included. */
  readonly rawBody: string
  readonly trailers: readonly Field[]
}

export interface RawRequest extends RawMessage {
  readonly method: string
  readonly target: string
}

export interface RawResponse extends RawMessage {
  readonly status: number
  /** Told by the close of the connection. */
  readonly isUntilClose: boolean
}

export const valuesOf = (message: { readonly fields: readonly Field[] }, lowerName: string): string[] =>
  message.fields.flatMap(([name, value]) => (name.toLowerCase() === lowerName ? [value] : []))

export const isUpgrade = (request: RawRequest): boolean => valuesOf(request, 'upgrade').length > 0

/** Reads one request; throws when its head breaks the grammar. */
export function parseRequest(text: string): Taken<RawRequest> {
  const head = referenceRequest(text)
  if (head === undefined) return incomplete(text)
  const body = readBody(text, head.end, head.isChunked, Math.max(0, head.contentLength))
  if (body === undefined) return undefined
  const { method, target, fields } = head
  return { value: { method, target, fields, head: text.slice(0, head.end), ...body.value }, end: body.end }
}

/** Reads one response to a request of `method`, interim ones too; throws when its head breaks the grammar. */
export function parseResponse(text: string, method: string, hasEnded: boolean): Taken<RawResponse> {
  const head = referenceResponse(text)
  if (head === undefined) return incomplete(text)
  const isBodiless = method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304
  const isUntilClose = !isBodiless && !head.isChunked && head.contentLength === -1
  if (isUntilClose && !hasEnded) return undefined
  const length = isBodiless ? 0 : isUntilClose ? text.length - head.end : head.contentLength
  const body = readBody(text, head.end, head.isChunked && !isBodiless, length)
  if (body === undefined) return undefined
  const { status, fields } = head
  return { value: { status, fields, isUntilClose, head: text.slice(0, head.end), ...body.value }, end: body.end }
}

type Body = Pick<RawMessage, 'body' | 'rawBody' | 'trailers'>

function readBody(text: string, start: number, isChunked: boolean, length: number): Taken<Body> {
  if (!isChunked) {
    const end = start + length
    const body = text.slice(start, end)
    return end > text.length ? undefined : { value: { body, rawBody: body, trailers: [] }, end }
  }
  const chunked = referenceChunked(text.slice(start))
  if (chunked === undefined) return undefined
  const end = start + chunked.end
  return { value: { body: chunked.data, rawBody: text.slice(start, end), trailers: chunked.trailers }, end }
}

function incomplete(text: string): undefined {
  if (text.includes('\r\n\r\n')) throw new Error(`not a valid head: ${JSON.stringify(text.slice(0, 300))}`)
  return undefined
}
