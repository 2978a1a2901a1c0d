/**
 * Options of a socket that listens, which those that it accepts inherit (tcp(7), socket(7)). By calls of Linux that Bun 1.4.5
 * has no functions for; whoever comes from then on has them, and nobody who is connected changes.
 */
import { systemError } from './epoll/calls.ts'
import { fromLibc, type Opened } from './ffi.ts'
import {
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SO_SNDBUF,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_USER_TIMEOUT,
} from './linux.ts'

/** What is absent is as the system has it. */
export interface ListenOptions {
  /** Clients whom the system lets in before anybody accepts them; it cuts this down to its net.core.somaxconn. */
  readonly backlog?: number
  /** Of a connection that has been silent: probes, whole seconds, and after how many that are not answered it is over. */
  readonly keepAlive?: KeepAlive
  /** ms, for which what was sent may remain unacknowledged. */
  readonly userTimeoutMs?: number
  /** Bytes of a connection that the system keeps for its peer; a fixed size, where its own grows as needed. */
  readonly sendBufferBytes?: number
}

export interface KeepAlive {
  readonly idleMs: number
  readonly intervalMs: number
  readonly count: number
}

/** Cut down by the system to its net.core.somaxconn. */
export const BACKLOG = 4096

/** Sets all of them on a socket that listens; of one of Unix those that it has. Throws an error with the system's `code`. */
export type SetListenOptions = (fd: number, kind: 'tcp' | 'unix', options: ListenOptions) => void

let setter: SetListenOptions | undefined | 'unknown' = 'unknown'

/** That of this system, loaded when first asked for; undefined: it has none. */
export function listenOptionsOf(): SetListenOptions | undefined {
  if (setter === 'unknown') setter = fromLibc(SIGNATURES, bind)
  return setter
}

const SIGNATURES = {
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
  listen: { args: ['i32', 'i32'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
} as const

function bind({ ffi, call, arena, start }: Opened<keyof typeof SIGNATURES>): SetListenOptions {
  const errno = new Int32Array(ffi.toArrayBuffer(call.__errno_location(), 0, 4))
  const must = (result: number, what: string): void => {
    if (result < 0) throw systemError(errno[0] as number, what)
  }
  return (fd, kind, options) => {
    const settings = [...(kind === 'tcp' ? settingsOfTcp(options) : []), ...settingsOf(options)]
    for (const [level, name, value] of settings) {
      arena.writeInt32LE(value, 0)
      must(call.setsockopt(fd, level, name, start, 4), 'setsockopt')
    }
    // Of one that listens it changes the queue alone.
    must(call.listen(fd, options.backlog ?? BACKLOG), 'listen')
  }
}

type Setting = readonly [level: number, name: number, value: number]

/** What is absent is set back. */
const settingsOfTcp = ({ keepAlive, userTimeoutMs }: ListenOptions): readonly Setting[] => [
  [SOL_SOCKET, SO_KEEPALIVE, keepAlive === undefined ? 0 : 1],
  [IPPROTO_TCP, TCP_USER_TIMEOUT, userTimeoutMs ?? 0],
  ...(keepAlive === undefined ? [] : probesOf(keepAlive)),
]

/** Once it was set, the system does not size it itself any more. It doubles what it is told, for what it needs beside the bytes. */
const settingsOf = ({ sendBufferBytes }: ListenOptions): readonly Setting[] =>
  sendBufferBytes === undefined ? [] : [[SOL_SOCKET, SO_SNDBUF, Math.ceil(sendBufferBytes / 2)]]

const probesOf = ({ idleMs, intervalMs, count }: KeepAlive): readonly Setting[] => [
  [IPPROTO_TCP, TCP_KEEPIDLE, Math.ceil(idleMs / 1000)],
  [IPPROTO_TCP, TCP_KEEPINTVL, Math.ceil(intervalMs / 1000)],
  [IPPROTO_TCP, TCP_KEEPCNT, count],
]
