/**
 * Bun's socket events -> calls on whoever owns the socket, with the outbox opened around each and faults of ours contained:
 * an exception in a handler costs its own connection and is reported, nothing else.
 */
import type { Socket, SocketHandler } from 'bun'
import { enter, leave } from './outbox.ts'

/** Takes what should never happen: an exception in our own code. */
export type ReportFault = (error: unknown) => void

/** What a socket's `data` hears: a wire, or a connect under way. Every call comes in the middle of one event. */
export interface SocketOwner {
  /** It is open, or, for one that was given to Bun while it was being connected, taken over. Not said of accepted ones. */
  opened(socket: Socket<SocketOwner>): void
  received(bytes: Buffer): void
  /** It can be written to (again). */
  drained(): void
  /** The peer will send no more. */
  peerEnded(): void
  /** It is over; `error`: by a reset and the like. */
  closed(error: Error | undefined): void
}

/** `onOpen` is called with each socket that opens; a socket that we connect carries its owner by then. */
export function wireHandlers(
  onOpen: (socket: Socket<SocketOwner>) => void,
  reportFault: ReportFault,
): SocketHandler<SocketOwner> {
  const guarded =
    (handle: (socket: Socket<SocketOwner>) => void) =>
    (socket: Socket<SocketOwner>): void => {
      enter()
      try {
        handle(socket)
      } catch (error) {
        reportFault(error)
        socket.terminate()
      } finally {
        leave()
      }
    }
  return {
    binaryType: 'buffer',
    open: guarded(onOpen),
    // On every request's way four times: written out, without the detour through a closure.
    data(socket, bytes) {
      enter()
      try {
        socket.data.received(bytes)
      } catch (error) {
        reportFault(error)
        socket.terminate()
      } finally {
        leave()
      }
    },
    // A client that was turned away has no wire.
    drain: guarded((socket) => socket.data?.drained()),
    end: guarded((socket) => socket.data?.peerEnded()),
    close: (socket, error) => guarded((closing) => closing.data?.closed(error))(socket),
    // Told by the promise of `Bun.connect`: see `connect-bun.ts`.
    connectError() {},
    // Socket errors (ECONNRESET and the like) are followed by `close`, which is all that anybody needs to know.
    error() {},
  }
}

/** Does what no socket's event brought about (a microtask, a timer, an answer about a name), with the same care. */
export function inEvent(reportFault: ReportFault, task: () => void): void {
  enter()
  try {
    task()
  } catch (error) {
    reportFault(error)
  } finally {
    leave()
  }
}
