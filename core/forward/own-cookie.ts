/** Takes a cookie of ours out of what a backend gets: it is a matter between the client and us. */
import type { FieldSection } from '../http1/field-section.ts'
import { isWhitespace, SEMICOLON } from '../http1/grammar.ts'
import { cookieLine, type Pair, pairNamed } from '../http1/pairs.ts'
import { isMarked, markLine } from './forwarded-fields.ts'

/**
 * Leaves out the Cookie lines that hold a cookie of that name; returns those to be written instead, one character a byte
 * and never longer than what was left out: the same without it, and none that would be empty.
 */
export function takeCookie(fields: FieldSection, name: string): string {
  let lines = ''
  for (let line = cookieLine(fields, 0); line >= 0; line = cookieLine(fields, line + 1)) {
    const pair = pairNamed(fields.bytes, fields.valueStart(line), fields.valueEnd(line), name)
    // One that Connection names is left out already.
    if (pair === undefined || isMarked(fields, line)) continue
    markLine(fields, line)
    const rest = restOf(fields, line, pair, name)
    if (rest !== '')
      lines += `${fields.bytes.toString('latin1', fields.starts[line], fields.valueStart(line))}${rest}\r\n`
  }
  return lines
}

/** The value of that line without the pairs of that name, of which `first` is the first. */
function restOf(fields: FieldSection, line: number, first: Pair, name: string): string {
  const { bytes } = fields
  const end = fields.valueEnd(line)
  let rest = ''
  let from = fields.valueStart(line)
  for (let pair: Pair | undefined = first; pair !== undefined; pair = pairNamed(bytes, from, end, name)) {
    rest += bytes.toString('latin1', from, pair.start)
    from = Math.min(end, pair.end + 1)
    while (from < end && isWhitespace(bytes[from])) from += 1
  }
  return withoutSeparators(rest + bytes.toString('latin1', from, end))
}

/** Without what stood before a last pair that is gone. */
function withoutSeparators(text: string): string {
  let end = text.length
  while (end > 0 && isBetweenPairs(text.charCodeAt(end - 1))) end -= 1
  return text.slice(0, end)
}

const isBetweenPairs = (code: number): boolean => code === SEMICOLON || isWhitespace(code)
