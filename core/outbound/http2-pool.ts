/** The HTTP/2 connections to one backend: a request goes to the first that has room for a stream; another is opened when none has. */
import type { SocketAddress } from '../address.ts'
import type { Cancel } from '../clock.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Name } from '../names/name.ts'
import type { DescriptorBudget } from '../net/budget.ts'
import type { Dial } from '../net/dial.ts'
import { LinkedList } from '../net/linked-list.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { BackendStream, StreamChoice, StreamSource } from '../stream/backend-stream.ts'
import type { ConnectionCounters, ConnectionPolicy, Http1PoolOptions } from './http1-pool.ts'
import { Http2Connection, type Http2Owner } from './http2-connection.ts'

export interface Http2PoolOptions extends Omit<Http1PoolOptions, 'pipes'> {
  /** Who runs what is to be done behind the events that are due now. */
  readonly turns: { wait(turn: { onTurn(): void }): void }
}

export class Http2Pool implements StreamSource, Http2Owner {
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly counters: ConnectionCounters
  readonly soon: Http2Owner['soon']
  private readonly address: SocketAddress
  private readonly dial: Dial
  private readonly budget: DescriptorBudget
  private readonly onRoomChange: () => void
  private toldRoom = true
  /** What is known of the backend's host; undefined: it needs no look-up. */
  private readonly name: Name | undefined
  private unwatch: Cancel | undefined = undefined
  private policy: ConnectionPolicy
  /** Open or being opened, and of use, oldest first. */
  private readonly connections = new Set<Http2Connection>()
  /** Of no use any more, and not yet closed. */
  private readonly leaving = new LinkedList<Http2Connection>()
  private keepsIdle = true

  constructor(options: Http2PoolOptions, policy: ConnectionPolicy) {
    const { address, turns } = options
    this.address = address
    this.head = options.head
    this.wheel = options.wheel
    this.counters = options.counters
    this.dial = options.dial
    this.budget = options.budget
    this.onRoomChange = options.onRoomChange
    this.soon = (turn) => turns.wait(turn)
    this.name = address.kind === 'tcp' ? options.names.name(address.host) : undefined
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
    this.tellRoom()
  }

  /** Connections open or being opened. */
  get size(): number {
    return this.connections.size
  }

  get hasRoom(): boolean {
    return this.mayConnect || this.withRoom() !== undefined
  }

  open(choice: StreamChoice, timeouts = this.timeouts): BackendStream | undefined {
    const known = choice === 'fresh' ? undefined : this.withRoom()
    const connection = known ?? this.connect(timeouts)
    if (connection === undefined) return undefined
    connection.inBudget.leave()
    const stream = connection.open(timeouts)
    this.tellRoom()
    return stream
  }

  /** Whether connections are kept that nobody uses: not while the backend is drained or gone. */
  keepIdle(keepsIdle: boolean): void {
    this.keepsIdle = keepsIdle
    if (keepsIdle) return
    for (const connection of Array.from(this.connections)) connection.leave()
  }

  /** Ends every connection now; returns how many exchanges that cut. */
  cut(): number {
    this.keepsIdle = false
    let cut = 0
    for (const connection of Array.from(this.connections)) cut += connection.cut()
    for (let place = this.leaving.first; place !== undefined;) {
      const { owner, next } = place
      owner.wire.destroy()
      place = next
    }
    return cut
  }

  // Connections tell.

  /** Which of them is idle is told by `onFreed`. */
  onIdle(): boolean {
    return this.keepsIdle
  }

  onFreed(connection: Http2Connection): void {
    if (!this.keepsIdle || this.isTooOld(connection) || this.hasMoved(connection)) connection.leave()
    connection.inBudget.leave()
    if (connection.load === 0 && this.connections.has(connection)) {
      if (this.idleCount() > this.policy.maxIdleConnections) connection.leave()
      else this.budget.idleBackends.append(connection.inBudget)
    }
    this.tellRoom()
  }

  onGone(connection: Http2Connection): void {
    if (this.connections.delete(connection)) this.counters.connections -= 1
    connection.inBudget.leave()
    if (connection.wire.socket !== undefined) {
      this.leaving.append(connection.inPool)
      this.budget.leaving.append(connection.inBudget)
    }
    this.tellRoom()
    if (this.connections.size > 0) return
    this.unwatch?.()
    this.unwatch = undefined
  }

  onClosed(connection: Http2Connection): void {
    connection.inPool.leave()
    connection.inBudget.leave()
    this.budget.give()
  }

  private get mayConnect(): boolean {
    const { maxConnections } = this.policy
    return maxConnections === undefined || this.size < maxConnections
  }

  private withRoom(): Http2Connection | undefined {
    for (const connection of this.connections) if (connection.hasRoom && !this.isTooOld(connection)) return connection
    return undefined
  }

  private isTooOld({ openedAt }: Http2Connection): boolean {
    return this.wheel.now - openedAt > this.timeouts.maxAgeMs
  }

  private idleCount(): number {
    let count = 0
    for (const { load } of this.connections) if (load === 0) count += 1
    return count
  }

  /** Without a cap there is always room, and nothing to tell. */
  private tellRoom(): void {
    const { hasRoom } = this
    if (hasRoom === this.toldRoom) return
    this.toldRoom = hasRoom
    this.onRoomChange()
  }

  /** The backend's name leads elsewhere now. */
  private hasMoved({ wire }: Http2Connection): boolean {
    return wire.resolvedAddress !== undefined && this.name?.hasLeft(wire.resolvedAddress) === true
  }

  /** undefined: the cap is reached, or no descriptor is left. */
  private connect({ connectMs }: BackendTimeouts): Http2Connection | undefined {
    if (!this.mayConnect || !this.budget.take()) return undefined
    const connection = new Http2Connection(this)
    this.connections.add(connection)
    // Beside those of another protocol, while that is being left.
    this.counters.connections += 1
    this.dial(this.address, connection.wire, connectMs)
    // Where nobody connects any more, since all is kept alive, a name that moves would not be noticed.
    this.unwatch ??= this.name?.watch(() => {
      for (const one of Array.from(this.connections)) if (this.hasMoved(one)) one.leave()
    })
    return connection
  }
}
