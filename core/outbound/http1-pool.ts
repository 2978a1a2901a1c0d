/** The HTTP/1 connections to one backend: idle ones are lent out newest first, so that the rest may grow old and be closed. */
import type { SocketAddress } from '../address.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Dial } from '../net/dial.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { BackendStream, StreamChoice, StreamSource } from '../stream/backend-stream.ts'
import { Http1Connection, type Http1ConnectionOwner } from './http1-connection.ts'

/** What a reload may change while connections are open. */
export interface ConnectionPolicy {
  readonly limits: HttpLimits
  readonly timeouts: BackendTimeouts
  readonly maxIdleConnections: number
  /** Open at once, idle ones included; undefined: no cap. */
  readonly maxConnections: number | undefined
}

export interface Http1PoolOptions {
  readonly address: SocketAddress
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly counters: { bytesToBackend: number; bytesFromBackend: number }
  readonly dial: Dial
}

export class Http1Pool implements StreamSource, Http1ConnectionOwner {
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly counters: { bytesToBackend: number; bytesFromBackend: number }
  private readonly address: SocketAddress
  private readonly dial: Dial
  private policy: ConnectionPolicy
  /** Open or being opened, idle ones included. */
  private readonly connections = new Set<Http1Connection>()
  private readonly idle: Http1Connection[] = []
  private keepsIdle = true

  constructor(options: Http1PoolOptions, policy: ConnectionPolicy) {
    this.address = options.address
    this.head = options.head
    this.wheel = options.wheel
    this.counters = options.counters
    this.dial = options.dial
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

  get hasRoom(): boolean {
    const { maxConnections } = this.policy
    return this.idle.length > 0 || maxConnections === undefined || this.size < maxConnections
  }

  open(choice: StreamChoice): BackendStream | undefined {
    const idle = choice === 'any' ? this.idle.pop() : undefined
    return idle ?? this.connect()
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

  onIdle(connection: Http1Connection): boolean {
    if (!this.keepsIdle || this.idle.length >= this.policy.maxIdleConnections) return false
    this.idle.push(connection)
    return true
  }

  onGone(connection: Http1Connection): void {
    this.connections.delete(connection)
    const index = this.idle.indexOf(connection)
    if (index >= 0) this.idle.splice(index, 1)
  }

  /** undefined: the cap is reached. */
  private connect(): Http1Connection | undefined {
    const { address } = this
    const { maxConnections } = this.policy
    if (maxConnections !== undefined && this.size >= maxConnections) return undefined
    const connection = new Http1Connection(this)
    this.connections.add(connection)
    this.dial(address, connection.wire, this.policy.timeouts.connectMs)
    return connection
  }
}
