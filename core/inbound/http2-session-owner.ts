/** What the session of an HTTP/2 connection asks of the connection. */
import type { FrameWriter } from '../http2/frame-writer.ts'
import type { Peer } from '../stream/peer.ts'
import type { RequestHandler } from './request-handler.ts'

export interface SessionOwner {
  readonly peer: Peer
  readonly handler: RequestHandler
  readonly frames: FrameWriter
  /** The socket takes no more for now. */
  readonly isBlocked: boolean
  /** Nothing is read or sent any more. */
  readonly isClosed: boolean
  /** No streams are begun any more. */
  readonly isFull: boolean
  letGo(): void
  /** The client says that it begins no more streams. */
  onGoAway(): void
  /** It has answered a PING of ours. */
  onPingAck(payload: Buffer): void
  /** A stream is over. */
  onStreamOver(): void
}
