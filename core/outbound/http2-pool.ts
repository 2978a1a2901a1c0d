/** The HTTP/2 connections to one backend: a request goes to the first that has room for a stream; another is opened when none has. */
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { HTTP_2 } from '../net/alpn.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { Wire } from '../net/wire.ts'
import type { BackendStream, StreamChoice, StreamOpener } from '../stream/backend-stream.ts'
import type { BackendConnections, ConnectionPolicy } from './backend-connections.ts'
import { LinkedList } from '../net/linked-list.ts'
import { Http2Connection, type Http2Owner } from './http2-connection.ts'
import type { Http2Stream } from './http2-stream.ts'
import { openingFor } from './manner.ts'
import { type ConnectionCounters, OpenConnections, type OpenConnectionsOptions } from './open-connections.ts'
import { waitInsteadOf, type WaitingOwner, type WaitingStream } from './waiting-stream.ts'
import { NO_DESCRIPTOR, TIME_OVER } from './words.ts'

export interface Http2PoolOptions extends OpenConnectionsOptions {
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  /** Who runs what is to be done behind the events that are due now. */
  readonly turns: { next(turn: { onTurn(): void }): void }
  /** Finds another place for a stream of which nothing was sent, and for which its connection has no room; absent: the pool does. */
  readonly takeBack?: (stream: Http2Stream) => void
}

export class Http2Pool implements BackendConnections, Http2Owner, WaitingOwner {
  readonly bodyForm = 'data'
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly counters: ConnectionCounters
  readonly soon: Http2Owner['soon']
  readonly forUpgrades: StreamOpener
  private readonly budget: OpenConnectionsOptions['budget']
  private policy: ConnectionPolicy
  private readonly all: OpenConnections<Http2Connection>
  knownStreams: number | undefined = undefined
  private readonly takeBack: (stream: Http2Stream) => void
  /** Streams that have lost their place, and found no other yet. */
  private readonly waiting = new LinkedList<WaitingStream>()
  private readonly serving = { onTurn: (): void => this.serve() }
  private isDue = false
  private keepsIdle = true

  constructor(options: Http2PoolOptions, policy: ConnectionPolicy) {
    const { turns } = options
    this.head = options.head
    this.wheel = options.wheel
    this.counters = options.counters
    this.budget = options.budget
    this.soon = (turn) => turns.next(turn)
    this.takeBack = options.takeBack ?? ((stream) => this.waiting.append(waitInsteadOf(stream, this).place))
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
    this.onChange()
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
    for (let place = this.waiting.first; place !== undefined; place = this.waiting.first, cut += 1)
      place.owner.lose('reset', TIME_OVER)
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
    this.onChange()
  }

  onGone(connection: Http2Connection): void {
    this.counters.http2Connections -= 1
    this.all.gone(connection)
    this.onChange()
  }

  onSettled(maxStreams: number, surplus: readonly Http2Stream[]): void {
    this.knownStreams = Math.max(1, maxStreams)
    for (const stream of surplus) this.takeBack(stream)
    this.onChange()
  }

  // Those who wait tell.

  onLeft(): void {
    this.onChange()
  }

  private onChange(): void {
    this.all.tellRoom(this.hasRoom)
    if (this.isDue || this.waiting.size === 0) return
    this.isDue = true
    // Behind this event, in which a place may still be on its way to another.
    this.soon(this.serving)
  }

  /** Gives those who wait what room there is, and has more connections opened for who is left. */
  private serve(): void {
    this.isDue = false
    for (let place = this.waiting.first; place !== undefined; place = this.waiting.first) {
      const { owner } = place
      const connection = this.withRoom() ?? this.connect(owner.timeouts)
      if (connection === undefined && this.size > 0) break
      if (connection === undefined) owner.fail(NO_DESCRIPTOR)
      else giveTo(owner, connection)
    }
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

/** Over one that is new it begins only when that has said what its backend takes: it has been too much once. */
function giveTo(waiting: WaitingStream, connection: Http2Connection): void {
  connection.inBudget.leave()
  const { sink, timeouts } = waiting
  const stream = connection.open(timeouts, true)
  waiting.moveTo(stream)
  if (stream.isReused) sink?.onConnected()
}
