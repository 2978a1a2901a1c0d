/** A listening socket: hands each client that comes in to whoever makes a connection of it. */
import { formatAddress, type SocketAddress } from '../address.ts'
import { StartError } from '../errors.ts'
import { countQueued } from './accept-queue.ts'
import type { Wire } from './wire.ts'
import { type ReportFault, type SocketOwner, wireHandlers } from './wire-handlers.ts'

export interface Listener {
  /** Where it really listens: port 0 in the config becomes the one that the system chose. */
  readonly address: SocketAddress
  /** Clients that have been let in and not accepted yet, as far as the system tells. */
  countQueued(): number
  /** Accepts no more; the connections it has live on, those in the queue are reset. */
  stop(): void
}

export interface ListenerOptions {
  readonly address: SocketAddress
  /** Makes a wire for one that has come in from that address ('' for a Unix socket); undefined: it is turned away. */
  readonly accept: (address: string) => Wire | undefined
  readonly reportFault: ReportFault
}

/** Short on purpose: whoever is turned away here is one of very many. */
const REFUSAL = Buffer.from(
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 21\r\n' +
    'Content-Type: text/plain\r\n\r\ntoo many connections\n',
)

/** Throws StartError with one line on what is wrong with the address. */
export function listen(options: ListenerOptions): Listener {
  const { address, accept, reportFault } = options
  const socket = wireHandlers((socket) => {
    const wire = accept(plainAddress(socket.remoteAddress))
    if (wire === undefined) {
      socket.write(REFUSAL)
      socket.end()
      return
    }
    wire.socket = socket
    socket.data = wire
  }, reportFault)
  try {
    const shared = { socket, allowHalfOpen: true }
    if (address.kind === 'unix') {
      return asListener(address, Bun.listen<SocketOwner>({ ...shared, unix: address.path }))
    }
    const server = Bun.listen<SocketOwner>({ ...shared, hostname: address.host, port: address.port })
    return asListener({ ...address, port: server.port }, server)
  } catch (error) {
    throw new StartError(explain(address, error), { cause: error })
  }
}

/** `fd` is a property that Bun 1.4.5 does not tell of in its types. */
const asListener = (address: SocketAddress, server: { stop(): void; readonly fd?: number }): Listener => ({
  address,
  countQueued: () => countQueued(server.fd),
  stop: () => server.stop(),
})

/** A dual-stack socket tells IPv4 peers as ::ffff:1.2.3.4; people and CIDR blocks mean 1.2.3.4. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

function explain(address: SocketAddress, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const where = formatAddress(address)
  if (code === 'EADDRINUSE') return `${where} is already in use; stop what listens there, or choose another address`
  if (code === 'EACCES') return `${where} may not be opened by this user; choose a port of 1024 or above`
  if (code === 'EADDRNOTAVAIL') return `${where} is no address of this machine`
  return `${where} can't be opened: ${error instanceof Error ? error.message : String(error)}`
}
