/** From an address that is listened on to one that a client on this machine can connect to. */
import type { SocketAddress } from '../../core/address.ts'

const everywhere: readonly string[] = ['0.0.0.0', '::', '*']

/** What listens on every address is reached on the loopback one. */
export const reachable = (address: SocketAddress): SocketAddress =>
  address.kind === 'tcp' && everywhere.includes(address.host) ? { ...address, host: '127.0.0.1' } : address
