/**
 * A pool's backends with their connections: who comes is made or taken back, who stays is brought up to date, who goes
 * finishes what it has begun.
 */
import { Backend } from '../backend/backend.ts'
import type { Member } from '../backend/member.ts'
import { reconcile } from '../backend/reconcile.ts'
import type { Clock } from '../clock.ts'
import { Leaving } from '../pool/leaving.ts'
import type { BackendConnections, ConnectionPolicy } from '../outbound/backend-connections.ts'
import { connectionsBy } from '../outbound/connections-by.ts'
import type { NegotiatedPoolOptions } from '../outbound/negotiated-pool.ts'
import type { BackendProtocol } from '../outbound/policy.ts'
import { BackendLatency, type LatencyWindow } from '../observe/histogram.ts'

export interface PoolBackendsOptions {
  readonly clock: Clock
  readonly window: LatencyWindow
  /** What the connections to each are made with. */
  readonly outbound: Omit<NegotiatedPoolOptions, 'address' | 'counters' | 'onRoomChange'>
  /** As the config in force says. */
  readonly policy: (backend: Backend) => ConnectionPolicy
  readonly protocol: () => BackendProtocol | undefined
  /** How long one that goes may finish what it has begun. */
  readonly drainTimeoutMs: () => number
  readonly onRoomChange: (backend: Backend) => void
}

export class PoolBackends {
  /** `byId` as a list; undefined: it has changed since anybody asked. */
  private listed: readonly Backend[] | undefined = undefined
  /** Weak: a backend that has gone stays reachable for as long as an exchange still holds it. Another one with each change of `protocol`. */
  connections = new WeakMap<Backend, BackendConnections>()
  private protocol: BackendProtocol | undefined = undefined
  private readonly options: PoolBackendsOptions
  private byId = new Map<string, Backend>()
  private configured: readonly Member[] = []
  /** Who is there for as long as a deploy wants it, besides those that the config names. */
  private guests: readonly Member[] = []
  /** By id: of these the sources have no say. */
  private settled: ReadonlySet<string> = new Set()
  private readonly foundById = new Map<string, Member>()
  private readonly leaving: Leaving

  constructor(options: PoolBackendsOptions) {
    this.options = options
    this.leaving = new Leaving(options.clock, (backend) => this.connections.get(backend)?.cut())
  }

  /** In the order of the members. Made when it is asked for: of ten thousand that come few at a time it would be made again each time. */
  get list(): readonly Backend[] {
    return (this.listed ??= [...this.byId.values()])
  }

  /** What the pool's sources have found, by id; of one that the config names, too, the config counts. */
  get found(): ReadonlyMap<string, Member> {
    return this.foundById
  }

  /** Those that the config names from now on, under another policy perhaps; whoever was found stays. Returns who has gone. */
  configure(members: readonly Member[], now: number): readonly Backend[] {
    this.configured = members
    return this.settle(now)
  }

  /** These guests and no others; whom the config names is none. Returns who has gone. */
  invite(guests: readonly Member[], now: number): readonly Backend[] {
    this.guests = guests
    return this.settle(now)
  }

  /** Of those, each that has left and not finished. */
  leftOver(ids: readonly string[]): readonly Backend[] {
    return this.leaving.backends.filter(({ id }) => ids.includes(id))
  }

  private settle(now: number): readonly Backend[] {
    const named = new Set(this.configured.map(({ id }) => id))
    const members = [...this.configured, ...this.guests.filter(({ id }) => !named.has(id))]
    this.settled = new Set(members.map(({ id }) => id))
    const found = [...this.foundById.values()].filter(({ id }) => !this.settled.has(id))
    const create = (member: Member): Backend => this.welcome(member, now)
    const { backends, removed } = reconcile(this.list, [...members, ...found], create, now)
    this.listed = backends
    this.byId = new Map(backends.map((backend) => [backend.id, backend]))
    for (const backend of removed) this.letGo(backend)
    this.speak()
    for (const backend of backends) {
      // Of a pool that had retired, also those that stayed are on their way.
      this.leaving.takeBack(backend.id)
      this.bringUpToDate(backend)
      this.keepIdle(backend)
    }
    return removed
  }

