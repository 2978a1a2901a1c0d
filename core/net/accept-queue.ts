/**
 * How many clients the kernel has let in at a listening socket that nobody has accepted yet. Closing the socket resets
 * them; it does not do so to those who are accepted. Linux tells of them (TCP_INFO, tcp(7)), by a call that Bun 1.4.5 has
 * no function for; on other systems, and for Unix sockets, none are seen.
 */
import type * as Ffi from 'bun:ffi'

const IPPROTO_TCP = 6
const TCP_INFO = 11
/** Of `tcpi_unacked` in `struct tcp_info`, which counts them for a socket that listens. */
const COUNT_AT = 24
const INFO_BYTES = 104

type Look = (fd: number) => number

let look: Look | undefined

/** About 2 µs; the first call takes some milliseconds. Never throws. */
export function countQueued(fd: number | undefined): number {
  if (fd === undefined || fd < 0) return 0
  look ??= createLook()
  return look(fd)
}

function createLook(): Look {
  const nothing: Look = () => 0
  if (process.platform !== 'linux') return nothing
  try {
    const { dlopen, ptr } = process.getBuiltinModule('bun:ffi') as typeof Ffi
    const { symbols } = dlopen('libc.so.6', {
      getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
    })
    const info = new DataView(new ArrayBuffer(INFO_BYTES))
    const size = new Uint32Array(1)
    const [infoAt, sizeAt] = [ptr(info), ptr(size)]
    return (fd) => {
      size[0] = INFO_BYTES
      const result = symbols.getsockopt(fd, IPPROTO_TCP, TCP_INFO, infoAt, sizeAt)
      return result === 0 ? info.getUint32(COUNT_AT, true) : 0
    }
  } catch {
    return nothing
  }
}
