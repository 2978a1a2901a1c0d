/**
 * Connects through libc and gives Bun the socket while the connect is still under way: giving it up closes it at once. Bun
 * then tells that it can be written to, which is how a connect succeeds (connect(2), EINPROGRESS), or that it has failed.
 */
import type { Socket } from 'bun'
import type { Connect, ConnectEvents } from '../connect.ts'
import { codeOf } from '../error-code.ts'
import { adopt } from '../adopt.ts'
import type { Libc } from './libc.ts'
import { inEvent } from '../event.ts'
import { type BunMeans, type ConnectOwner, connectHandlers } from './handlers.ts'

export function connectByLibc(libc: Libc, means: BunMeans): Connect {
  const { reportFault } = means
  const handlers = connectHandlers(means)
  return (endpoint, events) => {
    const connecting = new Connecting(events, endpoint.kind === 'ip')
    const failLater = (code: string): void => queueMicrotask(() => inEvent(reportFault, () => connecting.fail(code)))
    const begun = libc.connect(endpoint)
    if (begun.kind === 'failed') {
      failLater(begun.code)
      return () => connecting.cancel()
    }
    adopt<ConnectOwner>(begun.descriptor, handlers, connecting).catch((error: unknown) => {
      // Bun has not taken it, so it is still ours to close.
      if (!connecting.isAdopted) libc.close(begun.descriptor)
      failLater(codeOf(error) ?? 'EUNKNOWN')
    })
    return () => connecting.cancel()
  }
}

/** Hears of a socket until it is connected. */
class Connecting implements ConnectOwner {
  isAdopted = false
  private readonly events: ConnectEvents
  /** Peers on Unix sockets have no address. */
  private readonly hasAddress: boolean
  private socket: Socket<ConnectOwner> | undefined = undefined
  private isOver = false

  constructor(events: ConnectEvents, hasAddress: boolean) {
    this.events = events
    this.hasAddress = hasAddress
  }

  cancel(): void {
    this.isOver = true
    this.socket?.terminate()
  }

  fail(code: string): void {
    if (this.isOver) return
    this.isOver = true
    this.events.onFailed(code)
  }

  opened(socket: Socket<ConnectOwner>): void {
    this.isAdopted = true
    this.socket = socket
  }

  drained(): void {
    const { socket } = this
    if (socket === undefined || this.isOver) return
    // Without a peer it is not connected, whatever the event says: getpeername(2), ENOTCONN.
    if (this.hasAddress && socket.remoteAddress === undefined) {
      this.fail('ECONNREFUSED')
      socket.terminate()
      return
    }
    this.isOver = true
    this.events.onConnected(socket)
  }

  // Bun tells that a socket can be written to before it reads from it, so neither comes here.
  received(): void {}

  peerEnded(): void {}

  closed(error: Error | undefined): void {
    this.fail(codeOf(error) ?? 'ECONNRESET')
  }
}
