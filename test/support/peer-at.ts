/** A client's peer, as a plain listener sees one. */
import { Peer } from '../../core/stream/peer.ts'

export const peerAt = (address: string, scheme: 'http' | 'https' = 'http'): Peer =>
  new Peer({ address, scheme, serverName: undefined, protocol: undefined, certificate: undefined })
