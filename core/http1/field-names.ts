/**
 * The field names that a proxy itself must understand, each with a small number. Everything else is `OTHER` and only
 * passes through. Looking a name up costs a switch on its length and, on a hit, one comparison.
 */
import { equalsIgnoringCase } from './grammar.ts'

export const OTHER = 0
export const HOST = 1
export const CONNECTION = 2
export const CONTENT_LENGTH = 3
export const TRANSFER_ENCODING = 4
export const KEEP_ALIVE = 5
export const PROXY_CONNECTION = 6
export const TE = 7
export const UPGRADE = 8
export const EXPECT = 9
export const FORWARDED_FOR = 10
export const FORWARDED_PROTO = 11
export const FORWARDED_HOST = 12
export const REQUEST_ID = 13
export const VIA = 14
/**
 * A name that becomes one of framing's or of ours where `_` and `-` are the same, as in CGI and WSGI variables:
 * `X_Forwarded_For`. Such a field says nothing here, and must not be believed behind us.
 */
export const DISGUISED = 15
export const KIND_COUNT = 16

/** What a backend believes because a proxy says it, or cuts messages by. */
const BELIEVED = new Set([CONTENT_LENGTH, TRANSFER_ENCODING, FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST])

const NAMES: readonly (readonly [kind: number, name: string])[] = [
  [HOST, 'host'],
  [CONNECTION, 'connection'],
  [CONTENT_LENGTH, 'content-length'],
  [TRANSFER_ENCODING, 'transfer-encoding'],
  [KEEP_ALIVE, 'keep-alive'],
  [PROXY_CONNECTION, 'proxy-connection'],
  [TE, 'te'],
  [UPGRADE, 'upgrade'],
  [EXPECT, 'expect'],
  [FORWARDED_FOR, 'x-forwarded-for'],
  [FORWARDED_PROTO, 'x-forwarded-proto'],
  [FORWARDED_HOST, 'x-forwarded-host'],
  [REQUEST_ID, 'x-request-id'],
  [VIA, 'via'],
]

const HYPHEN = 0x2d
const UNDERSCORE = 0x5f

interface NameEntry {
  readonly kind: number
  readonly lower: Uint8Array
}

const LONGEST = Math.max(...NAMES.map(([, name]) => name.length))

/** Entries by length of name: at most two share a length, so the look-up is a few comparisons of a first byte. */
const BY_LENGTH: readonly (readonly NameEntry[])[] = Array.from({ length: LONGEST + 1 }, (_, length) =>
  NAMES.filter(([, name]) => name.length === length).map(([kind, name]) => ({ kind, lower: Buffer.from(name) })),
)

/** The kind of the field name in bytes[start..end). */
export function fieldKind(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length > LONGEST) return OTHER
  const entries = BY_LENGTH[length] as readonly NameEntry[]
  const first = (bytes[start] as number) | 0x20
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index] as NameEntry
    if (entry.lower[0] !== first) continue
    if (equalsIgnoringCase(bytes, start, end, entry.lower)) return entry.kind
    if (BELIEVED.has(entry.kind) && isDisguised(bytes, start, entry.lower)) return DISGUISED
  }
  return OTHER
}

/** Whether the name at `start`, as long as `lower`, is `lower` but for its case and underscores where hyphens belong. */
function isDisguised(bytes: Uint8Array, start: number, lower: Uint8Array): boolean {
  for (let index = 0; index < lower.length; index += 1) {
    const byte = bytes[start + index] as number
    const folded = byte === UNDERSCORE ? HYPHEN : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (folded !== lower[index]) return false
  }
  return true
}
