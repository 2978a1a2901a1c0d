/** The narrow contract between a wire and its socket. */

/**
 * What a wire needs of a socket, whoever made it; Bun's sockets satisfy it by shape. What the socket has to say it says to
 * the wire's own methods, in events of their own; but `end` and `terminate` may say `closed` before they return.
 */
export interface WireSocket {
  /** The system's descriptor; negative or absent: there is none to look at. */
  readonly fd?: number
  /** Sends of bytes[offset..offset + length) what the kernel takes now; returns how much that was, -1 when it is closed. */
  write(bytes: Buffer, offset: number, length: number): number
  /** Nothing is read any more: no data and no end are told of. */
  pause(): unknown
  resume(): unknown
  /** Ends our side (FIN); reading goes on. */
  shutdown(): unknown
  /** Closes both sides, without a reset unless bytes are unread. */
  end(): unknown
  /** Closes with a reset. */
  terminate(): unknown
}
