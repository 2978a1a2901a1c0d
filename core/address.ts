/** Where a socket listens or connects: a TCP host and port, or the path of a Unix socket. */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** As people write it: `host:port`, `[v6]:port` or `unix:/path`. The inverse of what the config reads. */
export function formatAddress(address: SocketAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}
