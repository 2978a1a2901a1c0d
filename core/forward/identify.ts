/** An address -> what a connection's requests need to know of it. */
import type { ClientIdentity } from '../net/client-exchange.ts'
import { forwardedForLines } from './rewrite-request.ts'

/** Addresses remembered: many connections of one client share an identity, and nobody can make us keep millions. */
const REMEMBERED = 1024

export function createIdentify(isTrustedProxy: (address: string) => boolean): (address: string) => ClientIdentity {
  const known = new Map<string, ClientIdentity>()
  return (address) => {
    const found = known.get(address)
    if (found !== undefined) return found
    const identity: ClientIdentity = {
      address,
      isTrusted: address !== '' && isTrustedProxy(address),
      isTrustedProxy,
      forwardedFields: forwardedForLines(address),
    }
    if (known.size >= REMEMBERED) known.clear()
    known.set(address, identity)
    return identity
  }
}
