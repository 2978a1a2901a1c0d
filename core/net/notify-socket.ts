/** One datagram to a Unix socket, as sd_notify(3) sends: neither Bun nor Node has such sockets, so C sends it. Linux. */
import { fromLibc, type Opened } from './ffi.ts'
import { AF_UNIX, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_DGRAM } from './linux.ts'

const SIGNATURES = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  sendto: { args: ['i32', 'ptr', 'i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
} as const

/** sun_path(7). */
const MAX_NAME_BYTES = 108
/** An address takes 110 of the arena's 2048. */
const MAX_TEXT_BYTES = 1900

type Send = (name: Buffer, text: Buffer) => boolean

let sendOnce: Send | undefined

/**
 * `to`: an absolute path, or a name in the abstract namespace behind `@`. Returns whether the socket took it; does not wait
 * for one that is full.
 */
export function sendNotice(to: string, text: string): boolean {
  const name = Buffer.from(to)
  const bytes = Buffer.from(text)
  if (name.length > MAX_NAME_BYTES || name.includes(0) || bytes.length > MAX_TEXT_BYTES) return false
  sendOnce ??= fromLibc(SIGNATURES, bind)
  return sendOnce?.(name, bytes) ?? false
}

function bind({ call, arena, start }: Opened<keyof typeof SIGNATURES>): Send {
  return (name, text) => {
    arena.writeUInt16LE(AF_UNIX, 0)
    name.copy(arena, 2)
    // An abstract name begins with a zero, and its length says where it ends.
    if (arena[2] === 0x40) arena[2] = 0
    const address = 2 + name.length
    text.copy(arena, address)
    const socket = call.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    if (socket < 0) return false
    const sent = call.sendto(socket, start + address, text.length, MSG_DONTWAIT | MSG_NOSIGNAL, start, address)
    call.close(socket)
    return sent === text.length
  }
}
