/**
 * From the protocol that was agreed on (ALPN, RFC 7301) to who reads it, the preferred first. Another protocol in front is
 * another line.
 */
import type { Peer } from '../stream/peer.ts'
import { Http1Connection } from './http1-connection.ts'
import { Http2Connection } from './http2-connection.ts'
import { PriorKnowledge } from './prior-knowledge.ts'
import type { ClientConnection, ClientHome, RequestHandler } from './request-handler.ts'

/** Makes a connection of a peer that is connected; whoever calls it gives its `wire` the socket. */
export type Speak = (handler: RequestHandler, home: ClientHome<ClientConnection>, peer: Peer) => ClientConnection

/** What is spoken where nothing was agreed on. */
export const DEFAULT_PROTOCOL = 'http/1.1'

const HTTP2 = 'h2'

export const PROTOCOLS: ReadonlyMap<string, Speak> = new Map<string, Speak>([
  [HTTP2, (handler, home, peer) => new Http2Connection(handler, home, peer)],
  [DEFAULT_PROTOCOL, (handler, home, peer) => new Http1Connection(handler, home, peer)],
])

/** Whether HTTP/2 is spoken beside HTTP/1.1; 'only': nothing else is; undefined: over TLS it is, else not. */
export type Http2 = boolean | 'only' | undefined

/** The one to agree on; undefined: we speak none of them here. */
export function agreeOn(offered: readonly string[], http2?: Http2): string | undefined {
  for (const protocol of PROTOCOLS.keys())
    if (offered.includes(protocol) && isSpoken(protocol, http2 ?? true)) return protocol
  return undefined
}

/** Where nobody here reads it: HTTP as most backends speak it, else what the client likes best. */
export const agreeUnread = (offered: readonly string[]): string | undefined =>
  offered.includes(DEFAULT_PROTOCOL) ? DEFAULT_PROTOCOL : offered[0]

/** Who reads `protocol`, as it was agreed on over TLS; undefined: nobody here. */
export function speakerOf(protocol: string | undefined, http2?: Http2): Speak | undefined {
  const spoken = protocol ?? DEFAULT_PROTOCOL
  return isSpoken(spoken, http2 ?? true) ? PROTOCOLS.get(spoken) : undefined
}

/** By what was agreed on, and what the listener speaks. */
export type ChooseSpeaker = (protocol: string | undefined, http2: Http2) => Speak | undefined

/** Who reads a connection without TLS, on which nothing is agreed on. */
export const plainSpeaker: ChooseSpeaker = (_protocol, http2) => {
  if (http2 === 'only') return PROTOCOLS.get(HTTP2)
  return http2 === true
    ? (handler, home, peer) => new PriorKnowledge(handler, home, peer)
    : PROTOCOLS.get(DEFAULT_PROTOCOL)
}

function isSpoken(protocol: string, http2: boolean | 'only'): boolean {
  return protocol === HTTP2 ? http2 !== false : http2 !== 'only'
}
