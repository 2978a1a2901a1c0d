/** What a connection of ours begins with, before the first byte of what it is opened for. */
import type { SecureContext } from './tls.ts'

export interface Opening {
  /** Sent first, in the clear: some hundred bytes, which a fresh connection takes. */
  readonly preface?: Buffer
  /** Absent: no TLS. */
  readonly tls?: TlsClient | undefined
  /** What we would speak over TLS, the preferred first; absent: HTTP/1.1 alone. */
  readonly offers?: readonly Protocol[] | undefined
}

/** By its name in a handshake (ALPN, RFC 7301). */
export type Protocol = 'h2' | 'http/1.1'

/** How we speak TLS to somebody. */
export interface TlsClient {
  /** Whom we trust, and what we show of ourselves. */
  readonly context: SecureContext
  /** Asked for (SNI), and to be named by the certificate; undefined: the host that is connected to. */
  readonly serverName: string | undefined
  /** false: whoever is there is taken for who was meant. */
  readonly verifies: boolean
}
