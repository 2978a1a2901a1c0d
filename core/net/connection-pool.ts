/** The connections to one backend: idle ones are lent out newest first, so that the rest may grow old and be closed. */
import type { SocketHandler } from 'bun'
import type { SocketAddress } from '../address.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { BackendConnection, type BackendConnectionOwner, type ResponseSink } from './backend-connection.ts'
import type { TimerWheel } from './timer-wheel.ts'
import type { BackendTimeouts } from './timeouts.ts'
import type { Wire } from './wire.ts'
import { type ReportFault, wireHandlers } from './wire-handlers.ts'

export interface ConnectionPoolOptions {
  readonly address: SocketAddress
  readonly head: ResponseHead
  readonly limits: HttpLimits
  readonly timeouts: BackendTimeouts
  readonly wheel: TimerWheel
  readonly counters: { bytesToBackend: number; bytesFromBackend: number }
  readonly maxIdleConnections: number
  /** Open at once, idle ones included; undefined: no cap. */
  readonly maxConnections: number | undefined
  readonly reportFault: ReportFault
}

export class ConnectionPool implements BackendConnectionOwner {
  readonly head: ResponseHead
  readonly limits: HttpLimits
  readonly timeouts: BackendTimeouts
  readonly wheel: TimerWheel
  readonly counters: { bytesToBackend: number; bytesFromBackend: number }
  private readonly options: ConnectionPoolOptions
  private readonly handlers: SocketHandler<Wire>
  private readonly idle: BackendConnection[] = []
  private open = 0
  private isClosed = false

  constructor(options: ConnectionPoolOptions) {
    this.options = options
    this.head = options.head
    this.limits = options.limits
    this.timeouts = options.timeouts
    this.wheel = options.wheel
    this.counters = options.counters
    this.handlers = wireHandlers((socket) => socket.data.opened(socket), options.reportFault)
  }

  /** Connections open or being opened, idle ones included. */
  get size(): number {
    return this.open
  }

  /** An idle connection, which is the caller's until it is idle again; undefined: there is none. */
  take(): BackendConnection | undefined {
    return this.idle.pop()
  }

  /** Opens a connection for `sink`, which hears `onConnected` or `onFailure`; undefined: the cap is reached. */
  connect(sink: ResponseSink): BackendConnection | undefined {
    const { address, maxConnections } = this.options
    if (maxConnections !== undefined && this.open >= maxConnections) return undefined
    const connection = new BackendConnection(this, sink)
    this.open += 1
    const shared = { socket: this.handlers, data: connection.wire, allowHalfOpen: true }
    const promise =
      address.kind === 'unix'
        ? Bun.connect<Wire>({ ...shared, unix: address.path })
        : Bun.connect<Wire>({ ...shared, hostname: address.host, port: address.port })
    // The handlers tell all; the promise only repeats it.
    promise.catch(() => {})
    return connection
  }

  /** No more idle connections are kept, from now on; those in use end with their exchange. */
  close(): void {
    this.isClosed = true
    for (const connection of this.idle.splice(0)) connection.discard()
  }

  onIdle(connection: BackendConnection): boolean {
    if (this.isClosed || this.idle.length >= this.options.maxIdleConnections) return false
    this.idle.push(connection)
    return true
  }

  onConnectionClosed(connection: BackendConnection): void {
    this.open -= 1
    const index = this.idle.indexOf(connection)
    if (index >= 0) this.idle.splice(index, 1)
  }
}
