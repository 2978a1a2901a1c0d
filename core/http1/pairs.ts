/**
 * `name=value` pairs of a Cookie field (RFC 6265 4.2.1) and of a query: those of one name, found in one pass over the bytes
 * that makes a text of nothing else and goes no further than it must.
 */
import type { FieldSection } from './field-section.ts'
import { isWhitespace, SEMICOLON } from './grammar.ts'
import type { RequestHead } from './request-head.ts'

const AMPERSAND = 0x26
const EQUALS = 0x3d
const COOKIE = Buffer.from('cookie')
/** Pairs of one name that are looked at: senders repeat a name for paths and domains that overlap, and have a few of these. */
const MAX_REPEATS = 8

/** Offsets: its name begins at `start`, its value without white space is [from, to), its separator or the end is at `end`. */
export interface Pair {
  readonly start: number
  readonly from: number
  readonly to: number
  readonly end: number
}

/** The first Cookie line at or behind `from`; -1 when there is none. HTTP/1 has one (RFC 6265 5.4), some proxies make several. */
export const cookieLine = (fields: FieldSection, from: number): number => fields.lineNamed(COOKIE, from)

/** One character a byte; the first pair of the name counts, also over several lines. undefined when absent or empty. */
export function cookieNamed(fields: FieldSection, name: string): string | undefined {
  const { bytes } = fields
  for (let line = cookieLine(fields, 0); line >= 0; line = cookieLine(fields, line + 1)) {
    const pair = pairNamed(bytes, fields.valueStart(line), fields.valueEnd(line), name)
    if (pair !== undefined) return pair.from === pair.to ? undefined : bytes.toString('latin1', pair.from, pair.to)
  }
  return undefined
}

/**
 * What `accept` makes of the value bytes[from..to) of a cookie of that name, of the first that it makes something of, among
 * the first eight: several of one name may come, and which of them is ours only `accept` knows (RFC 6265 5.4).
 */
export function findCookie<Found>(
  fields: FieldSection,
  name: string,
  accept: (bytes: Buffer, from: number, to: number) => Found | undefined,
): Found | undefined {
  const { bytes } = fields
  let left = MAX_REPEATS
  for (let line = cookieLine(fields, 0); line >= 0; line = cookieLine(fields, line + 1)) {
    const end = fields.valueEnd(line)
    let pair = pairNamed(bytes, fields.valueStart(line), end, name)
    for (; pair !== undefined && left > 0; pair = pairNamed(bytes, pair.end + 1, end, name), left -= 1) {
      const found = accept(bytes, pair.from, pair.to)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Undecoded, since only its identity counts; undefined when absent or empty. */
export function queryNamed(head: RequestHead, name: string): string | undefined {
  const { bytes } = head
  const pair = pairNamed(bytes, head.pathEnd + 1, head.targetEnd, name, AMPERSAND)
  return pair === undefined || pair.from === pair.to ? undefined : bytes.toString('latin1', pair.from, pair.to)
}

/** The first pair of that name in bytes[start..end), where one may begin at `start`; those of a Cookie field by default. */
// oxlint-disable-next-line max-params -- runs for every request, and an object would be made for each
export function pairNamed(
  bytes: Buffer,
  start: number,
  end: number,
  name: string,
  separator = SEMICOLON,
): Pair | undefined {
  let position = start
  while (position < end) {
    while (position < end && isWhitespace(bytes[position])) position += 1
    const equals = behindName(bytes, position, end, name)
    let stop = equals < 0 ? position : equals + 1
    while (stop < end && bytes[stop] !== separator) stop += 1
    if (equals >= 0) return pairAt(bytes, position, equals, stop)
    position = stop + 1
  }
  return undefined
}

function pairAt(bytes: Buffer, start: number, equals: number, end: number): Pair {
  let [from, to] = [equals + 1, end]
  while (from < to && isWhitespace(bytes[from])) from += 1
  while (to > from && isWhitespace(bytes[to - 1])) to -= 1
  return { start, from, to, end }
}

/** Offset of the `=` behind `name` at `start`, white space before it allowed; -1 when something else stands there. */
function behindName(bytes: Buffer, start: number, end: number, name: string): number {
  let position = start + name.length
  if (position >= end) return -1
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[start + index] !== name.charCodeAt(index)) return -1
  }
  while (position < end && isWhitespace(bytes[position])) position += 1
  return position < end && bytes[position] === EQUALS ? position : -1
}
