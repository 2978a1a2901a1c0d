/** The authority of a request, in Host or in an absolute-form target: `uri-host [ ":" port ]` (RFC 9110 7.2). */
import { ProtocolError } from '../errors.ts'
import { AUTHORITY, COLON, PLAIN_HOST } from './grammar.ts'

/** A name of DNS has at most 255 octets (RFC 1035 2.3.4), a port a colon and five digits. What is added to a head relies on it. */
export const MAX_AUTHORITY_BYTES = 261
const MAX_PORT = 65_535

/**
 * Throws for anything but a host with an optional port, or nothing: no user info, no path, nothing a virtual-host look-up
 * could trip over. Names and IPv4 addresses, with or without a port, cost one look at each byte.
 */
export function checkAuthority(bytes: Buffer, start: number, end: number, what: string): void {
  if (end - start > MAX_AUTHORITY_BYTES) {
    throw new ProtocolError(`${what} may have at most ${MAX_AUTHORITY_BYTES} bytes`)
  }
  let position = start
  while (position < end && PLAIN_HOST[bytes[position] as number] === 1) position += 1
  if (position >= end) return
  const port = position > start && bytes[position] === COLON ? readPort(bytes, position + 1, end) : NaN
  if (Number.isNaN(port)) checkText(bytes.toString('latin1', start, end), what)
  else checkPort(port, what)
}

/** At most five digits, perhaps none (RFC 3986 3.2.3); NaN for anything else. */
function readPort(bytes: Buffer, start: number, end: number): number {
  if (end - start > 5) return NaN
  let port = 0
  for (let position = start; position < end; position += 1) {
    const digit = (bytes[position] as number) - 0x30
    if (digit < 0 || digit > 9) return NaN
    port = port * 10 + digit
  }
  return port
}

function checkText(text: string, what: string): void {
  const match = AUTHORITY.exec(text)
  if (match === null) throw new ProtocolError(`${what} must be a host with an optional port`)
  checkPort(Number(match[1] ?? 0), what)
}

function checkPort(port: number, what: string): void {
  if (port > MAX_PORT) throw new ProtocolError(`the port of ${what} must be at most ${MAX_PORT}`)
}
