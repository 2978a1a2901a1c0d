/** The PROXY headers that a pool's backends are sent: of a client's connection, and of our own for checks. */
import { endsOf } from '../net/ends.ts'
import type { Route, Told } from '../proxy-protocol/header.ts'
import { writeLocal, writeV1, writeV2 } from '../proxy-protocol/write.ts'
import type { Random } from '../random.ts'
import type { Peer } from '../stream/peer.ts'
import type { ProxyOutPolicy } from './policy.ts'

/** Of a connection for that client; undefined: for nobody, as with checks. */
export type HeaderFor = (client: Peer | undefined) => Buffer

const UNIQUE_ID_BYTES = 16

/** For whom a client's connection was made, and where to; undefined: neither has an address. */
function routeOf({ proxied, wire }: Peer): Route | undefined {
  if (proxied?.route !== undefined) return proxied.route
  const ends = endsOf(wire?.socket)
  return ends && { source: ends.remote, destination: ends.local }
}

export function headersBy(policy: ProxyOutPolicy, random: Random): HeaderFor {
  const { version, tells, hasChecksum } = policy
  if (version === 1) return (client) => writeV1(client && routeOf(client))
  /** The same over all connections that are for one client's. */
  const ids = new WeakMap<Peer, Buffer>()
  const idOf = (client: Peer): Buffer => {
    const known = client.proxied?.uniqueId ?? ids.get(client)
    if (known !== undefined) return known
    const id = Buffer.from(Array.from({ length: UNIQUE_ID_BYTES }, () => Math.floor(random() * 256)))
    ids.set(client, id)
    return id
  }
  const toldOf = (client: Peer): Told => ({
    ...(tells.includes('authority') && client.serverName !== undefined && { authority: client.serverName }),
    ...(tells.includes('uniqueId') && { uniqueId: idOf(client) }),
    ...(tells.includes('ssl') && client.scheme === 'https' && { isSecure: true as const }),
  })
  return (client) =>
    client === undefined ? writeLocal(hasChecksum) : writeV2(routeOf(client), { told: toldOf(client), hasChecksum })
}
