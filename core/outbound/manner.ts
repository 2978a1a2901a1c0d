/** How connections to a backend begin, for as long as the config says so: the same object while it says the same. */
import type { Opening, Protocol, TlsClient } from '../net/opening.ts'
import type { Peer } from '../stream/peer.ts'

export interface Manner {
  /** Absent: no TLS. */
  readonly tls?: TlsClient | undefined
  /** Writes the PROXY header of a connection for that client, which then serves nobody else; absent: there is none. */
  readonly headerFor?: (client: Peer | undefined) => Buffer
}

/** `offers`: what we would speak over TLS; absent: HTTP/1.1 alone. */
export function openingFor(
  manner: Manner | undefined,
  client: Peer | undefined,
  offers?: readonly Protocol[],
): Opening | undefined {
  const { tls, headerFor } = manner ?? {}
  if (headerFor === undefined && offers === undefined) return manner
  return { tls, offers, ...(headerFor && { preface: headerFor(client) }) }
}
