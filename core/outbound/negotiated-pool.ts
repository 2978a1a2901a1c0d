/**
 * The connections to one backend that says in each handshake what it speaks: HTTP/2 or HTTP/1.1. A request for which nothing
 * is open waits; whichever connection comes first is given to whoever has waited longest, and one in HTTP/2 to all. How many
 * handshakes are under way for those who wait goes by what the last one has shown (`handshakesFor`), so that neither does a
 * backend of HTTP/2 get one for each request, nor does one of HTTP/1.1 have requests wait for one after the other.
 */
import { EITHER, HTTP_1_1 } from '../net/alpn.ts'
import { LinkedList } from '../net/linked-list.ts'
import type { Protocol } from '../net/opening.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { ConnectFailure } from '../net/wire-owner.ts'
import type { BackendStream, StreamChoice, StreamOpener } from '../stream/backend-stream.ts'
import type { BackendConnections, ConnectionPolicy } from './backend-connections.ts'
import { Http1Pool, type Http1PoolOptions } from './http1-pool.ts'
import { Http2Pool, type Http2PoolOptions } from './http2-pool.ts'
import type { Http2Stream } from './http2-stream.ts'
import { openingFor } from './manner.ts'
import { Negotiation, type NegotiationOwner } from './negotiation.ts'
import { OpenConnections } from './open-connections.ts'
import { MAX_STREAMS } from './stream-room.ts'
import { waitInsteadOf, type WaitingOwner, WaitingStream } from './waiting-stream.ts'
import { NO_DESCRIPTOR, TIME_OVER } from './words.ts'

export type NegotiatedPoolOptions = Http1PoolOptions & Http2PoolOptions

/** With one, a lost packet would hold up everybody; more are in vain where it turns out to be HTTP/2. */
const UNKNOWN_AT_ONCE = 4

/**
 * Under way at once while so many requests wait; `known`: what the backend has last picked, undefined: nothing yet; `streams`:
 * how many it takes over one connection in HTTP/2.
 */
export function handshakesFor(waiting: number, known: Protocol | undefined, streams = MAX_STREAMS): number {
  if (known === 'h2') return Math.ceil(waiting / streams)
  return known === undefined ? Math.min(waiting, UNKNOWN_AT_ONCE) : waiting
}

/** They open none by themselves. */
const within = (policy: ConnectionPolicy): ConnectionPolicy => ({ ...policy, maxConnections: 0 })

export class NegotiatedPool implements BackendConnections, NegotiationOwner, WaitingOwner {
  readonly wheel: TimerWheel
  readonly forUpgrades: StreamOpener
  private readonly options: NegotiatedPoolOptions
  private readonly http1: Http1Pool
  private readonly http2: Http2Pool
  private readonly handshakes: OpenConnections<Negotiation>
  /** Those of them that are for whoever waits. */
  private readonly shared = new LinkedList<Negotiation>()
  private readonly waiting = new LinkedList<WaitingStream>()
  private policy: ConnectionPolicy
  private known: Protocol | undefined = undefined
  private isDue = false
  private readonly serving = { onTurn: (): void => this.onTurn() }

  constructor(options: NegotiatedPoolOptions, policy: ConnectionPolicy) {
    const onChange = (): void => this.onChange()
    const inner = { ...options, onRoomChange: onChange, onGone: onChange }
    this.wheel = options.wheel
    this.options = options
    this.policy = policy
    this.http1 = new Http1Pool(inner, within(policy))
    this.http2 = new Http2Pool({ ...inner, takeBack: (stream) => this.takeBack(stream) }, within(policy))
    this.handshakes = new OpenConnections(options, () => undefined)
    this.forUpgrades = {
      open: (choice, timeouts = this.timeouts) => this.openForUpgrade(choice, timeouts),
    }
  }

  /** Open or being opened, idle ones included. */
  get size(): number {
    return this.http1.size + this.http2.size + this.handshakes.size
  }

  get hasRoom(): boolean {
    return this.http2.hasRoom || this.http1.hasRoom || this.mayWait
  }

  open(choice: StreamChoice, timeouts = this.timeouts): BackendStream | undefined {
    const stream = this.openNow(choice, timeouts) ?? this.openLater(choice, timeouts)
    this.handshakes.tellRoom(this.hasRoom)
    return stream
  }

