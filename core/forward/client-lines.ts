/**
 * The lines that tell a backend who its client is: X-Forwarded-For, -Proto and -Host. Of a peer that nobody trusts they say
 * what we see; those of a trusted proxy are passed on and extended.
 */
import * as kind from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { endLine } from './line-end.ts'

/** Who sent the request, as far as the forwarded head tells. */
export interface ForwardedClient {
  /** The peer's address as text. */
  readonly address: string
  /** What it tells of the client is believed, passed on and extended, not replaced or dropped. */
  readonly isTrusted: boolean
  /** What the client speaks to us over. */
  readonly scheme: 'http' | 'https'
  /** `forwardedForLines(address, scheme)`, made once an address. */
  readonly forwardedFields: Buffer
}

const FORWARDED_FOR_NAME = Buffer.from('X-Forwarded-For: ')
const FORWARDED_HOST_NAME = Buffer.from('X-Forwarded-Host: ')
const FORWARDED_PROTO_LINES = {
  http: Buffer.from('X-Forwarded-Proto: http\r\n'),
  https: Buffer.from('X-Forwarded-Proto: https\r\n'),
}
const SEPARATOR = Buffer.from(', ')

/** The lines that say who an untrusted client is; they are the same for every request of its connection. */
export const forwardedForLines = (address: string, scheme: 'http' | 'https' = 'http'): Buffer =>
  Buffer.from(`X-Forwarded-For: ${address === '' ? 'unknown' : address}\r\nX-Forwarded-Proto: ${scheme}\r\n`, 'latin1')

/** Writes them at `at`; returns the offset behind. At most `forwardedFields`, what the head itself says, and an authority. */
export function writeClientLines(out: Buffer, at: number, head: RequestHead, client: ForwardedClient): number {
  if (client.isTrusted) return writeTrusted(out, at, head, client)
  return writeForwardedHost(out, at + client.forwardedFields.copy(out, at), head)
}

/** The trusted proxy's list grows by the proxy itself; what it says of scheme and host stands. */
function writeTrusted(out: Buffer, at: number, head: RequestHead, client: ForwardedClient): number {
  const { fields } = head
  const start = at + FORWARDED_FOR_NAME.copy(out, at)
  let end = copyForwardedFor(out, start, fields)
  // A peer on a Unix socket has no address to add; "unknown" behind a list would hide the client from its readers.
  if (client.address !== '') {
    if (end > start) end += SEPARATOR.copy(out, end)
    end += out.write(client.address, end, 'latin1')
  } else if (end === start) {
    end += out.write('unknown', end, 'latin1')
  }
  end = endLine(out, end)
  if (!fields.has(kind.FORWARDED_PROTO)) end += FORWARDED_PROTO_LINES[client.scheme].copy(out, end)
  return fields.has(kind.FORWARDED_HOST) ? end : writeForwardedHost(out, end, head)
}

/** All lists of the head as one. */
function copyForwardedFor(out: Buffer, at: number, fields: FieldSection): number {
  let end = at
  for (let index = 0; index < fields.count; index += 1) {
    if (fields.kinds[index] !== kind.FORWARDED_FOR) continue
    const start = fields.valueStart(index)
    const length = Math.max(0, fields.valueEnd(index) - start)
    if (length === 0) continue
    if (end > at) end += SEPARATOR.copy(out, end)
    end += fields.bytes.copy(out, end, start, start + length)
  }
  return end
}

function writeForwardedHost(out: Buffer, at: number, head: RequestHead): number {
  const { fields } = head
  const line = fields.first[kind.HOST] as number
  const isAbsolute = head.authorityStart >= 0
  if (!isAbsolute && line < 0) return at
  const start = isAbsolute ? head.authorityStart : fields.valueStart(line)
  const stop = isAbsolute ? head.authorityEnd : fields.valueEnd(line)
  if (stop <= start) return at
  let end = at + FORWARDED_HOST_NAME.copy(out, at)
  end += head.bytes.copy(out, end, start, stop)
  return endLine(out, end)
}
