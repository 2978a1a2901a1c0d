/** Feeds heads to the codec the way a connection does, in any pieces. */
import { INCOMPLETE } from '../../core/http1/field-section.ts'
import { HeadBuffer } from '../../core/http1/head-buffer.ts'
import type { HttpLimits } from '../../core/http1/limits.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { bytesOf, limits, textOf } from './http1-bytes.ts'
import type { Refusal } from './http1-refusals.ts'
import { orRefusal } from './http1-refusals.ts'
import type { RequestView, ResponseView } from './http1.ts'
import { viewRequest, viewResponse } from './http1.ts'

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
