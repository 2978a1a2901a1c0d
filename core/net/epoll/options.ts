/** How sockets are opened, whether they listen or connect: socket(2), tcp(7). */
import type { OpenPipe } from '../pipe.ts'
import {
  AF_UNIX,
  F_SETPIPE_SZ,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  O_CLOEXEC,
  O_NONBLOCK,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_DEFER_ACCEPT,
  TCP_NODELAY,
} from '../linux.ts'
import { type Calls, systemError } from './calls.ts'

/** Offset in the scratch arena. */
const VALUE = 128
/** That nothing waits, and no other program has it. */
export const SOCK_FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC

/** Level and name of an option that is an int: socket(7), tcp(7), ipv6(7). */
export type Option = readonly [level: number, name: number]
export const REUSE_ADDRESS: Option = [SOL_SOCKET, SO_REUSEADDR]
export const REUSE_PORT: Option = [SOL_SOCKET, SO_REUSEPORT]
export const NO_DELAY: Option = [IPPROTO_TCP, TCP_NODELAY]
/** In seconds. */
export const DEFER_ACCEPT: Option = [IPPROTO_TCP, TCP_DEFER_ACCEPT]
export const V6_ONLY: Option = [IPPROTO_IPV6, IPV6_V6ONLY]

/** Throws an error with the system's `code`. */
export function setOption({ call, scratch, errno }: Calls, fd: number, [level, name]: Option, value: number): void {
  scratch.bytes.writeInt32LE(value, VALUE)
  if (call.setsockopt(fd, level, name, scratch.address + VALUE, 4) < 0) throw systemError(errno(), 'setsockopt')
}

/** A new one of that family. Throws an error with the system's `code`. */
export function openSocket({ call, errno }: Calls, family: number): number {
  const fd = call.socket(family, SOCK_STREAM | SOCK_FLAGS, 0)
  if (fd < 0) throw systemError(errno(), 'socket')
  return fd
}

/** The most that users other than root may ask for by default (fs.pipe-max-size). */
const PIPE_BYTES = 1024 * 1024

/** A pipe that never waits, as large as the system allows; undefined: there is none to be had. */
export function openPipe({ call, scratch }: Calls): OpenPipe | undefined {
  if (call.pipe2(scratch.address, O_NONBLOCK | O_CLOEXEC) < 0) return undefined
  const [reader, writer] = [scratch.bytes.readInt32LE(0), scratch.bytes.readInt32LE(4)]
  call.fcntl(writer, F_SETPIPE_SZ, PIPE_BYTES)
  const close = (): void => {
    call.close(reader)
    call.close(writer)
  }
  return { reader, writer, close }
}

/** Both ends of a pair that are joined. Throws an error with the system's `code`. */
export function openPair({ call, scratch, errno }: Calls): readonly [number, number] {
  if (call.socketpair(AF_UNIX, SOCK_STREAM | SOCK_FLAGS, 0, scratch.address) < 0)
    throw systemError(errno(), 'socketpair')
  return [scratch.bytes.readInt32LE(0), scratch.bytes.readInt32LE(4)]
}
