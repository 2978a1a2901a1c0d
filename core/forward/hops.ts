/**
 * How far a request may still travel (RFC 9110 7.6.2, 7.6.3): not to us again and again, which Via tells, and for TRACE and
 * OPTIONS not beyond what Max-Forwards allows.
 */
import * as kind from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { forEachMember } from '../http1/field-values.ts'
import { equalsIgnoringCase, isWhitespace } from '../http1/grammar.ts'
import type { RequestHead } from '../http1/request-head.ts'

/** What Via calls us. */
export const PSEUDONYM = 'smartedge'
const PSEUDONYM_BYTES = Buffer.from(PSEUDONYM)

/** One SmartEdge behind another is usual. A request that has passed two is taken to go in circles. */
const MAX_VISITS = 2
/** The largest Max-Forwards that we send; RFC 9110 7.6.2 lets us choose. */
const MAX_FORWARDS = 255

/** What a TRACE is answered with: what it is made for, and nothing that could be secret (RFC 9110 9.3.8). */
const TRACED = new Set(['host', 'via', 'max-forwards'])

/** Why a request goes no further. 'trace': it is answered with `message`, the request as it came (`message/http`). */
export type Stop =
  { readonly kind: 'loop' } | { readonly kind: 'options' } | { readonly kind: 'trace'; readonly message: string }

const LOOP: Stop = { kind: 'loop' }
const OPTIONS: Stop = { kind: 'options' }

/** undefined: it may go on. */
export function stopOf(head: RequestHead): Stop | undefined {
  const { fields } = head
  if (fields.has(kind.VIA) && countVisits(fields) >= MAX_VISITS) return LOOP
  if (!fields.has(kind.MAX_FORWARDS) || forwardsLeft(head) !== 0) return undefined
  return head.method === 'OPTIONS' ? OPTIONS : { kind: 'trace', message: messageOf(head) }
}

/** How often it may be forwarded, us included: 0..256; undefined: nothing bounds it. An invalid value does not. */
export function forwardsLeft(head: RequestHead): number | undefined {
  const value = head.fields.valueOf(kind.MAX_FORWARDS)
  if (value === undefined || !/^\d+$/.test(value)) return undefined
  const { method } = head
  return method === 'OPTIONS' || method === 'TRACE' ? Math.min(Number(value), MAX_FORWARDS + 1) : undefined
}

/** How many members of Via name us: `[protocol-name "/"] version RWS received-by [RWS comment]`. */
function countVisits(fields: FieldSection): number {
  const { bytes } = fields
  let visits = 0
  for (let index = fields.first[kind.VIA] as number; index < fields.count; index += 1) {
    if (fields.kinds[index] !== kind.VIA) continue
    forEachMember(bytes, fields.valueStart(index), fields.valueEnd(index), (from, to) => {
      let start = from
      while (start < to && !isWhitespace(bytes[start])) start += 1
      while (start < to && isWhitespace(bytes[start])) start += 1
      let end = start
      while (end < to && !isWhitespace(bytes[end])) end += 1
      if (equalsIgnoringCase(bytes, start, end, PSEUDONYM_BYTES)) visits += 1
    })
  }
  return visits
}

function messageOf({ bytes, start, lineEnd, fields }: RequestHead): string {
  let message = bytes.toString('latin1', start, lineEnd)
  for (let index = 0; index < fields.count; index += 1) {
    const from = fields.starts[index] as number
    const name = bytes.toString('latin1', from, fields.colons[index]).toLowerCase()
    if (TRACED.has(name)) message += `${bytes.toString('latin1', from, fields.ends[index])}\r\n`
  }
  return `${message}\r\n`
}
