/** Listening under a name at every address that it stands for, all on one port. */
import type { SocketAddress } from './address.ts'

export type HostAddress = SocketAddress & { readonly kind: 'tcp' }

/** A socket that listens. */
export interface Bound {
  /** Where it really does. */
  readonly address: SocketAddress
  stop(): unknown
}

/** `localhost` is this machine in both of its families (RFC 6761 6.3); any other name is the system's to resolve. */
export const hostsOf = (host: string): readonly string[] => (host === 'localhost' ? ['127.0.0.1', '::1'] : [host])

/** A port that the system chose for one address may be taken at the other: then it chooses again. */
const MAX_CHOICES = 20

/**
 * One socket for each host that `address` stands for, by `bind`, which throws the system's errors. Of several, those are
 * left out that this machine does not have, as many have no IPv6; throws when none is left, and nothing is open then.
 */
export function bindHosts<B extends Bound>(address: HostAddress, bind: (address: HostAddress) => B): readonly B[] {
  for (let choice = 1; ; choice += 1) {
    try {
      return bindOnce(address, bind)
    } catch (error) {
      if (address.port !== 0 || codeOf(error) !== 'EADDRINUSE' || choice === MAX_CHOICES) throw error
    }
  }
}

function bindOnce<B extends Bound>(address: HostAddress, bind: (address: HostAddress) => B): readonly B[] {
  const bound: B[] = []
  let missing: unknown
  try {
    for (const host of hostsOf(address.host)) {
      try {
        bound.push(bind({ ...address, host, port: portOf(bound[0]) ?? address.port }))
      } catch (error) {
        if (!isMissing(error)) throw error
        missing = error
      }
    }
    if (bound.length === 0) throw missing
    return bound
  } catch (error) {
    for (const socket of bound) socket.stop()
    throw error
  }
}

const portOf = (bound: Bound | undefined): number | undefined =>
  bound?.address.kind === 'tcp' ? bound.address.port : undefined

const isMissing = (error: unknown): boolean => ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error))

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
