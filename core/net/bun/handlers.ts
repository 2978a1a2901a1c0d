/**
 * Bun's socket events -> calls on whoever owns the socket, with the outbox opened around each and faults of ours contained:
 * an exception in a handler costs its own connection and is reported, nothing else.
 */
import type { Socket, SocketHandler } from 'bun'
import type { Clock } from '../../clock.ts'
import type { ReportFault } from '../event.ts'
import { enter, leave } from '../outbox.ts'
import type { SocketOwner } from '../wire-socket.ts'

export interface BunMeans {
  readonly reportFault: ReportFault
  readonly clock: Pick<Clock, 'soon'>
}

/** What Bun 1.4.5 reads at once. Where that was there it reads on, ten times over, before anybody else has a turn. */
const WHOLE_READ_BYTES = 512 * 1024

/** Reads on when everybody else has had a turn. */
function rest(socket: Socket<SocketOwner>, { clock }: BunMeans): void {
  socket.pause()
  clock.soon(() => void (socket.data.isPaused || socket.resume()))
}

/** Hears of a socket that is to be connected. */
export interface ConnectOwner extends SocketOwner {
  /** It is open, or, for one that was given to Bun while it was being connected, taken over. */
  opened(socket: Socket<ConnectOwner>): void
}

/** For sockets that carry who waits for them. */
export const connectHandlers = (means: BunMeans): SocketHandler<ConnectOwner> =>
  handlersFor<ConnectOwner>((socket) => socket.data.opened(socket), means)

function blame(socket: Socket<never>, error: unknown, { reportFault }: BunMeans): void {
  reportFault(error)
  socket.terminate()
}

/** `handle` as one event: with the outbox open, and what it throws costs its own socket alone. */
export const guardedWith =
  <Owner, Rest extends readonly unknown[]>(
    means: BunMeans,
    handle: (socket: Socket<Owner>, ...rest: Rest) => void,
  ): ((socket: Socket<Owner>, ...rest: Rest) => void) =>
  (socket, ...rest) => {
    try {
      enter()
      try {
        handle(socket, ...rest)
      } finally {
        leave()
      }
    } catch (error) {
      blame(socket as unknown as Socket<never>, error, means)
    }
  }

/** `onOpen` is called with each socket that opens; a socket that we connect carries its owner by then. */
export function handlersFor<Owner extends SocketOwner>(
  onOpen: (socket: Socket<Owner>) => void,
  means: BunMeans,
): SocketHandler<Owner> {
  const guarded = (handle: (socket: Socket<Owner>) => void) => guardedWith(means, handle)
  return {
    binaryType: 'buffer',
    open: guarded(onOpen),
    // On every request's way four times: written out, without the detour through a closure.
    data(socket, bytes) {
      try {
        enter()
        try {
          socket.data.received(bytes)
          if (bytes.length >= WHOLE_READ_BYTES) rest(socket, means)
        } finally {
          leave()
        }
      } catch (error) {
        blame(socket as unknown as Socket<never>, error, means)
      }
    },
    // A client that was turned away has no owner.
    drain: guarded((socket) => socket.data?.drained()),
    end: guarded((socket) => socket.data?.peerEnded()),
    close: (socket, error) => guarded((closing) => closing.data?.closed(error))(socket),
    // Told by the promise of `Bun.connect`: see `connect-bun.ts`.
    connectError() {},
    // Socket errors (ECONNRESET and the like) are followed by `close`, which is all that anybody needs to know.
    error() {},
  }
}
