/** How backends are spoken to, as a config says it: plain data. */

/**
 * 'h2c': HTTP/2 by prior knowledge, without TLS. 'h2': HTTP/2 over TLS, agreed on in the handshake (ALPN). 'auto': what each backend
 * picks there; without TLS HTTP/1.1.
 */
export type BackendProtocol = 'http/1.1' | 'h2' | 'h2c' | 'auto'

/** The PROXY header before anything else is said. */
export interface ProxyOutPolicy {
  readonly version: 1 | 2
  /** Of version 2 alone, as all that follows. */
  readonly tells: readonly ('authority' | 'uniqueId' | 'ssl')[]
  readonly hasChecksum: boolean
}

/** TLS to the backends of a pool. All paths are absolute, of files in PEM. */
export interface BackendTlsPolicy {
  /** Whom we trust to vouch for backends; undefined: whom Bun trusts. */
  readonly ca: readonly string[] | undefined
  /** Lower case; undefined: the host of each. */
  readonly serverName: string | undefined
  /** What we show of ourselves; undefined: nothing. */
  readonly shown: { readonly cert: string; readonly key: string } | undefined
  readonly verifies: boolean
}