  update(policy: ConnectionPolicy): void {
    const isOther = policy.manner !== this.policy.manner
    this.policy = policy
    this.http1.update(within(policy))
    this.http2.update(within(policy))
    if (isOther) this.giveUpBeyond(0)
    this.serve()
    this.handshakes.tellRoom(this.hasRoom)
  }

  keepIdle(keepsIdle: boolean): void {
    this.http1.keepIdle(keepsIdle)
    this.http2.keepIdle(keepsIdle)
  }

  cut(): number {
    let cut = this.http1.cut() + this.http2.cut()
    for (const handshake of Array.from(this.handshakes.open)) {
      this.giveUp(handshake)
      if (handshake.purpose.reserved === undefined) continue
      handshake.purpose.reserved.lose('reset', TIME_OVER)
      cut += 1
    }
    for (let place = this.waiting.first; place !== undefined; place = this.waiting.first, cut += 1)
      place.owner.lose('reset', TIME_OVER)
    this.handshakes.tellRoom(this.hasRoom)
    return cut
  }

  // Handshakes tell.

  onAgreed(handshake: Negotiation, protocol: Protocol): void {
    this.handshakes.release(handshake)
    if (handshake.purpose.offers === EITHER) this.known = protocol
    if (protocol === 'h2') this.takeHttp2(handshake)
    else this.takeHttp1(handshake)
    this.serve()
    // One that has served all makes those beside it needless; those of HTTP/1.1 will serve somebody yet.
    if (protocol === 'h2') this.giveUpBeyond(this.wanted)
    this.handshakes.tellRoom(this.hasRoom)
  }

  /** Each stands for its part of those who wait, who go elsewhere. */
  onRefused(handshake: Negotiation, failure: ConnectFailure): void {
    const { reserved } = handshake.purpose
    const part = reserved === undefined ? Math.ceil(this.waiting.size / this.shared.size) : 0
    const failed = reserved === undefined ? this.longestWaiting(part) : [reserved]
    this.forget(handshake)
    for (const stream of failed) stream.place.leave()
    // Its place is free before anybody tries again.
    this.handshakes.tellRoom(this.hasRoom)
    for (const stream of failed) stream.fail(failure)
  }

  onDiscarded(handshake: Negotiation): void {
    this.giveUp(handshake)
  }

  // Those who wait tell.

  onLeft(stream: WaitingStream): void {
    if (stream.choice === 'fresh')
      for (const handshake of Array.from(this.handshakes.open))
        if (handshake.purpose.reserved === stream) this.giveUp(handshake)
    this.giveUpBeyond(this.wanted)
    this.handshakes.tellRoom(this.hasRoom)
  }

  private get timeouts(): BackendTimeouts {
    return this.policy.timeouts
  }

  private get wanted(): number {
    return handshakesFor(this.waiting.size, this.known, this.http2.knownStreams)
  }

  private get mayConnect(): boolean {
    const { maxConnections } = this.policy
    return maxConnections === undefined || this.size < maxConnections
  }

  /** One more, who would get a connection of its own under the cap, should it be HTTP/1.1 after all. */
  private get mayWait(): boolean {
    const { maxConnections } = this.policy
    if (maxConnections === undefined) return true
    const waiting = this.waiting.size + 1
    const needed = this.known === 'h2' ? handshakesFor(waiting, this.known, this.http2.knownStreams) : waiting
    return this.http1.size + this.http2.size + Math.max(this.handshakes.size, needed) <= maxConnections
  }

  /** Over a connection that is open. */
  private openNow(choice: StreamChoice, timeouts: BackendTimeouts): BackendStream | undefined {
    if (choice === 'fresh') return undefined
    return this.http2.open(choice, timeouts) ?? this.http1.open(choice, timeouts)
  }

  private openLater(choice: StreamChoice, timeouts: BackendTimeouts): BackendStream | undefined {
    if (choice === 'fresh') return this.openAlone(timeouts, EITHER)
    if (!this.mayWait) return undefined
    const stream = new WaitingStream(this, { choice, timeouts })
    this.waiting.append(stream.place)
    const isServed = this.shared.size >= this.wanted || this.connect(EITHER, timeouts)
    if (isServed || this.shared.size > 0) return stream
    stream.abort()
    return undefined
  }

