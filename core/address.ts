/** Where a socket listens or connects: a TCP host and port, or the path of a Unix socket. */
export type SocketAddress =
  | {
      readonly kind: 'tcp'
      /** A name, or an IP address without brackets, a link-local one to listen at with its interface: `fe80::1%eth0`. */
      readonly host: string
      readonly port: number
      /** Of `::`, to listen at: not for IPv4 as well. */
      readonly isV6Only?: true
    }
  | { readonly kind: 'unix'; readonly path: string }

/** Where a listener listens; 'systemd': at the sockets that systemd has opened under that name (FileDescriptorName=). */
export type ListenAddress = SocketAddress | { readonly kind: 'systemd'; readonly name: string }

/** As people write it: as `formatAddress`, or `systemd:name`. */
export const formatListenAddress = (address: ListenAddress): string =>
  address.kind === 'systemd' ? `systemd:${address.name}` : formatAddress(address)

/** As people write it: `host:port`, `[v6]:port` or `unix:/path`. The inverse of what the config reads. */
export function formatAddress(address: SocketAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}
