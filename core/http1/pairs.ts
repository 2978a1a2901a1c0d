/**
 * `name=value` pairs of a Cookie field (RFC 6265 4.2.1) and of a query: the value of the first pair of a name, found in
 * one pass over the bytes that makes a text of nothing else and goes no further than to it.
 */
import type { FieldSection } from './field-section.ts'
import { isWhitespace, SEMICOLON } from './grammar.ts'
import type { RequestHead } from './request-head.ts'

const AMPERSAND = 0x26
const EQUALS = 0x3d
const COOKIE = Buffer.from('cookie')

/** One character a byte; the first pair of the name counts, also over several lines. undefined when absent or empty. */
export function cookieNamed(fields: FieldSection, name: string): string | undefined {
  const { bytes } = fields
  for (let line = fields.lineNamed(COOKIE, 0); line >= 0; line = fields.lineNamed(COOKIE, line + 1)) {
    const value = valueIn(bytes, fields.valueStart(line), fields.valueEnd(line), SEMICOLON, name)
    if (value !== undefined) return value === '' ? undefined : value
  }
  return undefined
}

/** Undecoded, since only its identity counts; undefined when absent or empty. */
export function queryNamed(head: RequestHead, name: string): string | undefined {
  const value = valueIn(head.bytes, head.pathEnd + 1, head.targetEnd, AMPERSAND, name)
  return value === '' ? undefined : value
}

/** Value of the first pair of that name in bytes[start..end), without the white space around it; '' when it is empty. */
// oxlint-disable-next-line max-params -- runs for every request, and an object would be made for each
function valueIn(bytes: Buffer, start: number, end: number, separator: number, name: string): string | undefined {
  let position = start
  while (position < end) {
    while (position < end && isWhitespace(bytes[position])) position += 1
    const equals = behindName(bytes, position, end, name)
    let stop = equals < 0 ? position : equals + 1
    while (stop < end && bytes[stop] !== separator) stop += 1
    if (equals >= 0) return trimmed(bytes, equals + 1, stop)
    position = stop + 1
  }
  return undefined
}

function trimmed(bytes: Buffer, start: number, end: number): string {
  let [from, to] = [start, end]
  while (from < to && isWhitespace(bytes[from])) from += 1
  while (to > from && isWhitespace(bytes[to - 1])) to -= 1
  return bytes.toString('latin1', from, to)
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