  private openForUpgrade(choice: StreamChoice, timeouts: BackendTimeouts): BackendStream | undefined {
    const open = choice === 'fresh' ? undefined : this.http1.open(choice, timeouts)
    if (open === undefined && !this.mayConnect) this.http2.discardIdle()
    const stream = open ?? this.openAlone(timeouts, HTTP_1_1)
    this.handshakes.tellRoom(this.hasRoom)
    return stream
  }

  /** Over a connection that is opened for it. */
  private openAlone(timeouts: BackendTimeouts, offers: readonly Protocol[]): BackendStream | undefined {
    const stream = new WaitingStream(this, { choice: 'fresh', timeouts })
    if (this.connect(offers, timeouts, stream)) return stream
    stream.abort()
    return undefined
  }

  /** Begins a handshake; false: the cap is reached, or no descriptor is left. */
  private connect(offers: readonly Protocol[], { connectMs }: BackendTimeouts, reserved?: WaitingStream): boolean {
    const { manner } = this.policy
    if (!this.mayConnect || !this.options.budget.take()) return false
    const handshake = new Negotiation(this, { offers, manner, reserved })
    if (reserved === undefined) this.shared.append(handshake.inPool)
    this.handshakes.begin(handshake, connectMs, openingFor(manner, undefined, offers))
    return true
  }

  private takeHttp1({ wire, purpose: { manner, reserved } }: Negotiation): void {
    const connection = this.http1.adopt(wire, { manner })
    const stream = reserved ?? this.waiting.first?.owner
    if (stream !== undefined) {
      connection.timeouts = stream.timeouts
      stream.moveTo(connection)
    }
    connection.onOpen()
    // Whoever it was opened for has got another.
    if (stream === undefined) this.http1.keep(connection)
  }

  private takeHttp2({ wire, purpose: { manner, reserved } }: Negotiation): void {
    const connection = this.http2.adopt(wire)
    reserved?.moveTo(connection.open(reserved.timeouts))
    for (let next = this.waiting.first; next !== undefined && connection.hasRoom; next = this.waiting.first)
      next.owner.moveTo(connection.open(next.owner.timeouts))
    connection.onOpen()
    // Begun otherwise than it is to now, it serves whom it was opened for.
    if (manner !== this.policy.manner) connection.leave()
    else if (connection.load === 0) this.http2.onFreed(connection)
  }

  /** Gives what is open to those who wait, and has more opened for who is left. */
  private serve(): void {
    for (let next = this.waiting.first; next !== undefined; next = this.waiting.first) {
      const { owner } = next
      const stream = this.openNow(owner.choice, owner.timeouts)
      if (stream === undefined) break
      const { sink } = owner
      owner.moveTo(stream)
      if (stream.isReused) sink?.onConnected()
    }
    while (this.shared.size < this.wanted && this.mayConnect)
      if (!this.connect(EITHER, this.timeouts)) return this.failForLackOfOurs()
  }

  private failForLackOfOurs(): void {
    if (this.shared.size > 0) return
    for (const stream of this.longestWaiting(this.waiting.size)) stream.fail(NO_DESCRIPTOR)
  }

  private longestWaiting(count: number): WaitingStream[] {
    const found: WaitingStream[] = []
    for (let place = this.waiting.first; place !== undefined && found.length < count; place = place.next)
      found.push(place.owner)
    return found
  }

  /** A connection has turned out to take fewer streams than were given to it. */
  private takeBack(stream: Http2Stream): void {
    this.waiting.append(waitInsteadOf(stream, this).place)
    this.onChange()
  }

  /** Something has been freed, or has gone. Behind this event, in which it may still be on its way. */
  private onChange(): void {
    this.handshakes.tellRoom(this.hasRoom)
    if (this.isDue || this.waiting.size === 0) return
    this.isDue = true
    this.options.turns.next(this.serving)
  }

  private onTurn(): void {
    this.isDue = false
    this.serve()
  }

  /** The newest go first: they have come least far. */
  private giveUpBeyond(count: number): void {
    while (this.shared.last !== undefined && this.shared.size > count) this.giveUp(this.shared.last.owner)
  }

  private giveUp(handshake: Negotiation): void {
    handshake.wire.destroy()
    this.forget(handshake)
  }

  private forget(handshake: Negotiation): void {
    this.handshakes.gone(handshake)
    this.handshakes.closed(handshake)
  }
}
