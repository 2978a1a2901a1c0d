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
export const KIND_COUNT = 15

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
    if (entry.lower[0] === first && equalsIgnoringCase(bytes, start, end, entry.lower)) return entry.kind
  }
  return OTHER
}
