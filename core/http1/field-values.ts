/** Reads the values that decide framing and persistence; each function is the one home of its rule. */
import { ProtocolError } from '../errors.ts'
import { COMMA, equalsIgnoringCase, isWhitespace, TOKEN } from './grammar.ts'

/** Bits of what Connection lists (RFC 9110 7.6.1). */
export const CLOSE = 1
export const KEEP_ALIVE_OPTION = 2
export const UPGRADE_OPTION = 4
/** Names some further field, which is then not forwarded. */
export const NAMES_FIELDS = 8

const CLOSE_WORD = Buffer.from('close')
const KEEP_ALIVE_WORD = Buffer.from('keep-alive')
const UPGRADE_WORD = Buffer.from('upgrade')
const CHUNKED_WORD = Buffer.from('chunked')

/**
 * 1*DIGIT, at most 2^53 - 1 (RFC 9110 8.6). A sign, a list (even of equal values), hexadecimal or an overflow is refused:
 * RFC 9110 would let us mend a list of equal values, but a sender of one is broken or probing.
 */
export function readContentLength(bytes: Buffer, start: number, end: number): number {
  let length = 0
  for (let position = start; position < end; position += 1) {
    const digit = (bytes[position] as number) - 0x30
    if (digit < 0 || digit > 9) throw new ProtocolError('Content-Length must be decimal digits only')
    length = length * 10 + digit
    if (length > Number.MAX_SAFE_INTEGER) throw new ProtocolError('Content-Length must be at most 9007199254740991')
  }
  if (start >= end) throw new ProtocolError('Content-Length must be decimal digits only, got nothing')
  return length
}

/** Transfer-Encoding must be exactly one `chunked` (RFC 9112 6.1 allows more; nobody sends it but attackers). */
export function requireChunked(bytes: Buffer, start: number, end: number): void {
  if (!equalsIgnoringCase(bytes, start, end, CHUNKED_WORD)) {
    throw new ProtocolError('Transfer-Encoding must be exactly "chunked"')
  }
}

/** The bit of one member of Connection; 0 when it is no token, and so names nothing that could be there. */
export function connectionOption(bytes: Buffer, start: number, end: number): number {
  if (equalsIgnoringCase(bytes, start, end, CLOSE_WORD)) return CLOSE
  if (equalsIgnoringCase(bytes, start, end, KEEP_ALIVE_WORD)) return KEEP_ALIVE_OPTION
  if (equalsIgnoringCase(bytes, start, end, UPGRADE_WORD)) return UPGRADE_OPTION
  return isToken(bytes, start, end) ? NAMES_FIELDS : 0
}

function isToken(bytes: Buffer, start: number, end: number): boolean {
  let position = start
  while (position < end && TOKEN[bytes[position] as number] === 1) position += 1
  return position === end
}

/** Calls `visit` with the bounds of every non-empty member of a comma-separated list (RFC 9110 5.6.1). */
export function forEachMember(
  bytes: Buffer,
  start: number,
  end: number,
  visit: (from: number, to: number) => void,
): void {
  let position = start
  while (position < end) {
    let from = position
    while (position < end && bytes[position] !== COMMA) position += 1
    let to = position
    while (from < to && isWhitespace(bytes[from])) from += 1
    while (to > from && isWhitespace(bytes[to - 1])) to -= 1
    if (to > from) visit(from, to)
    position += 1
  }
}
