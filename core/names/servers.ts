/** Which name servers there are, by the `nameserver` lines of resolv.conf(5). */
import { isIP } from 'node:net'

export interface NameServer {
  /** An IP address. */
  readonly address: string
  readonly port: number
}

const DNS_PORT = 53
/** The system's own resolver asks no more. */
const MAX_SERVERS = 3

/** In their order; the one on this machine where none is named. Zones (fe80::1%eth0) are kept: the system knows them. */
export function parseServers(text: string): readonly NameServer[] {
  const servers: NameServer[] = []
  for (const line of text.split('\n')) {
    const [keyword, address = ''] = line.trim().split(/\s+/)
    const isServer = keyword === 'nameserver' && isIP(address.split('%', 1)[0] ?? '') !== 0
    if (isServer && servers.length < MAX_SERVERS) servers.push({ address, port: DNS_PORT })
  }
  return servers.length > 0 ? servers : [{ address: '127.0.0.1', port: DNS_PORT }]
}
