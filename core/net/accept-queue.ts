/**
 * The queue of a listening socket: clients whom the kernel has let in and nobody has accepted yet. To close the socket
 * resets them. So whoever closes one keeps new ones out, which the client takes for a lost packet and tries again in a
 * second, lets in who stands in the queue, and closes. By calls of Linux that Bun 1.4.5 has no functions for; on other
 * systems, and for Unix sockets, nobody is seen and nobody kept out.
 */
import { fromLibc, type Opened } from './ffi.ts'
import { IPPROTO_TCP, SO_ATTACH_FILTER, SOL_SOCKET, TCP_INFO } from './linux.ts'

export interface AcceptQueue {
  /** About 2 µs. Never throws. */
  count(fd: number): number
  /** From now on nobody stands in line anew; who is half-way through the handshake still does. For good. Never throws. */
  keepOut(fd: number): void
}

/** Where in a `struct tcp_info`, tcp(7), its `tcpi_unacked` lies: it counts the queue of a socket that listens. */
const COUNT_AT = 24
const INFO_BYTES = 104

/** For SO_ATTACH_FILTER, a program of the classic packet filter, here on the TCP header: drops a SYN that is no answer to one of ours, and nothing else: code, jumps and operand of each instruction. */
const DROP_SYN = [
  [0x30, 0, 0, 13], // load the byte of the flags
  [0x54, 0, 0, 0x12], // of them SYN and ACK
  [0x15, 0, 1, 0x02], // SYN alone?
  [0x06, 0, 0, 0], // then nothing of it
  [0x06, 0, 0, 0xff_ff_ff_ff], // else all of it
] as const

const NOBODY: AcceptQueue = { count: () => 0, keepOut: () => undefined }

let queue: AcceptQueue | undefined

/** That of this system; made at the first call, which takes some milliseconds. */
export function acceptQueue(): AcceptQueue {
  queue ??= fromLibc(SIGNATURES, bind) ?? NOBODY
  return queue
}

const SIGNATURES = {
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
} as const

/** Offsets in the arena. */
const INFO = 0
const SIZE = 128
const PROGRAM = 136
const FILTER = 152

function bind({ call, arena, start }: Opened<keyof typeof SIGNATURES>): AcceptQueue {
  DROP_SYN.forEach(([code, jumpIf, jumpElse, operand], index) => {
    const instruction = FILTER + 8 * index
    arena.writeUInt16LE(code, instruction)
    arena.set([jumpIf, jumpElse], instruction + 2)
    arena.writeUInt32LE(operand, instruction + 4)
  })
  arena.writeUInt16LE(DROP_SYN.length, PROGRAM)
  arena.writeBigUInt64LE(BigInt(start + FILTER), PROGRAM + 8)
  return {
    count(fd) {
      arena.writeUInt32LE(INFO_BYTES, SIZE)
      const result = call.getsockopt(fd, IPPROTO_TCP, TCP_INFO, start + INFO, start + SIZE)
      return result === 0 ? arena.readUInt32LE(INFO + COUNT_AT) : 0
    },
    keepOut(fd) {
      call.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, start + PROGRAM, 16)
    },
  }
}
