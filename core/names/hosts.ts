/** The hosts file, hosts(5): names that need no name server. Containers find themselves and each other by it. */
import { isIP } from 'node:net'

/** Addresses by name in lower case, as they stand there. */
export type Hosts = ReadonlyMap<string, readonly string[]>

/** Addresses of one name; looking for an address among more would hold up traffic. */
const MAX_ADDRESSES = 256

/** Lines that make no sense are passed over, as every resolver does. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
    // An address with a zone (fe80::1%lo0) means nothing without its link.
    if (isIP(address) === 0 || address.includes('%')) continue
    for (const name of names) add(hosts, name.toLowerCase(), address)
  }
  return hosts
}

function add(hosts: Map<string, string[]>, name: string, address: string): void {
  const known = hosts.get(name)
  if (known === undefined) hosts.set(name, [address])
  else if (known.length < MAX_ADDRESSES && !known.includes(address)) known.push(address)
}
