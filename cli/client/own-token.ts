/** The token of a SmartEdge that our own user runs on this machine, found by the URL that a command asks. */
import type { SocketAddress } from '../../core/address.ts'
import { findToken } from '../../core/admin/token-file.ts'
import { isLoopback } from '../../core/config/network.ts'
import type { Home } from '../../core/own-files.ts'

export interface OwnToken {
  readonly token: string
  /** The same as was asked for, by number: the token is for nobody else who listens at another address of the name. */
  readonly url: string
}

/** undefined: the URL is none of a loopback address, or no process of ours has kept a token for it. Reads files; never throws. */
export function findOwnToken(url: string, home: Home): OwnToken | undefined {
  const parsed = URL.parse(url)
  if (parsed?.protocol !== 'http:') return undefined
  for (const address of addressesOf(parsed)) {
    const token = findToken(address, home)
    if (token === undefined) continue
    parsed.hostname = address.host.includes(':') ? `[${address.host}]` : address.host
    return { token, url: parsed.href }
  }
  return undefined
}

function addressesOf({ hostname, port }: URL): readonly (SocketAddress & { kind: 'tcp' })[] {
  const hosts = hostname === 'localhost' ? ['127.0.0.1', '::1'] : [hostname.replace(/^\[(.*)\]$/, '$1')]
  const tcp = (host: string) => ({ kind: 'tcp', host, port: port === '' ? 80 : Number(port) }) as const
  return hosts.map(tcp).filter(isLoopback)
}