  /** A few of the found ones come, are otherwise than before, or go, by id; all others stay as they are. */
  change(put: readonly Member[], gone: readonly string[], now: number) {
    for (const member of put) this.foundById.set(member.id, member)
    for (const id of gone) this.foundById.delete(id)
    const isFree = (id: string): boolean => !this.settled.has(id)
    const removed = gone.filter(isFree).flatMap((id) => this.byId.get(id) ?? [])
    for (const backend of removed) {
      this.byId.delete(backend.id)
      this.letGo(backend)
    }
    const changed = put.filter(({ id }) => isFree(id)).map((member) => this.put(member, now))
    for (const backend of changed) this.keepIdle(backend)
    this.listed = undefined
    return { changed, removed }
  }

  get(id: string): Backend | undefined {
    return this.byId.get(id)
  }

  /** Each finishes what it has begun, and no other is to come. Nobody counts as found: should the pool be back, its sources say who is. */
  retire(): void {
    for (const backend of this.list) this.letGo(backend)
    this.guests = []
    this.foundById.clear()
  }

  /** Whether all that went have finished. */
  get isGone(): boolean {
    return this.leaving.backends.length === 0
  }

  /** Ends everything now. */
  cut(): void {
    for (const backend of [...this.list, ...this.leaving.backends]) {
      this.leaving.takeBack(backend.id)
      this.connections.get(backend)?.cut()
    }
  }

  private put(member: Member, now: number): Backend {
    const known = this.byId.get(member.id)
    known?.configure(member, now)
    const backend = known ?? this.welcome(member, now)
    this.byId.set(backend.id, backend)
    return backend
  }

  /** One that leaves comes back as what it was. */
  private welcome(member: Member, now: number): Backend {
    const back = this.leaving.takeBack(member.id)
    back?.configure(member, now)
    return back ?? this.create(member, now)
  }

  private create(member: Member, now: number): Backend {
    const { window } = this.options
    const backend = new Backend(member, new BackendLatency(window), now)
    this.connectWith(backend)
    return backend
  }

  /** Connections to it as the policy says, from now on. */
  private connectWith(backend: Backend): void {
    const onRoomChange = (): void => this.options.onRoomChange(backend)
    const { address, counters } = backend
    const options = { ...this.options.outbound, address, counters, onRoomChange }
    const policy = this.options.policy(backend)
    const Connections = connectionsBy(policy)
    const connections = new Connections(options, policy)
    this.connections.set(backend, connections)
    backend.room = connections
    backend.onRoomChange = onRoomChange
  }

  /**
   * In another protocol, from the next snapshot on. Requests under way keep to the one before, also when they are tried again: what
   * is kept of their bodies is in its form.
   */
  private speak(): void {
    const protocol = this.options.protocol() ?? 'http/1.1'
    const isFirst = this.protocol === undefined
    if (protocol === this.protocol) return
    this.protocol = protocol
    if (isFirst) return
    const before = this.connections
    this.connections = new WeakMap()
    for (const backend of this.list) {
      before.get(backend)?.keepIdle(false)
      this.connectWith(backend)
    }
    for (const backend of this.leaving.backends) {
      const connections = before.get(backend)
      if (connections !== undefined) this.connections.set(backend, connections)
    }
  }

  /** Also of one that has come back, and was spoken to in another protocol when it left, or is spoken to over TLS from now on. */
  private bringUpToDate(backend: Backend): void {
    const policy = this.options.policy(backend)
    const connections = this.connections.get(backend)
    if (connections === undefined) return
    if (connections.constructor === connectionsBy(policy)) return connections.update(policy)
    connections.keepIdle(false)
    this.connectWith(backend)
  }

  private keepIdle(backend: Backend): void {
    this.connections.get(backend)?.keepIdle(backend.facts.operator.kind === 'active')
  }

  /** No new requests; what is under way may go on for the drain time. */
  private letGo(backend: Backend): void {
    this.connections.get(backend)?.keepIdle(false)
    this.leaving.add(backend, this.options.drainTimeoutMs())
  }
}
