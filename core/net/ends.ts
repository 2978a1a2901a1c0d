/** Both ends of a connection, by address: asked of the system, for who has to tell of them. */

export interface End {
  /** IP address, an IPv4 one in IPv6 as IPv4. */
  readonly address: string
  readonly port: number
}

export interface Ends {
  readonly local: End
  readonly remote: End
}

/** What Bun's sockets tell of themselves. */
interface Told {
  readonly localAddress?: string
  readonly localPort?: number
  readonly remoteAddress?: string
  readonly remotePort?: number
}

/** Of a socket of ours, or of Bun's; undefined: it is closed, or of a Unix socket. */
export function endsOf(socket: { readonly ends?: () => Ends | undefined } | undefined): Ends | undefined {
  if (socket?.ends !== undefined) return socket.ends()
  const { localAddress, localPort = 0, remoteAddress, remotePort = 0 } = (socket ?? {}) as Told
  // Of one that is closed, Bun goes on telling the addresses.
  if (localAddress === undefined || remoteAddress === undefined || remotePort === 0) return undefined
  return {
    local: { address: plain(localAddress), port: localPort },
    remote: { address: plain(remoteAddress), port: remotePort },
  }
}

/** A dual-stack socket tells IPv4 peers as ::ffff:1.2.3.4; people and CIDR blocks mean 1.2.3.4. */
export const plain = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
