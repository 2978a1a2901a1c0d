/** Facts of a connection -> what a snapshot says of its peer: trusted or not, and the lines that tell backends of it. */
import type { ClientCertificate } from './client-certificate.ts'
import type { Route } from '../proxy-protocol/header.ts'
import { forwardedForLines } from './client-lines.ts'
import type { Door } from './door.ts'

/** What is known of a connection once it is open; for as long as it lives. */
export interface PeerFacts {
  /** IP address as text; '' for a Unix socket. */
  readonly address: string
  /** What the client speaks to us over. */
  readonly scheme: 'http' | 'https'
  /** The name asked for in the TLS handshake (RFC 6066 3), lower case; undefined: none, or no TLS. */
  readonly serverName: string | undefined
  /** What was agreed on there (ALPN, RFC 7301), `h2`; undefined: nothing, or no TLS. */
  readonly protocol: string | undefined
  /** What it has shown of itself there; undefined: nothing that was verified. */
  readonly certificate: ClientCertificate | undefined
  /** What a PROXY header has told of it; absent: none came. */
  readonly proxied?: Proxied | undefined
  /** What its listener does with all requests; absent: nothing. */
  readonly door?: Door | undefined
}

/** A connection that was made for somebody else, who is its peer. */
export interface Proxied {
  /** IP address of who has made it; '' for a Unix socket. */
  readonly by: string
  /** undefined: the header tells of none, and its peer is who has made it. */
  readonly route: Route | undefined
  /** 1..128 bytes; undefined: none was told. */
  readonly uniqueId: Buffer | undefined
}

/** What a snapshot says of such a peer; shared by the connections of one address. */
export interface ClientIdentity {
  /** IP address as text; '' for a Unix socket. */
  readonly address: string
  /** A trusted proxy: its X-Forwarded-* fields are believed and extended, not replaced. */
  readonly isTrusted: boolean
  /** Whether another address, from X-Forwarded-For, is a trusted proxy too. */
  readonly isTrustedProxy: (address: string) => boolean
  readonly scheme: PeerFacts['scheme']
  /** The lines added to each of its requests: `forwardedForLines`. */
  readonly forwardedFields: Buffer
}

/** A snapshot's answer to "who is this?". The same function for as long as the answer stays the same. */
export type Identify = (peer: PeerFacts) => ClientIdentity

/** Addresses remembered: many connections of one client share an identity, and nobody can make us keep millions. */
const REMEMBERED = 1024

export function createIdentify(isTrustedProxy: (address: string) => boolean): Identify {
  const known = new Map<string, ClientIdentity>()
  return ({ address, scheme }) => {
    const key = `${scheme} ${address}`
    const found = known.get(key)
    if (found !== undefined) return found
    const identity: ClientIdentity = {
      address,
      isTrusted: isTrustedProxy(address),
      isTrustedProxy,
      scheme,
      forwardedFields: forwardedForLines(address, scheme),
    }
    if (known.size >= REMEMBERED) known.clear()
    known.set(key, identity)
    return identity
  }
}
