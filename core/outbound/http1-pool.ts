/** The HTTP/1 connections to one backend: idle ones are lent out newest first, so that the rest may grow old and be closed. */
import type { SocketAddress } from '../address.ts'
import type { Cancel } from '../clock.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Name } from '../names/name.ts'
import type { NameTable } from '../names/resolver.ts'
import type { DescriptorBudget } from '../net/budget.ts'
import type { Dial } from '../net/dial.ts'
import { LinkedList } from '../net/linked-list.ts'
import { hasNews } from '../net/news.ts'
import type { Pipes } from '../net/pipes.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { BackendStream, StreamChoice, StreamSource } from '../stream/backend-stream.ts'
import type { Peer } from '../stream/peer.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import { ClientConnections } from './client-connections.ts'
import { Http1Connection } from './http1-connection.ts'
import { type Manner, openingFor } from './manner.ts'

/** What a reload may change while connections are open. */
export interface ConnectionPolicy {
  readonly limits: HttpLimits
  readonly timeouts: BackendTimeouts
  readonly maxIdleConnections: number
  /** Open at once, idle ones included; undefined: no cap. */
  readonly maxConnections: number | undefined
  /** What is spoken; absent: HTTP/1.1. */
  readonly protocol?: BackendProtocol | undefined
  /** How each begins; absent: with nothing. Those that began otherwise are kept no longer. */
  readonly manner?: Manner | undefined
}

/** 'h2c': HTTP/2 by prior knowledge, without TLS. */
export type BackendProtocol = 'http/1.1' | 'h2c'

/** Of the backend. */
export interface ConnectionCounters {
  /** Open or being opened, idle ones included. */
  connections: number
  bytesToBackend: number
  bytesFromBackend: number
}

export interface Http1PoolOptions {
  readonly address: SocketAddress
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly counters: ConnectionCounters
  readonly dial: Dial
  readonly names: NameTable
  readonly budget: DescriptorBudget
  readonly pipes?: Pipes | undefined
  /** Told when `hasRoom` has become another. */
  readonly onRoomChange: () => void
}

export class Http1Pool implements StreamSource, ConnectionOwner<Http1Connection> {
  readonly head: ResponseHead
  readonly wheel: TimerWheel
  readonly pipes?: Pipes | undefined
  readonly counters: ConnectionCounters
  private readonly address: SocketAddress
  private readonly dial: Dial
  private readonly budget: DescriptorBudget
  private readonly onRoomChange: () => void
  /** What `hasRoom` was when that was last told. */
  private toldRoom = true
  /** What is known of the backend's host; undefined: it needs no look-up. */
  private readonly name: Name | undefined
  private unwatch: Cancel | undefined = undefined
  private policy: ConnectionPolicy
  /** Open or being opened, idle ones included. */
  private readonly connections = new Set<Http1Connection>()
  /** Of no use any more, and not yet closed: the backend is to close first. */
  private readonly leaving = new LinkedList<Http1Connection>()
  private readonly idle = new LinkedList<Http1Connection>()
  /** Those that are each for one client's connection; undefined: there has been none. */
  private ofClients: ClientConnections | undefined = undefined
  private keepsIdle = true

  constructor(options: Http1PoolOptions, policy: ConnectionPolicy) {
    this.address = options.address
    this.head = options.head
    this.wheel = options.wheel
    this.pipes = options.pipes
    this.counters = options.counters
    this.dial = options.dial
    this.budget = options.budget
    this.onRoomChange = options.onRoomChange
    const { address } = options
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
    const isOther = policy.manner !== this.policy.manner
    this.policy = policy
    if (isOther) discardAll(this.idle)
    this.tellRoom()
  }

  /** Connections open or being opened, idle ones included. */
  get size(): number {
    return this.connections.size
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
    this.tellRoom()
    return connection
  }

  /** Whether idle connections are kept: not while the backend is drained or gone. Those in use end with their exchange. */
  keepIdle(keepsIdle: boolean): void {
    this.keepsIdle = keepsIdle
    if (!keepsIdle) discardAll(this.idle)
  }

  /** Ends every connection now; returns how many exchanges and tunnels that cut. */
  cut(): number {
    this.keepIdle(false)
    let cut = 0
    for (const connection of this.connections) {
      connection.cut()
      cut += 1
    }
    discardAll(this.leaving)
    return cut
  }

  onIdle(connection: Http1Connection): boolean {
    if (!this.keepsIdle || this.idle.size >= this.policy.maxIdleConnections) return false
    if (this.wheel.now - connection.openedAt > this.timeouts.maxAgeMs || this.hasMoved(connection)) return false
    const { manner, client } = connection.begun
    if (manner !== this.policy.manner) return false
    if (client !== undefined && this.ofClients?.keeps(connection) !== true) return false
    this.idle.append(connection.inPool)
    this.budget.idleBackends.append(connection.inBudget)
    this.tellRoom()
    return true
  }

  onGone(connection: Http1Connection): void {
    if (this.connections.delete(connection)) this.counters.connections -= 1
    connection.inPool.leave()
    connection.inBudget.leave()
    this.ofClients?.forget(connection)
    if (connection.wire.socket !== undefined) {
      this.leaving.append(connection.inPool)
      this.budget.leaving.append(connection.inBudget)
    }
    this.tellRoom()
    if (this.connections.size > 0) return
    this.unwatch?.()
    this.unwatch = undefined
  }

  onClosed(connection: Http1Connection): void {
    connection.inPool.leave()
    connection.inBudget.leave()
    this.budget.give()
  }

  /** Without a cap there is always room, and nothing to tell. */
  private tellRoom(): void {
    const { hasRoom } = this
    if (hasRoom === this.toldRoom) return
    this.toldRoom = hasRoom
    this.onRoomChange()
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

  /** The backend's name leads elsewhere now. */
  private hasMoved({ wire }: Http1Connection): boolean {
    return wire.resolvedAddress !== undefined && this.name?.hasLeft(wire.resolvedAddress) === true
  }

  /** undefined: the cap is reached, or no descriptor is left. */
  private connect({ connectMs }: BackendTimeouts, client: Peer | undefined): Http1Connection | undefined {
    const { address } = this
    const { maxConnections, manner } = this.policy
    // What is idle for somebody else gives way.
    if (client !== undefined && maxConnections !== undefined && this.size >= maxConnections)
      this.idle.first?.owner.discard()
    if (maxConnections !== undefined && this.size >= maxConnections) return undefined
    if (!this.budget.take()) return undefined
    if (client !== undefined) (this.ofClients ??= new ClientConnections()).welcome(client)
    const connection = new Http1Connection(this, { manner, client })
    this.connections.add(connection)
    // Beside those of another protocol, while that is being left.
    this.counters.connections += 1
    this.dial(address, connection.wire, connectMs, openingFor(manner, client))
    // Where nobody connects any more, since all is kept alive, a name that moves would not be noticed.
    this.unwatch ??= this.name?.watch(() => discardAll(this.idle, (idle) => this.hasMoved(idle)))
    return connection
  }
}

type IsMeant = (connection: Http1Connection) => boolean

function discardAll(list: LinkedList<Http1Connection>, isMeant: IsMeant = () => true): void {
  for (let place = list.first; place !== undefined;) {
    const { owner, next } = place
    if (isMeant(owner)) owner.discard()
    place = next
  }
}
