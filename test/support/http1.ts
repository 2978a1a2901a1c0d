/**
 * Feeds heads and bodies to the codec the way a connection does, in any pieces, and tells what came out in plain values.
 * Text stands for bytes, one character a byte.
 */
import { ProtocolError } from '../../core/errors.ts'
import { createBodyReader } from '../../core/http1/body-reader.ts'
import type { FieldSection } from '../../core/http1/field-section.ts'
import { INCOMPLETE } from '../../core/http1/field-section.ts'
import type { BodyKind } from '../../core/http1/framing.ts'
import { HeadBuffer } from '../../core/http1/head-buffer.ts'
import type { HttpLimits } from '../../core/http1/limits.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'

export const limits: HttpLimits = { maxHeadBytes: 64 * 1024, maxTargetBytes: 16 * 1024, maxFields: 256 }

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** The text in pieces that end at these offsets. */
export function piecesOf(text: string, ...cuts: readonly number[]): Buffer[] {
  const bounds = [0, ...cuts.toSorted((a, b) => a - b), text.length]
  return bounds.slice(1).map((end, index) => bytesOf(text.slice(bounds[index], end)))
}

export const byteByByte = (text: string): Buffer[] => Array.from(text, (character) => bytesOf(character))

export type Refusal = { readonly kind: 'refused'; readonly status: number; readonly message: string }
export type HeadReading<View> =
  { readonly kind: 'head'; readonly view: View; readonly rest: string } | { readonly kind: 'incomplete' } | Refusal

interface Head<View> {
  parse(bytes: Buffer, start: number, end: number, limits: HttpLimits): number
  view(): View
}

/** Reads one head from pieces: the first is parsed in place, a head in several is collected first. */
function readHead<View>(head: Head<View>, pieces: readonly Buffer[], within: HttpLimits, start = 0): HeadReading<View> {
  let collected: HeadBuffer | undefined
  for (const [index, piece] of pieces.entries()) {
    const from = index === 0 ? start : 0
    const bytes = collected === undefined ? piece : collected.push(piece, within.maxHeadBytes)
    if (bytes === undefined) continue
    const end = head.parse(bytes, from, bytes.length, within)
    if (end !== INCOMPLETE) {
      const rest = [textOf(bytes.subarray(end)), ...pieces.slice(index + 1).map(textOf)].join('')
      return { kind: 'head', view: head.view(), rest }
    }
    if (collected !== undefined) throw new Error('a head that was found whole is incomplete')
    collected = new HeadBuffer(piece, from)
  }
  return { kind: 'incomplete' }
}

/** What `read` gives, or how it was refused; any other error goes on. */
export function orRefusal<Result>(read: () => Result): Result | Refusal {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { kind: 'refused', status: error.status, message: error.message }
  }
}

export type Field = readonly [name: string, value: string]

export const fieldsOf = (section: FieldSection): Field[] =>
  Array.from({ length: section.count }, (_, index) => [
    section.bytes.toString('latin1', section.starts[index], section.colons[index]),
    section.value(index),
  ])

export interface RequestView {
  readonly method: string
  readonly target: string
  readonly minorVersion: number
  readonly fields: readonly Field[]
  readonly contentLength: number
  readonly isChunked: boolean
}

export interface ResponseView {
  readonly status: number
  readonly minorVersion: number
  readonly fields: readonly Field[]
  readonly contentLength: number
  readonly isChunked: boolean
}

export const viewRequest = (head: RequestHead): RequestView => ({
  method: head.method,
  target: head.bytes.toString('latin1', head.methodEnd + 1, head.targetEnd),
  minorVersion: head.minorVersion,
  fields: fieldsOf(head.fields),
  contentLength: head.fields.contentLength,
  isChunked: head.fields.isChunked,
})

export const viewResponse = (head: ResponseHead): ResponseView => ({
  status: head.status,
  minorVersion: head.minorVersion,
  fields: fieldsOf(head.fields),
  contentLength: head.fields.contentLength,
  isChunked: head.fields.isChunked,
})

export function readRequest(
  pieces: readonly Buffer[],
  within: HttpLimits = limits,
  start = 0,
): HeadReading<RequestView> {
  const head = new RequestHead(within.maxFields)
  const parse = head.parse.bind(head)
  return orRefusal(() => readHead({ parse, view: () => viewRequest(head) }, pieces, within, start))
}

export function readResponse(
  pieces: readonly Buffer[],
  within: HttpLimits = limits,
  start = 0,
): HeadReading<ResponseView> {
  const head = new ResponseHead(within.maxFields)
  const parse = head.parse.bind(head)
  return orRefusal(() => readHead({ parse, view: () => viewResponse(head) }, pieces, within, start))
}

/** A parsed request, for what the head itself tells; throws as `parse` does. */
export function parseRequest(text: string, within: HttpLimits = limits): RequestHead {
  const head = new RequestHead(within.maxFields)
  if (head.parse(bytesOf(text), 0, text.length, within) !== text.length) throw new Error('not one whole head')
  return head
}

/** A parsed response, for what the head itself tells; throws as `parse` does. */
export function parseResponse(text: string, within: HttpLimits = limits): ResponseHead {
  const head = new ResponseHead(within.maxFields)
  if (head.parse(bytesOf(text), 0, text.length, within) !== text.length) throw new Error('not one whole head')
  return head
}

export interface BodyReading {
  /** What the sink was given, refused or not. */
  readonly out: string
  readonly isDone: boolean
  /** Bytes behind the body. */
  readonly rest: string
  readonly trailers: readonly Field[]
  readonly refusal: Refusal | undefined
}

export interface BodyInput {
  readonly kind?: BodyKind
  readonly contentLength?: number
  readonly keepChunks?: boolean
  readonly within?: HttpLimits
}

/** Reads one body from pieces, up to its end or its refusal. */
export function readBody(pieces: readonly Buffer[], input: BodyInput = {}): BodyReading {
  const { kind = 'chunked', contentLength = 0, keepChunks = false, within = limits } = input
  const reader = createBodyReader(kind, contentLength, within, keepChunks)
  if (reader === undefined) throw new Error('no body')
  const out: string[] = []
  const rest: string[] = []
  const sink = {
    onBody: (bytes: Buffer, start: number, end: number) => void out.push(bytes.toString('latin1', start, end)),
  }
  const refusal = orRefusal(() => {
    for (const piece of pieces) {
      rest.push(textOf(piece.subarray(reader.read(piece, 0, piece.length, sink))))
    }
    return undefined
  })
  const trailers = reader.trailers === undefined ? [] : fieldsOf(reader.trailers)
  return { out: out.join(''), isDone: reader.isDone, rest: rest.join(''), trailers, refusal }
}
