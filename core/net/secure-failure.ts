/** Why TLS with somebody came to nothing: one of six codes for everybody, and in words for operators. Pure. */
import { codeOf } from './error-code.ts'
import type { Protocol } from './opening.ts'
import type { ConnectFailure } from './wire-owner.ts'

/**
 * 'tls-name': its certificate is another's. 'tls-expired': not valid now. 'tls-untrusted': nobody vouches for it whom we
 * trust. 'tls-alpn': it speaks nothing of what we offered. 'tls-handshake': there was none, or it was broken off.
 * 'tls-timeout': it took too long.
 */
export type TlsCode = 'tls-name' | 'tls-expired' | 'tls-untrusted' | 'tls-alpn' | 'tls-handshake' | 'tls-timeout'

/** By OpenSSL's name for the fault of a certificate; all others: nobody vouches for it. */
const CODES: Readonly<Record<string, TlsCode>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-name',
  HOSTNAME_MISMATCH: 'tls-name',
  IP_ADDRESS_MISMATCH: 'tls-name',
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-expired',
}

/** Of a handshake itself, as Bun names them; what is told behind the last colon is OpenSSL's. */
const BROKEN = new Set(['EPROTO', 'ECONNRESET', 'ECONNABORTED', 'EPIPE'])

/** Alert 120 (RFC 7301 3.2). */
const NOT_AGREED = 'no application protocol'

export const CUT = 'it closed the connection in the middle of the handshake'

/** Others write what a certificate says: it is cut, and nothing in it can be more than text. */
const MAX_WORDS = 200

export const tlsFailure = (code: TlsCode, words: string): ConnectFailure => ({
  isLocal: false,
  code,
  detail: code,
  words: `${code}: ${words.replace(/[^ -~]/g, '?').slice(0, MAX_WORDS)}`,
})

/** Whether the handshake itself failed, whoever is there; else what Bun tells of is about a certificate. */
export const isBroken = (error: Error | undefined): boolean => error === undefined || BROKEN.has(codeOf(error) ?? '')

/** Whether a certificate is valid, and somebody else's. */
export const isAboutName = (error: Error): boolean => CODES[codeOf(error) ?? ''] === 'tls-name'

/** Whom we meant, and who is there as its certificate says; undefined: it says nothing. */
export interface Names {
  readonly meant: string
  readonly found: string | undefined
}

/** It speaks nothing of what we offered (RFC 7301 3.2). */
export const notAgreed = (offers: readonly Protocol[]): ConnectFailure =>
  tlsFailure(
    'tls-alpn',
    offers.includes('http/1.1')
      ? `it does not agree on ${offers.join(' or ')} (ALPN)`
      : 'it does not agree on HTTP/2 (ALPN): "protocol" may be "auto" or "http/1.1"',
  )

/** What a handshake that offered `offers` failed of that Bun tells `error` of; undefined: it has ended without a word. */
export function failureOf(error: Error | undefined, names: Names, offers: readonly Protocol[]): ConnectFailure {
  if (alertIn(error) === NOT_AGREED) return notAgreed(offers)
  if (error === undefined || isBroken(error)) return tlsFailure('tls-handshake', brokenWords(error))
  const code = CODES[codeOf(error) ?? ''] ?? 'tls-untrusted'
  return tlsFailure(code, certificateWords(code, error, names))
}

/** What an alert of the other side says, and other ends of TLS: `certificate required`; undefined: nothing. */
export function alertIn(error: Error | undefined): string | undefined {
  const reason = /:(?:[A-Z0-9]+_ALERT_)([A-Z_]+)$/.exec(error?.message ?? '')?.[1]
  return reason?.toLowerCase().replaceAll('_', ' ')
}

function brokenWords(error: Error | undefined): string {
  const alert = alertIn(error)
  if (alert !== undefined) return `it refuses the handshake: ${alert}`
  const reason = /:([A-Z0-9_]+)$/.exec(error?.message ?? '')?.[1]
  if (reason === 'WRONG_VERSION_NUMBER' || reason === 'HTTP_REQUEST')
    return 'what it answers is no TLS: does it speak plain HTTP there?'
  return reason === undefined ? CUT : `the handshake failed: ${reason.toLowerCase().replaceAll('_', ' ')}`
}

function certificateWords(code: TlsCode, { message }: Error, { meant, found = 'nobody' }: Names): string {
  if (code === 'tls-name') return `its certificate is not for ${meant}, it is for ${found}`
  return code === 'tls-expired' ? `its ${message}` : `nobody we trust vouches for its certificate: ${message}`
}
