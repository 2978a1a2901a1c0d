/** From an address that is listened on to one that a client on this machine can connect to. */
import { formatAddress, type SocketAddress } from '../../core/address.ts'

const everywhere: readonly string[] = ['0.0.0.0', '::', '*']

/** What listens on every address is reached on the loopback one. */
export const reachable = (address: SocketAddress): SocketAddress =>
  address.kind === 'tcp' && everywhere.includes(address.host) ? { ...address, host: '127.0.0.1' } : address

/** `http://127.0.0.1:8080`, `unix:/path`. */
export const urlOf = (address: SocketAddress, scheme: 'http' | 'https' = 'http'): string =>
  address.kind === 'unix' ? formatAddress(address) : `${scheme}://${formatAddress(reachable(address))}`
