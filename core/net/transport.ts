/**
 * Where sockets come from. There are two kinds: of our own on epoll (Linux), and Bun's everywhere else. Whoever uses a
 * socket cannot tell which it has; one suite of tests holds for both.
 */
import type { HostAddress } from '../bind-hosts.ts'
import type { SocketAddress } from '../address.ts'
import type { Connect } from './connect.ts'
import type { ReportFault } from './event.ts'
import type { ListenOptions } from './listen-options.ts'
import type { OpenPipe } from './pipe.ts'
import type { OwnedSocket } from './wire-socket.ts'

export interface Transport {
  readonly name: 'epoll' | 'bun'
  /** Listens at an IP address, or at what the system takes a name for. Throws an error with the system's `code`. */
  bindHost(where: HostAddress, manner: BindManner, events: AcceptEvents): BoundSocket
  /** Listens on a Unix socket, which must not be there yet. Throws an error with the system's `code`. */
  bindPath(path: string, events: AcceptEvents): BoundSocket
  /** Those that were given to the process under that name (systemd's); empty: there are none. Absent: it can't use any. Throws an error with the system's `code`. */
  bindGiven?: (name: string, manner: BindManner, events: AcceptEvents) => readonly BoundSocket[]
  /** A pipe for bytes on their way from one socket to another; undefined: none is to be had. Absent: it can't use any. */
  openPipe?: () => OpenPipe | undefined
  /** What it makes of connects that `reportFault` hears of. */
  connects(reportFault: ReportFault): Connect
}

export interface BindManner {
  /** Whether other processes of the same user may listen there too, if all say so. */
  readonly reusePort: boolean
  /** Of `::`: not for IPv4 as well. */
  readonly isV6Only?: true
  /** Whether a client comes in only with its first bytes, or after a second; where the system can do that. */
  readonly deferAccept: boolean
}

export const PLAIN: BindManner = { reusePort: false, deferAccept: false }

/** Who hears of those that come in. */
export interface AcceptEvents {
  /** Whether one more may come in now. Only asked where those who come can be kept waiting. */
  readonly hasRoom: () => boolean
  /** Somebody has come and is kept waiting, since there is no room; it is asked again soon. */
  readonly onWaiting: () => void
  /** One has come from that IP address ('' on a Unix socket): gives the socket its owner, or ends it. In the middle of an event. */
  readonly onAccepted: (socket: OwnedSocket, address: string) => void
  /** One can't be let in for want of something of ours, by the system's code; whether room was made. */
  readonly onShortage: (code: string) => boolean
  readonly reportFault: ReportFault
}

/** For who lets everybody in, or turns them away. */
export const ALWAYS_ROOM: Pick<AcceptEvents, 'hasRoom' | 'onWaiting'> = {
  hasRoom: () => true,
  onWaiting: () => undefined,
}

/** One socket that listens. */
export interface BoundSocket {
  /** Where it really listens. */
  readonly address: SocketAddress
  /** undefined: there is none that the system's calls know. */
  readonly fd: number | undefined
  /** As in its manner, for whoever comes from now on. Absent: it can't defer anybody. Throws an error with the system's `code`. */
  setDeferAccept?(isDeferring: boolean): void
  /** For whoever comes from now on. Absent: it can't. Throws an error with the system's `code`. */
  setOptions?(options: ListenOptions): void
  /** Asks at once whether there is room, where somebody has been kept waiting. */
  goOn?(): void
  /** Accepts no more; those in its queue are reset. A Unix socket's file is gone. */
  stop(): void
}
