/** The sockets of the admin API: `Bun.serve` on TCP, in both families where a name has two, or on a Unix socket. */
import type { SocketAddress } from '../address.ts'
import { bindHosts, type Bound, type HostAddress } from '../bind-hosts.ts'
import { maxBodyBytes } from './body.ts'

/** `peer`: the address that asks; undefined: it has none. */
export type Handler = (request: Request, peer?: string) => Response | Promise<Response>

export interface AdminSocket extends Bound {
  /** Accepts no more; what is being answered goes on. */
  stop(): void
  /** And that is ended, too. */
  kill(): Promise<void>
}

const idleTimeoutSeconds = 30

/** Throws the system's error when it cannot listen; nothing is open then. */
export const listen = (address: SocketAddress, handler: Handler): readonly AdminSocket[] =>
  address.kind === 'tcp' ? bindHosts(address, (host) => listenTcp(host, handler)) : [listenUnix(address, handler)]

function listenTcp(address: HostAddress, handler: Handler): AdminSocket {
  const server = Bun.serve({
    hostname: address.host,
    port: address.port,
    fetch: (request, server) => handler(request, server.requestIP(request)?.address),
    // One more, so that who sends too much gets the API's own answer.
    maxRequestBodySize: maxBodyBytes + 1,
    idleTimeout: idleTimeoutSeconds,
    development: false,
    // Outside development Bun 1.4.5 shares the port with whoever else asks to, unless told not to.
    reusePort: false,
  })
  return socketOf(numeric(server), server)
}

function listenUnix(address: SocketAddress & { kind: 'unix' }, handler: Handler): AdminSocket {
  // Without a token, the file's permissions are what guards it, and there is no moment at which it is anybody's.
  const umask = process.umask(0o177)
  try {
    const server = Bun.serve({
      unix: address.path,
      fetch: (request) => handler(request),
      maxRequestBodySize: maxBodyBytes + 1,
      development: false,
    })
    return socketOf(address, server)
  } finally {
    process.umask(umask)
  }
}

const socketOf = (address: SocketAddress, server: Bun.Server<undefined>): AdminSocket => ({
  address,
  stop: () => void server.stop(),
  kill: () => server.stop(true),
})

/** Where it really listens, whatever name it was configured by. Bun's types do not know of `address`. */
function numeric(server: object): SocketAddress {
  const { address: host, port } = (server as { readonly address: { readonly address: string; readonly port: number } })
    .address
  return { kind: 'tcp', host, port }
}
