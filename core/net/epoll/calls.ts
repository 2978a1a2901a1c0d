/**
 * The system calls of the transport on epoll, by bun:ffi. What one costs beside the kernel's part (Bun 1.4.5): an i32 5 ns,
 * a pointer given as a number 12 ns, a result as i32 nothing, as i64 23 ns; so lengths and results are i32, and pieces stay
 * under 2 GiB. Every address given to C is of memory that never moves: arenas with an ArrayBuffer of their own, which the
 * calls keep alive, or a buffer that is asked for its address right before the call.
 */
import { constants } from 'node:os'
import { fromLibc, type Opened } from '../ffi.ts'

const SIGNATURES = {
  epoll_create1: { args: ['i32'], returns: 'i32' },
  epoll_ctl: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
  epoll_wait: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  socketpair: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  listen: { args: ['i32', 'i32'], returns: 'i32' },
  accept4: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  getpeername: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
  recv: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  pipe2: { args: ['ptr', 'i32'], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  splice: { args: ['i32', 'ptr', 'i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  shutdown: { args: ['i32', 'i32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
} as const

/** Memory that C is given the address of. */
export interface Arena {
  readonly bytes: Buffer
  readonly address: number
}

export interface Calls {
  readonly call: Opened<keyof typeof SIGNATURES>['call']
  /** For addresses, option values and the like: valid until the next call that uses it. */
  readonly scratch: Arena
  readonly arena: (size: number) => Arena
  /** Where the bytes lie now: to be used at once. */
  readonly addressOf: (bytes: Buffer) => number
  /** Why the last call failed: a number of errno(3). */
  readonly errno: () => number
}

export const { EAGAIN, EINTR, EINPROGRESS, EINVAL, ENODEV, ECONNRESET } = constants.errno

/** undefined where there is no such libc. */
export const loadCalls = (): Calls | undefined => fromLibc(SIGNATURES, bind)

function bind({ ffi, call, arena: bytes, start }: Opened<keyof typeof SIGNATURES>): Calls {
  const errno = new Int32Array(ffi.toArrayBuffer(call.__errno_location(), 0, 4))
  const arena = (size: number): Arena => {
    const memory = Buffer.from(new ArrayBuffer(size))
    return { bytes: memory, address: Number(ffi.ptr(memory)) }
  }
  return {
    call,
    scratch: { bytes, address: start },
    arena,
    addressOf: (piece) => Number(ffi.ptr(piece)),
    errno: () => errno[0] as number,
  }
}

/** Names of error numbers; the first of two names for one number, EAGAIN rather than EWOULDBLOCK. */
const NAMES = new Map(
  Object.entries(constants.errno)
    .toReversed()
    .map(([name, number]) => [number, name]),
)

export const errorName = (number: number): string => NAMES.get(number) ?? `errno ${number}`

/** As node:net's errors are: with the system's `code`. */
export const systemError = (number: number, call: string): Error =>
  Object.assign(new Error(`${call}: ${errorName(number)}`), { code: errorName(number) })
