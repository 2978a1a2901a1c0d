/**
 * From the protocol that was agreed on (ALPN, RFC 7301) to who reads it, the preferred first. Another protocol in front is
 * another line.
 */
import type { Peer } from '../stream/peer.ts'
import { Http1Connection } from './http1-connection.ts'
import type { ClientConnection, ClientHome, RequestHandler } from './request-handler.ts'

/** Makes a connection of a peer that is connected; whoever calls it gives its `wire` the socket. */
export type Speak = (handler: RequestHandler, home: ClientHome<ClientConnection>, peer: Peer) => ClientConnection

/** What is spoken where nothing was agreed on. */
export const DEFAULT_PROTOCOL = 'http/1.1'

export const PROTOCOLS: ReadonlyMap<string, Speak> = new Map([
  [DEFAULT_PROTOCOL, (handler, home, peer) => new Http1Connection(handler, home, peer)],
])

/** The one to agree on; undefined: we speak none of them. */
export function agreeOn(offered: readonly string[]): string | undefined {
  for (const protocol of PROTOCOLS.keys()) if (offered.includes(protocol)) return protocol
  return undefined
}

/** Where nobody here reads it: HTTP as most backends speak it, else what the client likes best. */
export const agreeUnread = (offered: readonly string[]): string | undefined =>
  offered.includes(DEFAULT_PROTOCOL) ? DEFAULT_PROTOCOL : offered[0]

/** Who reads `protocol`; undefined: what is spoken where nothing was agreed on. */
export const speakerOf = (protocol: string | undefined): Speak | undefined =>
  PROTOCOLS.get(protocol ?? DEFAULT_PROTOCOL)
