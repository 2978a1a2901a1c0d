/** The narrow contract between a socket, whoever made it, and whoever uses it. */
import type { Ends } from './ends.ts'
import type { Pipe } from './pipe.ts'

/**
 * What a wire needs of a socket; Bun's sockets satisfy it by shape. What the socket has to say it says to its owner, in
 * events of their own; but `end` and `terminate` may say `closed` before they return.
 */
export interface WireSocket {
  /** The system's descriptor; negative or absent: there is none to look at. */
  readonly fd?: number
  /** Sends of bytes[offset..offset + length) what the kernel takes now; returns how much that was, -1 when it is closed. */
  write(bytes: Buffer, offset: number, length: number): number
  /** Nothing is read any more: no data and no end are told of. The reset of one that was accepted is, even so. */
  pause(): unknown
  resume(): unknown
  /** What comes next is read in small pieces, until one of them brings all that it may: the rest stays with the kernel. Absent: it can't. */
  readLittle?: () => void
  /** Of what is received from now on next to nothing is kept: all of it may be overwritten when the call returns. Absent: it is as ever. */
  readLent?: () => void
  /** Ends our side (FIN); reading goes on. */
  shutdown(): unknown
  /** Closes both sides, without a reset unless bytes are unread. */
  end(): unknown
  /** Closes with a reset. */
  terminate(): unknown
  /**
   * Of what comes from now on, the next `length` bytes go into `pipe` whenever they are read, and the owner is told `piped`
   * of them. undefined: no longer. Absent: it can't, and neither can it send from one.
   */
  pipeInto?: (pipe: Pipe | undefined, length: number) => void
  /** Sends of what is in `pipe` what the kernel takes now; returns how much that was, -1 when it is closed. */
  sendFrom?: (pipe: Pipe) => number
  /** Both ends by address; undefined: it has none. Absent: see `ends.ts`. */
  ends?: () => Ends | undefined
}

/** A socket that carries whoever hears of it. */
export interface OwnedSocket extends WireSocket {
  data: SocketOwner
  /**
   * Gives its descriptor away for good, for `adopt`: its owner hears nothing any more, not even `closed`. What nobody has read
   * yet is still to be read there. Absent: it can't.
   */
  handOver?: () => number
  /**
   * When something has come, `look` sees it, once, at most 16 KiB of it; it is still to be read afterwards. Not where it has
   * been read before. Absent: it can't.
   */
  lookFirst?: (look: (bytes: Buffer) => void) => void
}

/** What a socket's `data` hears: a wire, or a connect under way. Every call comes in the middle of one event. */
export interface SocketOwner {
  /** It wants to hear nothing for now; absent: it always listens. */
  readonly isPaused?: boolean
  /** Written by the socket: why the other side says that it ends TLS, in words; `closed` follows. undefined: it has not said so. */
  alert?: string | undefined
  /** Bytes have come. They may be overwritten when the call returns: who keeps some says so by `retained`. */
  received(bytes: Buffer): void
  /** So many bytes have gone into the pipe that the socket was given. */
  piped?: (length: number) => void
  /** It can be written to again. */
  drained(): void
  /** The peer will send no more. */
  peerEnded(): void
  /** It is over; `error`: by a reset and the like. */
  closed(error: Error | undefined): void
}
