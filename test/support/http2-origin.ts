/** A backend that speaks HTTP/2 in bytes: what each connection has sent it, as lines. */
import { FrameLog, PREFACE, settings } from './http2.ts'
import { type PeerOptions, peerHandlers, RawPeer, turnUntil } from './raw-peer.ts'

/** What one connection has sent it, as lines. */
export class Http2Origin {
  readonly lines: string[] = []
  readonly peer: RawPeer
  private readonly log = new FrameLog()
  private read = PREFACE.length

  constructor(options: PeerOptions) {
    this.peer = new RawPeer(options)
  }

  look(): void {
    const { text } = this.peer
    if (text.length <= this.read) return
    this.lines.push(...this.log.read(text.slice(this.read)))
    this.read = text.length
  }

  /** Waits for a line that begins so. */
  async line(begin: string): Promise<string> {
    await turnUntil(() => {
      this.look()
      return this.lines.some((line) => line.startsWith(begin))
    }, begin)
    return this.lines.find((line) => line.startsWith(begin))!
  }
}

/** The first `speaking` connections begin as HTTP/2 does; absent: all. `said`: in their SETTINGS. */
export function startOrigin(speaking = Infinity, ...said: readonly (readonly [identifier: number, value: number])[]) {
  const origins: Http2Origin[] = []
  const server = Bun.listen<RawPeer>({
    hostname: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    socket: {
      ...peerHandlers,
      open(socket) {
        const origin = new Http2Origin({})
        socket.data = origin.peer
        origins.push(origin)
        origin.peer.opened(socket)
        if (origins.length <= speaking) origin.peer.send(settings(...said))
      },
    },
  })
  return {
    port: server.port,
    origins,
    async origin(index = 0): Promise<Http2Origin> {
      await turnUntil(() => origins[index] !== undefined, `connection ${index}`)
      return origins[index]!
    },
    [Symbol.asyncDispose]: async () => {
      server.stop(true)
    },
  }
}
