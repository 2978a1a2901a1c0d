/** A listening socket, or two where a name has two addresses: hands each client that comes in to whoever makes a connection of it. */
import { chmodSync } from 'node:fs'
import { formatListenAddress, type ListenAddress, type SocketAddress } from '../address.ts'
import { bindHosts } from '../bind-hosts.ts'
import { StartError } from '../errors.ts'
import { acceptQueue } from './accept-queue.ts'
import { shortageOf } from './connect.ts'
import { codeOf } from './error-code.ts'
import type { ReportFault } from './event.ts'
import type { ListenOptions } from './listen-options.ts'
import { type AcceptEvents, ALWAYS_ROOM, type BindManner, type BoundSocket, type Transport } from './transport.ts'
import type { OwnedSocket } from './wire-socket.ts'

export interface Listener {
  /** As asked for, with the real port where 0 was asked for; where it was systemd's to say, the first that it says. */
  readonly address: SocketAddress
  /** Where it really listens: `localhost` becomes 127.0.0.1 and ::1, or the one of them that this machine has. */
  readonly bound: readonly SocketAddress[]
  /** Clients that have been let in and not accepted yet, as far as the system tells. */
  countQueued(): number
  /** Whether whoever comes from now on joins the queue only with its first bytes. Throws an error with the system's `code`. */
  setDeferAccept(isDeferring: boolean): void
  /** Other options, for whoever comes from now on. Throws an error with the system's `code`. */
  setOptions(options: ListenOptions): void
  /** From now on nobody joins the queue, as far as the system can do that. For good: `stop` is to follow soon. */
  keepOut(): void
  /** Other permissions of a Unix socket. Throws as node:fs does. */
  setPermissions(permissions: number | undefined): void
  /** There may be room for who was kept waiting. */
  goOn(): void
  /** Accepts no more; the connections it has live on, those in the queue are reset. */
  stop(): void
}

export interface ListenerOptions extends BindManner {
  readonly transport: Transport
  readonly address: ListenAddress
  readonly options?: ListenOptions | undefined
  /** Permissions of a Unix socket; undefined: by the process's umask. */
  readonly permissions: number | undefined
  /**
   * Who takes the socket of one that has come in from that address ('' for a Unix socket): a wire, or what it has to go
   * through first. undefined: it is turned away with a word, 'unwanted': without one.
   */
  readonly accept: (address: string) => Entrant | 'unwanted' | undefined
  /** As the transport asks and tells it; absent: there always is. */
  readonly room?: Pick<AcceptEvents, 'hasRoom' | 'onWaiting'>
  /** A client can't be let in for want of something of our own, in words; whether something has given way. */
  readonly onShortage: (detail: string) => boolean
  readonly reportFault: ReportFault
}

/** Somebody who has come in and has no socket yet. */
export interface Entrant {
  /** In the middle of an event, once: gives the socket its owner. `early`: what has been read of it already. */
  take(socket: OwnedSocket, early?: Buffer): void
}

/** Short on purpose: whoever is turned away here is one of very many. */
const REFUSAL = Buffer.from(
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 21\r\n' +
    'Content-Type: text/plain\r\n\r\ntoo many connections\n',
)

/** Throws StartError with one line on what is wrong with the address. */
export function listen(options: ListenerOptions): Listener {
  const { address } = options
  try {
    const sockets = bind(options)
    const [first] = sockets
    if (first === undefined) throw new StartError(nothingGiven(address, options.transport))
    try {
      if (options.options !== undefined) setOptions(sockets, options.options)
    } catch (error) {
      for (const socket of sockets) socket.stop()
      throw error
    }
    const isAsked = address.kind === 'tcp' && first.address.kind === 'tcp'
    return together(isAsked ? { ...address, port: first.address.port } : first.address, sockets)
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError(explain(address, error), { cause: error })
  }
}

function bind(options: ListenerOptions): readonly BoundSocket[] {
  const { address, transport } = options
  const events = eventsOf(options)
  if (address.kind === 'systemd') return transport.bindGiven?.(address.name, options, events) ?? []
  if (address.kind === 'unix') return [bindPath(address.path, options)]
  const manner: BindManner = { ...options, ...(address.isV6Only && { isV6Only: true }) }
  return bindHosts(address, (host) => transport.bindHost(host, manner, events))
}

function nothingGiven(address: ListenAddress, { bindGiven }: Transport): string {
  const where = formatListenAddress(address)
  if (bindGiven === undefined)
    return `${where} needs sockets of our own, which this system or "transport" does not let us have`
  return `${where} is not there: systemd has given no socket of that name; "FileDescriptorName=" of the socket unit says it`
}

/** Throws an error with the system's `code`. */
function setOptions(sockets: readonly BoundSocket[], options: ListenOptions): void {
  for (const socket of sockets) {
    if (socket.setOptions === undefined) throw new StartError('options of sockets are to be had on Linux alone')
    socket.setOptions(options)
  }
}

const together = (address: SocketAddress, sockets: readonly BoundSocket[]): Listener => ({
  address,
  bound: sockets.map((socket) => socket.address),
  countQueued: () => sockets.reduce((sum, { fd }) => sum + (fd === undefined ? 0 : acceptQueue().count(fd)), 0),
  setDeferAccept(isDeferring) {
    for (const socket of sockets) socket.setDeferAccept?.(isDeferring)
  },
  setOptions: (options) => setOptions(sockets, options),
  keepOut() {
    for (const { fd } of sockets) if (fd !== undefined) acceptQueue().keepOut(fd)
  },
  setPermissions(permissions) {
    if (address.kind === 'unix') chmodSync(address.path, permissions ?? 0o777 & ~process.umask())
  },
  goOn() {
    for (const socket of sockets) socket.goOn?.()
  },
  stop() {
    for (const socket of sockets) socket.stop()
  },
})

function bindPath(path: string, options: ListenerOptions): BoundSocket {
  const { permissions, transport } = options
  // Not afterwards: there is no moment at which it is anybody's.
  const umask = permissions === undefined ? undefined : process.umask(0o777 & ~permissions)
  try {
    return transport.bindPath(path, eventsOf(options))
  } finally {
    if (umask !== undefined) process.umask(umask)
  }
}

function eventsOf({ accept, room = ALWAYS_ROOM, onShortage, reportFault }: ListenerOptions): AcceptEvents {
  return {
    ...room,
    onAccepted(socket, address) {
      const entrant = accept(address)
      if (entrant === 'unwanted') {
        socket.terminate()
        return
      }
      if (entrant === undefined) {
        socket.write(REFUSAL, 0, REFUSAL.length)
        socket.end()
        return
      }
      entrant.take(socket)
    },
    onShortage: (code) => onShortage(shortageOf(code) ?? code),
    reportFault,
  }
}

/** One line on why nothing can listen there, of an error with the system's `code`. */
export function explain(address: ListenAddress, error: unknown): string {
  const code = codeOf(error)
  const where = formatListenAddress(address)
  if (code === 'EADDRINUSE') return `${where} is already in use; stop what listens there, or choose another address`
  if (code === 'EACCES' && address.kind === 'tcp')
    return `${where} may not be opened by this user; choose a port of 1024 or above`
  if (code === 'EADDRNOTAVAIL') return `${where} is no address of this machine`
  if (code === 'ENODEV') return `${where} is at no network interface of this machine`
  if (code === 'ENOENT') return `${where} lies in a directory that does not exist`
  return `${where} can't be opened: ${error instanceof Error ? error.message : String(error)}`
}
