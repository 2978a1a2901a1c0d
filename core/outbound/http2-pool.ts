/** The HTTP/2 connections to one backend: a request goes to the first that has room for a stream; another is opened when none has. */
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { HTTP_2 } from '../net/alpn.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { Wire } from '../net/wire.ts'
import type { BackendStream, StreamChoice, StreamOpener } from '../stream/backend-stream.ts'
import type { BackendConnections, ConnectionPolicy } from './backend-connections.ts'
import { Http2Connection, type Http2Owner } from './http2-connection.ts'
import { openingFor } from './manner.ts'
import { type ConnectionCounters, OpenConnections, type OpenConnectionsOptions } from './open-connections.ts'

export interface Http2PoolOptions extends OpenConnectionsOptions {
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  /** Who runs what is to be done behind the events that are due now. */
  readonly turns: { next(turn: { onTurn(): void }): void }
}

export class Http2Pool implements BackendConnections, Http2Owner {
  readonly bodyForm = 'data'
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly counters: ConnectionCounters
  readonly soon: Http2Owner['soon']
  readonly forUpgrades: StreamOpener
  private readonly budget: OpenConnectionsOptions['budget']
  private policy: ConnectionPolicy
  private readonly all: OpenConnections<Http2Connection>
  private keepsIdle = true

  constructor(options: Http2PoolOptions, policy: ConnectionPolicy) {
    const { turns } = options
    this.head = options.head
    this.wheel = options.wheel
    this.counters = options.counters
    this.budget = options.budget
    this.soon = (turn) => turns.next(turn)
    this.policy = policy
    this.all = new OpenConnections(options, () => this.leaveMoved())
    this.forUpgrades = {
      open: (choice, timeouts = this.timeouts) => this.openStream(choice, timeouts, true),
    }
  }

  get limits(): HttpLimits {
    return this.policy.limits
  }

  get timeouts(): BackendTimeouts {
    return this.policy.timeouts
  }

  get scheme(): 'http' | 'https' {
    return this.policy.manner?.tls === undefined ? 'http' : 'https'
  }

  update(policy: ConnectionPolicy): void {
    const isOther = policy.manner !== this.policy.manner
    this.policy = policy
    if (isOther) this.leaveAll()
    this.all.tellRoom(this.hasRoom)
  }

  /** Connections open or being opened. */
  get size(): number {
    return this.all.size
  }

  get hasRoom(): boolean {
    return this.mayConnect || this.withRoom() !== undefined
  }

  open(choice: StreamChoice, timeouts = this.timeouts): BackendStream | undefined {
    return this.openStream(choice, timeouts, false)
  }

  private openStream(choice: StreamChoice, timeouts: BackendTimeouts, isUpgrade: boolean): BackendStream | undefined {
    const known = choice === 'fresh' ? undefined : this.withRoom()
    const connection = known ?? this.connect(timeouts)
    if (connection === undefined) return undefined
    connection.inBudget.leave()
    const stream = connection.open(timeouts, isUpgrade)
    this.all.tellRoom(this.hasRoom)
    return stream
  }

  /** One of its own over `wire`, which has been opened elsewhere; to be told `onOpen`. */
  adopt(wire: Wire): Http2Connection {
    const connection = new Http2Connection(this, wire)
    this.counters.http2Connections += 1
    this.all.take(connection)
    return connection
  }

  /** One that is idle gives way, if there is one. */
  discardIdle(): void {
    for (const connection of this.all.open) if (connection.load === 0) return connection.discard()
  }

  keepIdle(keepsIdle: boolean): void {
    this.keepsIdle = keepsIdle
    if (!keepsIdle) this.leaveAll()
  }

  cut(): number {
    this.keepsIdle = false
    let cut = 0
    for (const connection of Array.from(this.all.open)) cut += connection.cut()
    this.all.dropLeaving()
    return cut
  }

  // Connections tell.

  /** Which of them is idle is told by `onFreed`. */
  onIdle(): boolean {
    return this.keepsIdle
  }

  onFreed(connection: Http2Connection): void {
    if (!this.keepsIdle || this.isTooOld(connection) || this.all.hasMoved(connection)) connection.leave()
    // One that has gone has another place in the budget.
    if (connection.load === 0 && this.all.open.has(connection)) {
      if (this.idleCount() > this.policy.maxIdleConnections) connection.leave()
      else this.budget.idleBackends.append(connection.inBudget)
    }
    this.all.tellRoom(this.hasRoom)
  }

  onGone(connection: Http2Connection): void {
    this.counters.http2Connections -= 1
    this.all.gone(connection)
    this.all.tellRoom(this.hasRoom)
  }

  onClosed(connection: Http2Connection): void {
    this.all.closed(connection)
  }

  private get mayConnect(): boolean {
    const { maxConnections } = this.policy
    return maxConnections === undefined || this.size < maxConnections
  }

  private withRoom(): Http2Connection | undefined {
    for (const connection of this.all.open) if (connection.hasRoom && !this.isTooOld(connection)) return connection
    return undefined
  }

  private isTooOld({ openedAt }: Http2Connection): boolean {
    return this.wheel.now - openedAt > this.timeouts.maxAgeMs
  }

  private idleCount(): number {
    let count = 0
    for (const { load } of this.all.open) if (load === 0) count += 1
    return count
  }

  private leaveAll(): void {
    for (const connection of Array.from(this.all.open)) connection.leave()
  }

  private leaveMoved(): void {
    for (const connection of Array.from(this.all.open)) if (this.all.hasMoved(connection)) connection.leave()
  }

  /** undefined: the cap is reached, or no descriptor is left. */
  private connect({ connectMs }: BackendTimeouts): Http2Connection | undefined {
    if (!this.mayConnect || !this.budget.take()) return undefined
    const connection = new Http2Connection(this)
    this.counters.http2Connections += 1
    this.all.begin(connection, connectMs, openingFor(this.policy.manner, undefined, HTTP_2))
    return connection
  }
}
