/**
 * A field as HPACK's tables keep it: ready to be copied into a head, and judged once, however often it is referred to. What
 * may not stand in a name or a value is found by the tables that HTTP/1 heads are checked by, so that one rule holds for both.
 */
import * as names from '../http1/field-names.ts'
import { equalsIgnoringCase, FIELD_VALUE, isWhitespace, TOKEN } from '../http1/grammar.ts'

export interface Field {
  /** `name: value` with CRLF. */
  readonly line: Buffer
  readonly nameLength: number
  readonly kind: FieldKind
  /** As heads of HTTP/1 tell names apart: see `field-names.ts`. */
  readonly headKind: number
}

/** What becomes of a field in a head. */
export type FieldKind =
  | 'regular'
  /** Sent in crumbs, and joined (RFC 9113 8.2.3). */
  | 'cookie'
  | 'host'
  | 'length'
  /** `te: trailers`, which is all that it may say (RFC 9113 8.2.2). */
  | 'te'
  | 'method'
  | 'scheme'
  | 'authority'
  | 'path'
  | 'protocol'
  | 'status'
  /** Of HTTP/1's connections: `connection`, `transfer-encoding` and their like (RFC 9113 8.2.2). */
  | 'connection'
  /** Not lower case, no token, a pseudo-field that nobody knows, or a value with what no value may hold. */
  | 'invalid'

const COLON = 0x3a
const KINDS: ReadonlyMap<string, FieldKind> = new Map([
  ['cookie', 'cookie'],
  ['host', 'host'],
  ['content-length', 'length'],
  ['te', 'te'],
  [':method', 'method'],
  [':scheme', 'scheme'],
  [':authority', 'authority'],
  [':path', 'path'],
  [':protocol', 'protocol'],
  [':status', 'status'],
  ['connection', 'connection'],
  ['proxy-connection', 'connection'],
  ['keep-alive', 'connection'],
  ['transfer-encoding', 'connection'],
  ['upgrade', 'connection'],
])
/** Lengths and first letters of their names: most others are told apart by these, without a text of them. */
const slotOf = (length: number, first: number): number => ((length & 31) << 5) | (first & 31)
const MAY_BE_KNOWN = new Uint8Array(1024)
for (const name of KINDS.keys()) MAY_BE_KNOWN[slotOf(name.length, name.charCodeAt(0))] = 1
const TRAILERS = Buffer.from('trailers')

/** Where the value of `field` begins; it ends before the CRLF. */
export const valueStart = ({ nameLength }: Field): number => nameLength + 2
export const valueEnd = ({ line }: Field): number => line.length - 2

/** One character a byte. */
export const nameOf = ({ line, nameLength }: Field): string => line.toString('latin1', 0, nameLength)
export const valueOf = (field: Field): string => field.line.toString('latin1', valueStart(field), valueEnd(field))

/** Room for a line of a name and a value of these lengths, with all but the two in place. */
export function emptyLine(nameLength: number, valueLength: number, isKept: boolean): Buffer {
  const size = nameLength + valueLength + 4
  // What a table keeps must not keep a pool's memory, which is many times as large.
  const line = isKept ? Buffer.allocUnsafeSlow(size) : Buffer.allocUnsafe(size)
  line[nameLength] = COLON
  line[nameLength + 1] = 0x20
  line[size - 2] = 0x0d
  line[size - 1] = 0x0a
  return line
}

/** The field of a line that is complete. */
export const fieldOf = (line: Buffer, nameLength: number): Field => ({
  line,
  nameLength,
  kind: kindOf(line, nameLength),
  headKind: names.fieldKind(line, 0, nameLength),
})

/** The same, where the name is that of `named`: what that has been found to be need not be found again. */
export function fieldNamedAs(named: Field, line: Buffer): Field {
  const { nameLength, kind, headKind } = named
  // Of these the value has a say.
  if (kind === 'invalid' || kind === 'connection' || kind === 'te' || kind === 'scheme')
    return fieldOf(line, nameLength)
  return { line, nameLength, kind: isValidValue(line, nameLength + 2) ? kind : 'invalid', headKind }
}

/** For a table's own. */
export function makeField(name: string, value: string): Field {
  const line = emptyLine(name.length, value.length, true)
  line.write(name, 0, 'latin1')
  line.write(value, name.length + 2, 'latin1')
  return fieldOf(line, name.length)
}

function kindOf(line: Buffer, nameLength: number): FieldKind {
  if (!isValidValue(line, nameLength + 2)) return 'invalid'
  const isPseudo = line[0] === COLON
  if (!isLowerToken(line, isPseudo ? 1 : 0, nameLength)) return 'invalid'
  const mayBeKnown = MAY_BE_KNOWN[slotOf(nameLength, line[0] as number)] === 1
  const known = mayBeKnown ? KINDS.get(line.toString('latin1', 0, nameLength)) : undefined
  if (known === undefined) return isPseudo ? 'invalid' : 'regular'
  if (known === 'scheme' && !isScheme(line, nameLength + 2)) return 'invalid'
  if (known === 'te' && !equalsIgnoringCase(line, nameLength + 2, line.length - 2, TRAILERS)) return 'connection'
  return known
}

/** RFC 3986 3.1. */
const isScheme = (line: Buffer, start: number): boolean =>
  /^[A-Za-z][A-Za-z\d+.-]*$/.test(line.toString('latin1', start, line.length - 2))

/** What is wrong with one of kind `invalid`, in words, which show of its value nothing. */
export function invalidWords(field: Field): string {
  const name = JSON.stringify(nameOf(field).slice(0, 40))
  if (isValidValue(field.line, field.nameLength + 2)) return `the field ${name} is not valid`
  return `the value of the field ${name} may have no control characters, and no white space around it`
}

/** RFC 9113 8.2.1: no upper case. */
function isLowerToken(line: Buffer, start: number, end: number): boolean {
  for (let position = start; position < end; position += 1) {
    const byte = line[position] as number
    if (TOKEN[byte] === 0 || (byte >= 0x41 && byte <= 0x5a)) return false
  }
  return end > start
}

/** RFC 9113 8.2.1: no control characters, and no white space around it. */
function isValidValue(line: Buffer, start: number): boolean {
  const end = line.length - 2
  if (start === end) return true
  if (isWhitespace(line[start]) || isWhitespace(line[end - 1])) return false
  for (let position = start; position < end; position += 1)
    if (FIELD_VALUE[line[position] as number] === 0) return false
  return true
}
