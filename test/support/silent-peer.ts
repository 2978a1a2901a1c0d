/** A port of loopback that lets nobody in and refuses nobody, as behind a firewall: its queue of one is full (Linux). */
import { dlopen, ptr } from 'bun:ffi'

export interface SilentPeer {
  readonly port: number
  stop(): void
}

const AF_INET = 2
const SOCK_STREAM_NONBLOCK = 1 | 0o4000

export function silentPeer(): SilentPeer {
  const { symbols } = dlopen('libc.so.6', {
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    bind: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
    listen: { args: ['i32', 'i32'], returns: 'i32' },
    connect: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
    getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
    close: { args: ['i32'], returns: 'i32' },
  })
  // Larger than what Bun may move: C keeps no pointer, but takes it within one call.
  const memory = Buffer.from(new ArrayBuffer(2048))
  memory.writeUInt16LE(AF_INET, 0)
  memory.set([127, 0, 0, 1], 4)
  memory.writeUInt32LE(16, 16)
  const address = ptr(memory)
  const open = (): number => symbols.socket(AF_INET, SOCK_STREAM_NONBLOCK, 0)
  const listening = open()
  symbols.bind(listening, address, 16)
  symbols.listen(listening, 0)
  symbols.getsockname(listening, address, ptr(memory, 16))
  const full = Array.from({ length: 3 }, () => {
    const socket = open()
    symbols.connect(socket, address, 16)
    return socket
  })
  return {
    port: memory.readUInt16BE(2),
    stop: () => {
      for (const socket of [listening, ...full]) symbols.close(socket)
    },
  }
}
