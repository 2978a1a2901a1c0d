/** Connecting one socket to one address: the contract, for whoever knows which address and for how long. */
import type { Cancel } from '../clock.ts'
import type { OwnedSocket } from './wire-socket.ts'

/** Where one socket goes: an IP address and a port, or the path of a Unix socket. */
export type Endpoint =
  | { readonly kind: 'ip'; readonly address: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export interface ConnectEvents {
  /** It is there; whoever is to hear of it from now on goes into `socket.data` at once. In the middle of an event. */
  onConnected(socket: OwnedSocket): void
  /** It came to nothing, for the system's `code`. Never before `Connect` has returned; in the middle of an event, too. */
  onFailed(code: string): void
}

/** Begins a connect; one of the events comes, unless it is cancelled before. Never throws. */
export type Connect = (endpoint: Endpoint, events: ConnectEvents) => Cancel

const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: 'no descriptor is free',
  ENFILE: 'no descriptor is free on this machine',
  EADDRNOTAVAIL: 'no local port is free',
  ENOBUFS: 'no buffer is free',
  ENOMEM: 'no memory is free',
  ENOSPC: 'no more sockets of this user can be watched (fs.epoll.max_user_watches)',
}

/** What of ours a connect failed for want of, in words; undefined: of nothing, the peer or the way to it is to blame. */
export const shortageOf = (code: string): string | undefined =>
  Object.hasOwn(SHORTAGES, code) ? `${SHORTAGES[code]} (${code})` : undefined
