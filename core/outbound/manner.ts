/** How connections to a backend begin, for as long as the config says so: the same object while it says the same. */
import type { Opening, TlsClient } from '../net/opening.ts'
import type { Peer } from '../stream/peer.ts'

export interface Manner {
  /** Absent: no TLS. */
  readonly tls?: TlsClient | undefined
  /** Writes the PROXY header of a connection for that client, which then serves nobody else; absent: there is none. */
  readonly headerFor?: (client: Peer | undefined) => Buffer
}

export function openingFor(manner: Manner | undefined, client: Peer | undefined): Opening | undefined {
  if (manner?.headerFor === undefined) return manner
  return { tls: manner.tls, preface: manner.headerFor(client) }
}
