/**
 * Bun's socket events -> calls on the socket's wire, with the outbox opened around each and faults of ours contained:
 * an exception in a handler costs its own connection and is reported, nothing else.
 */
import type { Socket, SocketHandler } from 'bun'
import { enter, leave } from './outbox.ts'
import type { Wire } from './wire.ts'

/** Takes what should never happen: an exception in our own code. */
export type ReportFault = (error: unknown) => void

/** `onOpen` is called with each socket that opens; a socket that we connect carries its wire by then. */
export function wireHandlers(onOpen: (socket: Socket<Wire>) => void, reportFault: ReportFault): SocketHandler<Wire> {
  const guarded =
    (handle: (socket: Socket<Wire>) => void) =>
    (socket: Socket<Wire>): void => {
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
    close: (socket, error) => guarded((closing) => closing.data?.closed(error === undefined))(socket),
    // See `reportConnectFailure`.
    connectError() {},
    // Socket errors (ECONNRESET and the like) are followed by `close`, which is all that anybody needs to know.
    error() {},
  }
}

/**
 * A connect came to nothing. Told by the promise of `Bun.connect` and not by its `connectError` event, which for a Unix
 * socket comes before `Bun.connect` has returned, when nobody knows the wire yet.
 */
export function reportConnectFailure(wire: Wire, error: unknown, reportFault: ReportFault): void {
  enter()
  try {
    wire.connectFailed(error instanceof Error && 'code' in error ? String(error.code) : String(error))
  } catch (fault) {
    reportFault(fault)
  } finally {
    leave()
  }
}
