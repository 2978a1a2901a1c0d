/** How sockets are opened, whether they listen or connect: socket(2), tcp(7). */
import { type Calls, systemError } from './calls.ts'
import { AF_UNIX } from './sockaddr.ts'

const SOCK_STREAM = 1
/** SOCK_NONBLOCK and SOCK_CLOEXEC. */
export const SOCK_FLAGS = 0o4000 | 0o2000000
export const IPPROTO_TCP = 6
export const TCP_NODELAY = 1

/** A new one of that family. Throws an error with the system's `code`. */
export function openSocket({ call, errno }: Calls, family: number): number {
  const fd = call.socket(family, SOCK_STREAM | SOCK_FLAGS, 0)
  if (fd < 0) throw systemError(errno(), 'socket')
  return fd
}

/** Both ends of a pair that are joined. Throws an error with the system's `code`. */
export function openPair({ call, scratch, errno }: Calls): readonly [number, number] {
  if (call.socketpair(AF_UNIX, SOCK_STREAM | SOCK_FLAGS, 0, scratch.address) < 0)
    throw systemError(errno(), 'socketpair')
  return [scratch.bytes.readInt32LE(0), scratch.bytes.readInt32LE(4)]
}
