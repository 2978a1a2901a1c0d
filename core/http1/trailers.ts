/** Writes what a chunked body has beside its content: where chunks begin and end, the last one, and those trailer fields that may be forwarded. */
import { OTHER } from './field-names.ts'
import type { FieldSection } from './field-section.ts'

/**
 * Fields that a trailer must not carry, beside those of a known kind (RFC 9110 6.5.1: authentication, request modifiers,
 * content format). A recipient that merges trailers into its head would be deceived by them.
 */
const FORBIDDEN = new Set(
  (
    'trailer authorization proxy-authorization proxy-authenticate www-authenticate cookie set-cookie ' +
    'cache-control pragma age expires vary location retry-after range if-match if-none-match if-modified-since ' +
    'if-unmodified-since if-range content-encoding content-type content-range'
  ).split(' '),
)

/** Before so many bytes of content, more than none. */
export const chunkStart = (length: number): Buffer => Buffer.from(`${length.toString(16)}\r\n`, 'latin1')

/** Behind them. */
export const CHUNK_END = Buffer.from('\r\n')

const LAST_CHUNK = Buffer.from('0\r\n\r\n')

/** The bytes that end a chunked body; `trailers`: what may be forwarded of them, and is not marked, goes along in order and as it came. */
export function lastChunk(trailers: FieldSection | undefined): Buffer {
  if (trailers === undefined) return LAST_CHUNK
  const lines: Buffer[] = [LAST_CHUNK.subarray(0, 3)]
  for (let index = 0; index < trailers.count; index += 1) {
    if (!isTrailing(trailers, index)) continue
    lines.push(trailers.bytes.subarray(trailers.starts[index], (trailers.ends[index] as number) + 2))
  }
  lines.push(LAST_CHUNK.subarray(3))
  return Buffer.concat(lines)
}

/** Whether line `index` may be forwarded, and is not marked. */
export function isTrailing({ kinds, bytes, starts, colons }: FieldSection, index: number): boolean {
  if (kinds[index] !== OTHER) return false
  return !FORBIDDEN.has(bytes.toString('latin1', starts[index], colons[index]).toLowerCase())
}
