/**
 * W3C Trace Context (level 1, and level 2 for the random flag), read in bytes and strictly: what a peer could read in two ways
 * is no trace. `tracestate` is passed on as it came, unless the trace that it belongs to is not.
 */
import type { FieldSection } from '../http1/field-section.ts'
import { HEX_VALUE } from '../http1/grammar.ts'
import { INVALID, isId, isLowerHex, Told, type Telling } from './told.ts'

const TRACEPARENT = Buffer.from('traceparent')
const HYPHEN = 0x2d
/** `00-` trace id `-` span id `-` flags: where each begins, and where version 00 ends. */
const [TRACE_AT, SPAN_AT, FLAGS_AT, LENGTH] = [3, 36, 53, 55]
const [SAMPLED, RANDOM] = [1, 2]
const NO_VERSION = 0xff

/** A traceparent that stands twice is invalid (W3C Trace Context 3.2.2.5): nobody knows which one others take. */
export function readTraceparent(fields: FieldSection): Telling {
  const line = fields.lineNamed(TRACEPARENT, 0)
  if (line < 0) return undefined
  if (fields.lineNamed(TRACEPARENT, line + 1) >= 0) return INVALID
  const { bytes } = fields
  const start = fields.valueStart(line)
  const flags = flagsOf(bytes, start, fields.valueEnd(line))
  if (flags < 0) return INVALID
  return new Told({
    bytes,
    traceAt: start + TRACE_AT,
    traceDigits: 32,
    spanAt: start + SPAN_AT,
    decision: (flags & SAMPLED) === 0 ? 'unsampled' : 'sampled',
    isRandom: (flags & RANDOM) !== 0,
  })
}

/**
 * Of bytes[start..end); -1: it is no traceparent. Of a version to come its beginning is read as version 00, behind which
 * nothing may follow but a hyphen and what that version has besides (3.2.4).
 */
export function flagsOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length < LENGTH) return -1
  const version = byteAt(bytes, start)
  if (version < 0 || version === NO_VERSION) return -1
  if (length > LENGTH && (version === 0 || bytes[start + LENGTH] !== HYPHEN)) return -1
  for (const at of [TRACE_AT, SPAN_AT, FLAGS_AT]) if (bytes[start + at - 1] !== HYPHEN) return -1
  if (!isId(bytes, start + TRACE_AT, 32) || !isId(bytes, start + SPAN_AT, 16)) return -1
  return byteAt(bytes, start + FLAGS_AT)
}

/** Two lower-case digits as a number; -1: they are none. */
function byteAt(bytes: Uint8Array, at: number): number {
  const [high, low] = [bytes[at] as number, bytes[at + 1] as number]
  if (!isLowerHex(high) || !isLowerHex(low)) return -1
  return ((HEX_VALUE[high] as number) << 4) | (HEX_VALUE[low] as number)
}

export interface Flags {
  readonly isSampled: boolean
  readonly isRandom: boolean
}

/** `01` for one that is recorded, with 2 for a random id. */
export const flagsText = ({ isSampled, isRandom }: Flags): string =>
  `0${(isSampled ? SAMPLED : 0) | (isRandom ? RANDOM : 0)}`

/** What of `tracestate` a span may say: list members of all its lines, 512 characters at most; undefined: there are none. */
export function traceStateOf(fields: FieldSection): string | undefined {
  const state = fields.valuesNamed('tracestate').join(',')
  return state !== '' && state.length <= 512 && isState(state) ? state : undefined
}

/** A list of `key=value` (3.3.1), empty members allowed, as somebody may leave by cutting. */
function isState(text: string): boolean {
  const members = text.split(',')
  return members.length <= MOST_MEMBERS && members.every((member) => MEMBER.test(member))
}

const MOST_MEMBERS = 32
/** One at a time: of a whole list, blanks between empty members could be matched in more ways than there is time to try. */
const MEMBER = /^[ \t]*(?:[a-z0-9][-_*/@a-z0-9]{0,255}=[ !-+\--<>-~]{0,255}[!-+\--<>-~][ \t]*)?$/
