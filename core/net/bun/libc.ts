/**
 * What Bun's sockets lack, from libc by bun:ffi: a connect that can be given up, the system's own reason why none is
 * possible (Bun 1.4.5 calls a lack of descriptors ECONNREFUSED), and a look at a socket without reading from it. On Linux;
 * elsewhere there is none of it: see `connect-bun.ts`.
 */
import { tryAdopting } from '../adopt.ts'
import type { Endpoint } from '../connect.ts'
import { EAGAIN, errorName } from '../epoll/calls.ts'
import { familyAt, writeAddress } from '../epoll/sockaddr.ts'
import { fromLibc, type Opened } from '../ffi.ts'
import {
  AF_UNIX,
  IPPROTO_TCP,
  MSG_DONTWAIT,
  MSG_PEEK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  TCP_NODELAY,
} from '../linux.ts'

/** A non-blocking socket whose connect is under way or done, or why there is none: the system's code. */
export type BegunConnect =
  { readonly kind: 'begun'; readonly descriptor: number } | { readonly kind: 'failed'; readonly code: string }

export interface Libc {
  connect(endpoint: Endpoint): BegunConnect
  close(descriptor: number): void
  /** Whether the peer has ended its side or reset, or has sent something, although no event has told of it yet. */
  hasNews(descriptor: number): boolean
}

const SIGNATURES = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
  recv: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  socketpair: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
} as const

type Bindings = Opened<keyof typeof SIGNATURES>

const SOCKET_TYPE = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC

/** Offsets in the arena: an address, an int that is 1, two descriptors, a byte to peek into. */
const ADDRESS = 0
const ONE = 128
const PAIR = 136
const PEEKED = 144

let system: Libc | undefined | 'unknown' = 'unknown'

/** This system's, loaded when first asked for. */
export function systemLibc(): Libc | undefined {
  if (system === 'unknown') system = loadLibc()
  return system
}

/** undefined where there is no such libc, or where it does not do what is expected of it. */
export const loadLibc = (names?: readonly string[]): Libc | undefined => fromLibc(SIGNATURES, bind, names)

function bind(bindings: Bindings): Libc | undefined {
  const { ffi, call, arena, start } = bindings
  arena.writeInt32LE(1, ONE)
  const errno = new Int32Array(ffi.toArrayBuffer(call.__errno_location(), 0, 4))
  const code = (): string => errorName(errno[0] ?? 0)

  const libc: Libc = {
    connect(endpoint) {
      const size = writeAddress(arena, ADDRESS, endpoint)
      if (size === undefined) return { kind: 'failed', code: 'EINVAL' }
      const descriptor = call.socket(familyAt(arena, ADDRESS), SOCKET_TYPE, 0)
      if (descriptor < 0) return { kind: 'failed', code: code() }
      if (endpoint.kind === 'ip') call.setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, start + ONE, 4)
      if (call.connect(descriptor, start + ADDRESS, size) === 0) return { kind: 'begun', descriptor }
      const failure = code()
      if (failure === 'EINPROGRESS') return { kind: 'begun', descriptor }
      call.close(descriptor)
      return { kind: 'failed', code: failure }
    },
    close(descriptor) {
      call.close(descriptor)
    },
    hasNews(descriptor) {
      return call.recv(descriptor, start + PEEKED, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno[0] !== EAGAIN
    },
  }
  return isSound(bindings, libc) ? libc : undefined
}

/** A pair of sockets, one of them given to Bun: what is undocumented is tried before anybody depends on it. */
function isSound({ call, arena, start }: Bindings, libc: Libc): boolean {
  if (call.socketpair(AF_UNIX, SOCKET_TYPE, 0, start + PAIR) !== 0) return false
  const [one, other] = [arena.readInt32LE(PAIR), arena.readInt32LE(PAIR + 4)]
  const isQuiet = !libc.hasNews(one)
  const isAdopted = tryAdopting(one)
  const hasEnded = isAdopted && libc.hasNews(other)
  if (!isAdopted) libc.close(one)
  libc.close(other)
  return isQuiet && hasEnded
}
