/** A client that speaks HTTP/2 in bytes over a real connection, and waits for what comes as lines: see `FrameLog`. */
import type { RawPeer } from './raw-peer.ts'
import { FrameLog, HELLO } from './http2.ts'

export interface Http2Peer {
  readonly lines: readonly string[]
  send(text: string): void
  /** Waits until a line begins so, or holds such a word; returns the first that does. */
  line(begin: string): Promise<string>
}

/** Says what a client says first. */
export function http2Peer(peer: RawPeer, hello = HELLO): Http2Peer {
  const log = new FrameLog()
  let read = 0
  const look = (): void => {
    const { text } = peer
    log.read(text.slice(read))
    read = text.length
  }
  peer.send(hello)
  return {
    get lines() {
      look()
      return log.lines
    },
    send: (text) => peer.send(text),
    line: (begin) =>
      peer.until(() => {
        look()
        return log.lines.find((line) => line.startsWith(begin))
      }, begin),
  }
}
