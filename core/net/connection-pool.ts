/** The connections to one backend: idle ones are lent out newest first, so that the rest may grow old and be closed. */
import type { SocketHandler } from 'bun'
import type { SocketAddress } from '../address.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { BackendConnection, type BackendConnectionOwner, type ResponseSink } from './backend-connection.ts'
import type { TimerWheel } from './timer-wheel.ts'
import type { BackendTimeouts } from './timeouts.ts'
import type { Wire } from './wire.ts'
import { reportConnectFailure, type ReportFault, wireHandlers } from './wire-handlers.ts'

/** What a reload may change while connections are open. */
export interface ConnectionPolicy {
  readonly limits: HttpLimits
  readonly timeouts: BackendTimeouts
  readonly maxIdleConnections: number
  /** Open at once, idle ones included; undefined: no cap. */
  readonly maxConnections: number | undefined
}

export interface ConnectionPoolOptions {
  readonly address: SocketAddress
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly counters: { bytesToBackend: number; bytesFromBackend: number }
  readonly reportFault: ReportFault
}

export class ConnectionPool implements BackendConnectionOwner {
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly counters: { bytesToBackend: number; bytesFromBackend: number }
  private readonly address: SocketAddress
  private readonly handlers: SocketHandler<Wire>
  private readonly reportFault: ReportFault
  private policy: ConnectionPolicy
  /** Open or being opened, idle ones included. */
  private readonly connections = new Set<BackendConnection>()
  private readonly idle: BackendConnection[] = []
  private keepsIdle = true

  constructor(options: ConnectionPoolOptions, policy: ConnectionPolicy) {
    this.address = options.address
    this.head = options.head
    this.wheel = options.wheel
    this.counters = options.counters
    this.handlers = wireHandlers((socket) => socket.data.opened(socket), options.reportFault)
    this.reportFault = options.reportFault
    this.policy = policy
  }

  get limits(): HttpLimits {
    return this.policy.limits
  }

  get timeouts(): BackendTimeouts {
    return this.policy.timeouts
  }

  /** Takes effect for what comes next; time-outs that run are left to run. */
  update(policy: ConnectionPolicy): void {
    this.policy = policy
  }

  /** Connections open or being opened, idle ones included. */
  get size(): number {
    return this.connections.size
  }

  /** An idle connection, which is the caller's until it is idle again; undefined: there is none. */
  take(): BackendConnection | undefined {
    return this.idle.pop()
  }

  /** Opens a connection for `sink`, which hears `onConnected` or `onFailure`; undefined: the cap is reached. */
  connect(sink: ResponseSink): BackendConnection | undefined {
    const { address } = this
    const { maxConnections } = this.policy
    if (maxConnections !== undefined && this.size >= maxConnections) return undefined
    const connection = new BackendConnection(this, sink)
    this.connections.add(connection)
    const shared = { socket: this.handlers, data: connection.wire, allowHalfOpen: true }
    const opening = Promise.try(() =>
      address.kind === 'unix'
        ? Bun.connect<Wire>({ ...shared, unix: address.path })
        : Bun.connect<Wire>({ ...shared, hostname: address.host, port: address.port }),
    )
    opening.catch((error: unknown) => reportConnectFailure(connection.wire, error, this.reportFault))
    return connection
  }

  /** Whether idle connections are kept: not while the backend is drained or gone. Those in use end with their exchange. */
  keepIdle(keepsIdle: boolean): void {
    this.keepsIdle = keepsIdle
    if (!keepsIdle) for (const connection of this.idle.splice(0)) connection.discard()
  }

  /** Ends every connection now; returns how many exchanges and tunnels that cut. */
  cut(): number {
    this.keepIdle(false)
    let cut = 0
    for (const connection of this.connections) {
      connection.cut()
      cut += 1
    }
    return cut
  }

  onIdle(connection: BackendConnection): boolean {
    if (!this.keepsIdle || this.idle.length >= this.policy.maxIdleConnections) return false
    this.idle.push(connection)
    return true
  }

  onConnectionClosed(connection: BackendConnection): void {
    this.connections.delete(connection)
    const index = this.idle.indexOf(connection)
    if (index >= 0) this.idle.splice(index, 1)
  }
}
