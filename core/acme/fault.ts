/** What goes wrong with a certificate authority, as a value. */

export interface AcmeFault {
  readonly kind:
    /** It does not answer, or says that it cannot now. */
    | 'away'
    /** It has been asked too often. */
    | 'limited'
    /** It says no. */
    | 'refused'
    /** What it says is no ACME. */
    | 'nonsense'
    /** It is on our side: a hook, the storage. */
    | 'own'
  /** In words, fit for a log: printable and short. */
  readonly detail: string
  /** The last part of a problem's type (RFC 8555 6.7): `badNonce`; absent: it named none. */
  readonly type?: string
  /** ms before which it need not be asked again; absent: it has not said. */
  readonly retryAfterMs?: number
}

const MAX_DETAIL = 400

/** What strangers wrote, in one line of printable characters. */
export function inWords(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
  return line.length > MAX_DETAIL ? `${line.slice(0, MAX_DETAIL)}…` : line
}

export const fault = (kind: AcmeFault['kind'], detail: string): AcmeFault => ({ kind, detail: inWords(detail) })
