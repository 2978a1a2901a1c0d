/** A datagram socket such as systemd's, bound for as long as the test runs: what came, in order. */
import { onTestFinished } from 'bun:test'
import { fromLibc } from '../../core/net/ffi.ts'
import { AF_UNIX, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM } from '../../core/net/linux.ts'

const signatures = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  recv: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
} as const

export interface NoticeSocket {
  /** What has come and was not taken yet; undefined: nothing. */
  take(): string | undefined
  /** The next one that holds `text`. */
  next(text: string): Promise<string>
}

/** `at`: as NOTIFY_SOCKET says it. */
export function noticeSocket(at: string): NoticeSocket {
  const bound = fromLibc(signatures, ({ call, arena, start }) => {
    const name = Buffer.from(at)
    if (at.startsWith('@')) name[0] = 0
    arena.writeUInt16LE(AF_UNIX, 0)
    name.copy(arena, 2)
    const socket = call.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    if (call.bind(socket, start, 2 + name.length) !== 0) throw new Error(`${at} cannot be bound`)
    onTestFinished(() => void call.close(socket))
    return (): string | undefined => {
      const size = call.recv(socket, start, arena.length, MSG_DONTWAIT)
      return size < 0 ? undefined : arena.toString('utf8', 0, size)
    }
  })
  if (bound === undefined) throw new Error('there is no libc')
  return {
    take: bound,
    async next(text) {
      for (;;) {
        const notice = bound()
        if (notice?.includes(text)) return notice
        if (notice === undefined) await Bun.sleep(5)
      }
    },
  }
}
