/** How sockets are opened, whether they listen or connect: socket(2), tcp(7). */
import type { OpenPipe } from '../pipe.ts'
import { type Calls, systemError } from './calls.ts'
import { AF_UNIX } from './sockaddr.ts'

const SOCK_STREAM = 1
/** Offset in the scratch arena. */
const VALUE = 128
/** SOCK_NONBLOCK and SOCK_CLOEXEC. */
export const SOCK_FLAGS = 0o4000 | 0o2000000

/** Level and name of an option that is an int: socket(7), tcp(7), ipv6(7). */
export type Option = readonly [level: number, name: number]
export const REUSE_ADDRESS: Option = [1, 2]
export const REUSE_PORT: Option = [1, 15]
export const NO_DELAY: Option = [6, 1]
/** In seconds. */
export const DEFER_ACCEPT: Option = [6, 9]
export const V6_ONLY: Option = [41, 26]

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

/** fcntl(2): the most that users other than root may ask for by default (fs.pipe-max-size). */
const F_SETPIPE_SZ = 1031
const PIPE_BYTES = 1024 * 1024

/** A pipe that never waits, as large as the system allows; undefined: there is none to be had. */
export function openPipe({ call, scratch }: Calls): OpenPipe | undefined {
  if (call.pipe2(scratch.address, SOCK_FLAGS) < 0) return undefined
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
