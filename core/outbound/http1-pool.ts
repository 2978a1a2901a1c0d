/** The HTTP/1 connections to one backend: idle ones are lent out newest first, so that the rest may grow old and be closed. */
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { LinkedList } from '../net/linked-list.ts'
import { hasNews } from '../net/news.ts'
import type { Pipes } from '../net/pipes.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { Wire } from '../net/wire.ts'
import type { BackendStream, StreamChoice } from '../stream/backend-stream.ts'
import type { BodyForm } from '../stream/body-form.ts'
import type { Peer } from '../stream/peer.ts'
import type { BackendConnections, ConnectionPolicy } from './backend-connections.ts'
import type { Begun, LendingOwner } from './connection-owner.ts'
import { ClientConnections } from './client-connections.ts'
import { Http1Connection } from './http1-connection.ts'
import { openingFor } from './manner.ts'
import {
  type ConnectionCounters,
  discardAll,
  OpenConnections,
  type OpenConnectionsOptions,
} from './open-connections.ts'

export interface Http1PoolOptions extends OpenConnectionsOptions {
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly pipes?: Pipes | undefined
}

export class Http1Pool implements BackendConnections, LendingOwner<Http1Connection> {
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly pipes?: Pipes | undefined
  readonly counters: ConnectionCounters
  private readonly budget: OpenConnectionsOptions['budget']
  private policy: ConnectionPolicy
  /** Idle ones included. */
  private readonly all: OpenConnections<Http1Connection>
  private readonly idle = new LinkedList<Http1Connection>()
  /** Those that are each for one client's connection; undefined: there has been none. */
  private ofClients: ClientConnections | undefined = undefined
  private keepsIdle = true

  constructor(options: Http1PoolOptions, policy: ConnectionPolicy) {
    this.head = options.head
    this.wheel = options.wheel
    this.pipes = options.pipes
    this.counters = options.counters
    this.budget = options.budget
    this.policy = policy
    this.all = new OpenConnections(options, () => discardAll(this.idle, (idle) => this.all.hasMoved(idle)))
  }

  get limits(): HttpLimits {
    return this.policy.limits
  }

  get timeouts(): BackendTimeouts {
    return this.policy.timeouts
  }

  /** That of all backends of the pool, some of which may speak HTTP/2. */
  get bodyForm(): BodyForm {
    const { protocol = 'http/1.1' } = this.policy
    return protocol === 'http/1.1' ? 'chunks' : 'data'
  }

  update(policy: ConnectionPolicy): void {
    const isOther = policy.manner !== this.policy.manner
    this.policy = policy
    if (isOther) discardAll(this.idle)
    this.all.tellRoom(this.hasRoom)
  }

  /** Connections open or being opened, idle ones included. */
  get size(): number {
    return this.all.size
  }

  get hasRoom(): boolean {
    const { maxConnections } = this.policy
    return this.idle.size > 0 || maxConnections === undefined || this.size < maxConnections
  }

  open(choice: StreamChoice, timeouts = this.timeouts, client?: Peer): BackendStream | undefined {
    const isOwn = this.policy.manner?.headerFor !== undefined
    const mayReuse = choice !== 'fresh' && (!isOwn || client !== undefined)
    const idle = mayReuse ? this.takeIdle(choice === 'checked', isOwn ? client : undefined) : undefined
    const connection = idle ?? this.connect(timeouts, isOwn ? client : undefined)
    if (connection !== undefined) connection.timeouts = timeouts
    this.all.tellRoom(this.hasRoom)
    return connection
  }

  /** One of its own over `wire`, which has been opened elsewhere; to be given a sink, and told `onOpen`. */
  adopt(wire: Wire, begun: Begun): Http1Connection {
    const connection = new Http1Connection(this, begun, wire)
    this.all.take(connection)
    return connection
  }

  /** Open, it is wanted by nobody yet. */
  keep(connection: Http1Connection): void {
    connection.uses += 1
    if (this.onIdle(connection)) connection.rearm()
    else connection.discard()
  }

  /** Those in use end with their exchange. */
  keepIdle(keepsIdle: boolean): void {
    this.keepsIdle = keepsIdle
    if (!keepsIdle) discardAll(this.idle)
  }

  cut(): number {
    this.keepIdle(false)
    let cut = 0
    for (const connection of this.all.open) {
      connection.cut()
      cut += 1
    }
    this.all.dropLeaving()
    return cut
  }

  onIdle(connection: Http1Connection): boolean {
    if (!this.keepsIdle || this.idle.size >= this.policy.maxIdleConnections) return false
    if (this.wheel.now - connection.openedAt > this.timeouts.maxAgeMs || this.all.hasMoved(connection)) return false
    const { manner, client } = connection.begun
    if (manner !== this.policy.manner) return false
    if (client !== undefined && this.ofClients?.keeps(connection) !== true) return false
    this.idle.append(connection.inPool)
    this.budget.idleBackends.append(connection.inBudget)
    this.all.tellRoom(this.hasRoom)
    return true
  }

  onUnused(connection: Http1Connection): boolean {
    if (connection.uses === 0) connection.uses = 1
    if (!this.onIdle(connection)) return false
    connection.rearm()
    return true
  }

  onGone(connection: Http1Connection): void {
    this.ofClients?.forget(connection)
    this.all.gone(connection)
    this.all.tellRoom(this.hasRoom)
  }

  onClosed(connection: Http1Connection): void {
    this.all.closed(connection)
  }

  /** `client`: whose own it is to be; undefined: anybody's. */
  private takeIdle(isChecked: boolean, client: Peer | undefined): Http1Connection | undefined {
    for (let owner = this.nextIdle(client); owner !== undefined; owner = this.nextIdle(client)) {
      if (client !== undefined) this.ofClients?.forget(owner)
      owner.inPool.leave()
      owner.inBudget.leave()
      if (!isChecked || !hasNews(owner.wire)) return owner
      owner.discard()
    }
    return undefined
  }

  private nextIdle(client: Peer | undefined): Http1Connection | undefined {
    return client === undefined ? this.idle.last?.owner : this.ofClients?.idleOf(client)
  }

  /** undefined: the cap is reached, or no descriptor is left. */
  private connect({ connectMs }: BackendTimeouts, client: Peer | undefined): Http1Connection | undefined {
    const { maxConnections, manner } = this.policy
    // What is idle for somebody else gives way.
    if (client !== undefined && maxConnections !== undefined && this.size >= maxConnections)
      this.idle.first?.owner.discard()
    if (maxConnections !== undefined && this.size >= maxConnections) return undefined
    if (!this.budget.take()) return undefined
    if (client !== undefined) (this.ofClients ??= new ClientConnections()).welcome(client)
    const connection = new Http1Connection(this, { manner, client })
    this.all.begin(connection, connectMs, openingFor(manner, client))
    return connection
  }
}
