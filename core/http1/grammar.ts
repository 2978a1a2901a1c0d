/**
 * Which bytes may stand where in a head (RFC 9110 5.1, 5.5, 5.6.2; RFC 9112 3.2; RFC 3986 3.2.2), as tables of 256 flags,
 * and the few octets the codec names. A table look-up is the whole cost of checking a byte.
 */

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const ASTERISK = 0x2a
export const COMMA = 0x2c
export const SLASH = 0x2f
export const COLON = 0x3a
export const SEMICOLON = 0x3b

function tableOf(isMember: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (isMember(byte) ? 1 : 0))
}

const isAlphanumeric = (byte: number): boolean => /[0-9A-Za-z]/.test(String.fromCharCode(byte)) && byte < 0x80
const isOneOf =
  (characters: string) =>
  (byte: number): boolean =>
    byte < 0x80 && characters.includes(String.fromCharCode(byte))

/** tchar: field names, methods. */
export const TOKEN = tableOf((byte) => isAlphanumeric(byte) || isOneOf("!#$%&'*+-.^_`|~")(byte))

/** Field values: HTAB, SP, VCHAR and obs-text (bytes >= 0x80 pass through unchanged). No other control, so no bare CR, LF or NUL. */
export const FIELD_VALUE = tableOf((byte) => byte === HTAB || (byte >= SPACE && byte !== 0x7f))

/**
 * Request targets: visible ASCII and bytes >= 0x80. RFC 3986 allows less, but clients send `|`, `"` and raw UTF-8 and
 * the target must reach the backend unchanged. `#` is refused: a fragment is no part of a target (RFC 9112 3.2), and a
 * router and a backend that cut it differently see different paths.
 */
export const TARGET = tableOf((byte) => byte > SPACE && byte !== 0x7f && byte !== 0x23)

/** What host names and IPv4 addresses are made of: unreserved (RFC 3986 2.3). */
export const PLAIN_HOST = tableOf((byte) => isAlphanumeric(byte) || isOneOf('-._~')(byte))

/**
 * uri-host with an optional port (RFC 3986 3.2.2, 3.2.3), for what holds more than plain bytes. Stricter in that a host
 * may not hold a comma (the mark of two Host fields that somebody joined), a literal not be of a future kind, and a port
 * not have more digits than one needs. The port is its one group.
 */
export const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|(?:[-.\w~!$&'()*+;=]|%[0-9A-Fa-f]{2})+)(?::(\d{0,5}))?$/

/** Value of a hexadecimal digit, 255 for any other byte. */
export const HEX_VALUE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16)
  return byte < 0x80 && !Number.isNaN(digit) ? digit : 255
})

/** Optional white space (RFC 9110 5.6.3). */
export const isWhitespace = (byte: number | undefined): boolean => byte === SPACE || byte === HTAB

/** Whether bytes[start..end) equal `lower`, an all-lower-case ASCII word, in any case. */
export function equalsIgnoringCase(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  if (end - start !== lower.length) return false
  for (let index = 0; index < lower.length; index += 1) {
    const byte = bytes[start + index] as number
    // Only A-Z may differ from its lower case: 0x20 must not fold "[" onto "{" or CR onto "-".
    const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (folded !== lower[index]) return false
  }
  return true
}
