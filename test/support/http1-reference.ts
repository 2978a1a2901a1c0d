/**
 * A second reading of RFC 9112, written from its grammar with regular expressions and no thought of speed, to judge the
 * codec by. It takes whole messages as text, one character a byte, and keeps to the same side wherever the codec is
 * stricter than the grammar; each such rule says so.
 */
import type { Field } from './http1.ts'

interface ReferenceRequest {
  readonly method: string
  readonly target: string
  readonly minorVersion: number
  readonly fields: readonly Field[]
  readonly contentLength: number
  readonly isChunked: boolean
  /** Where the head ends. */
  readonly end: number
}

interface ReferenceResponse {
  readonly status: number
  readonly minorVersion: number
  readonly fields: readonly Field[]
  readonly contentLength: number
  readonly isChunked: boolean
  readonly end: number
}

const TOKEN = "[-!#$%&'*+.^_`|~0-9A-Za-z]+"
// Stricter than RFC 9110: no comma in a host, no literal of a future kind, five digits of a port.
const AUTHORITY = String.raw`(?:\[[0-9A-Fa-f:.]+\]|(?:[-._~0-9A-Za-z!$&'()*+;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]{0,5})?`
// More lenient than RFC 3986: whatever is visible, and bytes >= 0x80.
// Stricter than RFC 9112 3: 64 bytes of a method.
const REQUEST_LINE = new RegExp(String.raw`^(?=[^ ]{1,64} )(${TOKEN}) ([\x21\x22\x24-\x7e\x80-\xff]+) HTTP/1\.([0-9])$`)
const TARGET = new RegExp(String.raw`^(?:/|https?://(${AUTHORITY})(?:[/?]|$))`, 'i')
const HOST = new RegExp(`^(?:${AUTHORITY})?$`)
// More lenient than RFC 9112 4: the space before a reason that is missing may be missing too.
const STATUS_LINE = /^HTTP\/1\.([0-9]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/
const FIELD_LINE = new RegExp(String.raw`^(${TOKEN}):[ \t]*((?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?)[ \t]*$`)

/** Stricter than RFC 3986: 261 bytes, and no port that nobody can listen on. */
const isAuthority = (text: string): boolean => text.length <= 261 && Number(/:([0-9]+)$/.exec(text)?.[1] ?? 0) <= 65_535

interface Framing {
  readonly fields: readonly Field[]
  readonly contentLength: number
  readonly isChunked: boolean
}

const valuesOf = (fields: readonly Field[], lower: string): string[] =>
  fields.flatMap(([name, value]) => (name.toLowerCase() === lower ? [value] : []))

function readFields(lines: readonly string[]): Field[] | undefined {
  const fields: Field[] = []
  for (const line of lines) {
    const match = FIELD_LINE.exec(line)
    if (match === null) return undefined
    fields.push([match[1]!, match[2]!])
  }
  return fields
}

/** Checks each field by itself; undefined: refused. */
function readSection(lines: readonly string[]): Framing | undefined {
  const fields = readFields(lines)
  if (fields === undefined) return undefined
  // Stricter than RFC 9110 7.6.1: 64 options.
  const options = valuesOf(fields, 'connection').flatMap((value) =>
    value.split(',').filter((one) => /[^ \t]/.test(one)),
  )
  if (options.length > 64) return undefined
  const lengths = valuesOf(fields, 'content-length')
  if (!lengths.every((value) => /^[0-9]+$/.test(value) && BigInt(value) <= 0x1fffffffffffffn)) return undefined
  if (new Set(lengths.map(BigInt)).size > 1) return undefined
  const codings = valuesOf(fields, 'transfer-encoding')
  // Stricter than RFC 9112 6.1: no coding but one chunked.
  if (codings.length > 1 || !codings.every((value) => value.toLowerCase() === 'chunked')) return undefined
  return { fields, contentLength: lengths[0] === undefined ? -1 : Number(lengths[0]), isChunked: codings.length === 1 }
}

/** Checks the fields of a head together as well. */
function readFraming(lines: readonly string[], minorVersion: number): Framing | undefined {
  const framing = readSection(lines)
  const isAmbiguous = framing?.isChunked && (minorVersion === 0 || framing.contentLength !== -1)
  return isAmbiguous ? undefined : framing
}

/** Lines of a head at the start of the text, and where it ends; undefined when it does not end. */
function linesOf(text: string): { readonly lines: string[]; readonly end: number } | undefined {
  const end = text.indexOf('\r\n\r\n')
  return end < 0 ? undefined : { lines: text.slice(0, end).split('\r\n'), end: end + 4 }
}

/** undefined: refused or incomplete. */
export function referenceRequest(text: string): ReferenceRequest | undefined {
  const skipped = text.startsWith('\r\n') ? 2 : 0
  const head = linesOf(text.slice(skipped))
  const line = REQUEST_LINE.exec(head?.lines[0] ?? '')
  if (head === undefined || line === null) return undefined
  const [method = '', target = '', minor] = line.slice(1)
  const minorVersion = minor === '0' ? 0 : 1
  const isAsterisk = target === '*' && method === 'OPTIONS'
  const form = TARGET.exec(target)
  if (method === 'CONNECT' || (!isAsterisk && (form === null || !isAuthority(form[1] ?? '')))) return undefined
  const framing = readFraming(head.lines.slice(1), minorVersion)
  if (framing === undefined) return undefined
  const hosts = valuesOf(framing.fields, 'host')
  const [host = ''] = hosts
  if (hosts.length > 1 || hosts.length < minorVersion || !HOST.test(host) || !isAuthority(host)) return undefined
  return { method, target, minorVersion, ...framing, end: skipped + head.end }
}

/** undefined: refused or incomplete. */
export function referenceResponse(text: string): ReferenceResponse | undefined {
  const head = linesOf(text)
  const line = STATUS_LINE.exec(head?.lines[0] ?? '')
  if (head === undefined || line === null) return undefined
  const minorVersion = line[1] === '0' ? 0 : 1
  const framing = readFraming(head.lines.slice(1), minorVersion)
  if (framing === undefined) return undefined
  return { status: Number(line[2]), minorVersion, ...framing, end: head.end }
}

interface ReferenceBody {
  readonly data: string
  readonly trailers: readonly Field[]
  /** Where the body ends. */
  readonly end: number
}

// Stricter than RFC 9112 7.1: 13 digits. More lenient: what stands behind the semicolon is checked for controls only.
const SIZE_LINE = /([0-9A-Fa-f]{1,13})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n/y

/** Decodes a chunked body at the start of the text; undefined: refused or incomplete. */
export function referenceChunked(text: string): ReferenceBody | undefined {
  const data: string[] = []
  let position = 0
  for (;;) {
    SIZE_LINE.lastIndex = position
    const match = SIZE_LINE.exec(text)
    if (match === null) return undefined
    position += match[0].length
    const size = Number.parseInt(match[1]!, 16)
    if (size === 0) return readTrailers(text, position, data.join(''))
    if (text.slice(position + size, position + size + 2) !== '\r\n') return undefined
    data.push(text.slice(position, position + size))
    position += size + 2
  }
}

function readTrailers(text: string, start: number, data: string): ReferenceBody | undefined {
  if (text.startsWith('\r\n', start)) return { data, trailers: [], end: start + 2 }
  const section = linesOf(text.slice(start))
  const trailers = section === undefined ? undefined : readSection(section.lines)
  if (section === undefined || trailers === undefined) return undefined
  return { data, trailers: trailers.fields, end: start + section.end }
}

/**
 * The data in what a reader forwarded of a chunked body, to its end or to where it was refused. Throws for anything but
 * bare size lines and data: an extension, a size line cut short, a last chunk.
 */
export function dataOfForwarded(forwarded: string): string {
  const data: string[] = []
  let position = 0
  while (position < forwarded.length) {
    const line = /^([0-9A-Fa-f]{1,13})\r\n/.exec(forwarded.slice(position, position + 20))
    const size = Number.parseInt(line?.[1] ?? '0', 16)
    if (line === null || size === 0) throw new Error(`forwarded at ${position}: ${JSON.stringify(forwarded)}`)
    position += line[0].length
    data.push(forwarded.slice(position, position + size))
    position += size
    if (!'\r\n'.startsWith(forwarded.slice(position, position + 2))) throw new Error(`no CRLF at ${position}`)
    position += 2
  }
  return data.join('')
}
