/** A listener at work and who is connected to it. Its settings may change in place; its address is what it is known by. */
import { formatAddress, type SocketAddress } from '../address.ts'
import type { Clock } from '../clock.ts'
import type { Config, ListenerConfig } from '../config/config.ts'
import type { Crowd } from '../inbound/crowd.ts'
import { Greeting, type GreetingEnd } from '../inbound/greeting.ts'
import { speakerOf } from '../inbound/protocols.ts'
import type { ClientConnection, ClientHome, RequestHandler } from '../inbound/request-handler.ts'
import { LinkedList } from '../net/linked-list.ts'
import { type Entrant, type Listener, listen } from '../net/listener.ts'
import type { DescriptorBudget } from '../net/budget.ts'
import type { ReportFault } from '../net/event.ts'
import type { BeginHandshake, HandshakeFacts } from '../net/tls.ts'
import type { Transport } from '../net/transport.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import { type Move, NO_MOVE } from '../part.ts'
import type { PeerFacts } from '../forward/identify.ts'
import { describeClient } from '../forward/client-certificate.ts'
import type { Door } from '../forward/door.ts'
import { Peer, plainFacts } from '../stream/peer.ts'
import type { Holder } from './addresses.ts'
import { doorFor, Doors } from './door.ts'
import { ProxyGate } from './proxy-gate.ts'
import type { TlsFront } from './tls-host.ts'

export interface ListenerServices {
  readonly handler: RequestHandler
  readonly counters: EdgeCounters
  readonly emit: Emit
  readonly transport: Transport
  readonly reportFault: ReportFault
  /** Something of our own is wanting, in words. */
  readonly onShortage: (detail: string) => void
  readonly budget: DescriptorBudget
  readonly clock: Pick<Clock, 'now'>
  /** Told who has to wait. */
  readonly crowd: Crowd
  /** Client connections that may be open at once, on all listeners together. */
  readonly maxConnections: () => number
  /** Whether whoever comes from that address ('' for a Unix socket) is turned away without a word. */
  readonly isUnwanted: (address: string) => boolean
  /** A client has gone. */
  readonly onClosed: () => void
  readonly tls: {
    /** What a listener that ends TLS has for it; undefined: it does not. */
    front(listener: string): TlsFront | undefined
    /** Whether clients have to show something of themselves, or may, at any listener. */
    readonly asksClients: boolean
  }
  readonly beginHandshake: BeginHandshake
}

/** Handshakes that came to nothing. */
const COUNTED_AS = {
  failed: 'handshakesFailed',
  plain: 'handshakesPlain',
  late: 'handshakesLate',
  crowded: 'handshakesCrowded',
  certificate: 'handshakesUnvouched',
} as const satisfies Record<GreetingEnd, keyof EdgeCounters>

/** How long who comes is kept waiting at the cap, before they are told to come again. */
const PATIENCE_MS = 1000

export class RunningListener implements ClientHome<ClientConnection>, Holder {
  readonly clients = new Set<ClientConnection>()
  onAccepted: (() => void) | undefined = undefined
  private readonly services: ListenerServices
  private settings: ListenerConfig
  private readonly doors = new Doors()
  private readonly proxies: ProxyGate
  /** The last one while it is shut. */
  private listener: Listener
  /** Oldest first. */
  private readonly greetings = new LinkedList<Greeting>()
  private isShut = false
  private isLettingGo = false
  /** Whether the last client was turned away: the cap is told of once each time it is reached. */
  private isFull = false
  /** Since when nobody more may come in; undefined: somebody may. */
  private fullSince: number | undefined = undefined

  /** Throws StartError when the address can't be had. */
  constructor(config: ListenerConfig, services: ListenerServices) {
    this.settings = config
    this.services = services
    this.proxies = new ProxyGate(config, services)
    this.listener = this.listen(config, config.address)
  }

  get config(): ListenerConfig {
    return this.settings
  }

  get title(): string {
    return `listener "${this.settings.name}"`
  }

  /** With the real port where 0 was asked for. */
  get address(): SocketAddress {
    return this.listener.address
  }

  get addresses(): readonly SocketAddress[] {
    return this.isShut ? [] : this.listener.bound
  }

  isWantedBy({ listeners }: Config): boolean {
    return !this.isLettingGo && listeners.some((listener) => keyOf(listener) === keyOf(this.settings))
  }

  /**
   * Other settings for the same address. Who is connected stays; a setting that only binding takes has the address bound
   * anew, which is tried at once. Throws StartError when that fails, and everything is as before.
   */
  prepare(config: ListenerConfig): Move {
    const before = this.settings
    const commit = (): void => {
      this.settings = config
      if (isOtherwise(config, before)) for (const client of this.clients) client.letGo()
      this.proxies.update(config)
      if (config.mode !== before.mode) this.guard(() => this.listener.setMode(config.mode))
      if (!this.isShut) this.guard(() => this.listener.setDeferAccept(config.deferAccept))
    }
    if (config.reusePort === before.reusePort) return { ...NO_MOVE, commit }
    this.rebind(config, before)
    return { ...NO_MOVE, commit, abandon: () => this.guard(() => this.rebind(before, config)) }
  }

  countQueued(): number {
    return this.isShut ? 0 : this.listener.countQueued()
  }

  keepOut(): void {
    if (!this.isShut) this.listener.keepOut()
  }

  shut(): void {
    if (this.isShut) return
    this.isShut = true
    this.listener.stop()
  }

  reopen(): void {
    if (!this.isShut) return
    this.listener = this.listen(this.settings, this.address)
    this.isShut = false
  }

  /** Every client is answered once more at most, those that still come in too: at once, since to shut this resets who is kept waiting for its first bytes. */
  letGo(): void {
    this.isLettingGo = true
    if (!this.isShut) this.guard(() => this.listener.setDeferAccept(false))
    for (const client of this.clients) client.letGo()
  }

  /** Ends every connection with a reset. */
  cut(): void {
    for (const client of this.clients) client.wire.destroy()
  }

  onClosed(client: ClientConnection): void {
    this.services.counters.connectionsOpen -= 1
    this.services.budget.give()
    this.clients.delete(client)
    if (this.fullSince !== undefined && !this.isShut) this.listener.goOn()
    this.services.onClosed()
  }

  /** Who takes the socket of a client that has come in; undefined when the cap is reached, and 'unwanted' when it is kept out, or waits for TLS and would take our words for none. */
  private accept(address: string): Entrant | 'unwanted' | undefined {
    const expected = this.proxies.expected(address)
    if (expected === 'refused') return this.proxies.turnAway(address)
    if (this.services.isUnwanted(address)) return 'unwanted'
    if (!this.admits()) return this.settings.tls === undefined ? undefined : 'unwanted'
    const { counters } = this.services
    counters.connectionsAccepted += 1
    counters.connectionsOpen += 1
    return this.add(expected === 'header' ? this.readProxy(address) : this.enter(plainFacts(address))).wire
  }

  /** Who speaks with a client of whom so much is known before it has said a word. */
  private enter(facts: PeerFacts): ClientConnection {
    const front = this.settings.tls && this.services.tls.front(this.settings.name)
    if (front !== undefined) return this.greet(facts, front)
    // A default, where nothing was agreed on, is always spoken.
    return this.speak({ ...facts, door: this.door }) as ClientConnection
  }

  /** Who it is stands in its first bytes. */
  private readProxy(address: string): ClientConnection {
    const greeting: ClientConnection = this.proxies.greet(address, (arrival) => {
      this.clients.delete(greeting)
      if (arrival !== undefined && !this.services.isUnwanted(arrival.facts.address))
        return this.add(this.enter(arrival.facts)).wire.take(arrival.socket, arrival.early)
      arrival?.socket.terminate()
      this.onClosed(greeting)
    })
    return greeting
  }

  private add(client: ClientConnection): ClientConnection {
    this.clients.add(client)
    if (this.isLettingGo) client.letGo()
    return client
  }

  /** undefined: nobody reads what was agreed on. */
  private speak(facts: PeerFacts): ClientConnection | undefined {
    return speakerOf(facts.protocol)?.(this.services.handler, this, new Peer(facts))
  }

  /** Its handshake comes first. */
  private greet(known: PeerFacts, front: TlsFront): Greeting {
    const { beginHandshake: begin, counters, handler } = this.services
    counters.handshakesOpen += 1
    const greeting: Greeting = new Greeting({ begin, handler, underWay: this.greetings }, front, {
      onFailed: (how) => this.onGreetingFailed(greeting, how),
      onSecure: (socket, facts) => {
        this.countHandshake('handshakes')
        if (facts.isResumed) counters.handshakesResumed += 1
        const client = this.speak(this.factsOf(known, facts, front))
        this.clients.delete(greeting)
        if (client !== undefined) return this.add(client).wire.take(socket)
        socket.end()
        this.onClosed(greeting)
      },
    })
    return greeting
  }

  private factsOf(
    known: PeerFacts,
    { serverName, protocol, certificate: x509 }: HandshakeFacts,
    { store }: TlsFront,
  ): PeerFacts {
    const certificate = x509 && describeClient(x509)
    const rule = store.clientsRule(serverName ?? '')
    const door = doorFor(this.door, { store, rule, certificate })
    return { ...known, scheme: 'https', serverName, protocol, certificate, door }
  }

  /** What is done with all requests that come in here. */
  private get door(): Door | undefined {
    return this.doors.of(this.settings, this.services.tls.asksClients)
  }

  private onGreetingFailed(greeting: Greeting, how: GreetingEnd): void {
    this.countHandshake(COUNTED_AS[how])
    this.onClosed(greeting)
  }

  private countHandshake(as: 'handshakes' | (typeof COUNTED_AS)[GreetingEnd]): void {
    this.services.counters.handshakesOpen -= 1
    this.services.counters[as] += 1
  }

  /** At the cap, or short of descriptors, only where somebody idle may give way, or whoever comes has waited for long enough to be turned away. */
  private hasRoom(): boolean {
    const { budget, clock, counters, maxConnections } = this.services
    if (counters.connectionsOpen < maxConnections() ? budget.hasRoom : budget.hasIdleClient) return true
    return this.fullSince !== undefined && clock.now() - this.fullSince >= PATIENCE_MS
  }

  /** Until one of those connected has had its response, which ends its connection meanwhile. */
  private onWaiting(): void {
    this.fullSince ??= this.services.clock.now()
    this.services.crowd.note()
    this.tellFull()
  }

  /** At the cap, the client that has been idle longest gives way; false: nobody may. */
  private admits(): boolean {
    const { budget, counters, maxConnections } = this.services
    const hasRoom = counters.connectionsOpen < maxConnections()
    if ((hasRoom || this.evicts()) && budget.take()) {
      if (hasRoom) this.isFull = false
      this.fullSince = undefined
      return true
    }
    counters.connectionsRefused += 1
    this.tellFull()
    return false
  }

  private evicts(): boolean {
    const hasLeft = this.services.budget.dropIdleClient()
    if (hasLeft) this.services.counters.connectionsEvicted += 1
    return hasLeft
  }

  private tellFull(): void {
    const { counters, emit, maxConnections } = this.services
    if (!this.isFull) emit({ kind: 'connection-limit', limit: Math.min(maxConnections(), counters.connectionsOpen) })
    this.isFull = true
  }

  /** Throws when it cannot be had as `next`; it listens as before then. */
  private rebind(next: ListenerConfig, before: ListenerConfig): void {
    if (this.isShut) return
    const { address } = this
    const open = (config: ListenerConfig): void => {
      this.listener = this.listen(config, address)
      this.isShut = false
    }
    this.shut()
    try {
      open(next)
    } catch (error) {
      open(before)
      throw error
    }
  }

  /** Where nothing may fail, a failure is told. */
  private guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.services.reportFault(error)
    }
  }

  private listen({ reusePort, deferAccept, mode }: ListenerConfig, address: SocketAddress): Listener {
    const { transport, budget, reportFault } = this.services
    const accept = (peer: string): Entrant | 'unwanted' | undefined => {
      const entrant = this.accept(peer)
      this.onAccepted?.()
      return entrant
    }
    const onShortage = (detail: string): boolean => {
      if (budget.relieve()) return true
      this.services.onShortage(detail)
      return false
    }
    const room = { hasRoom: () => this.hasRoom(), onWaiting: () => this.onWaiting() }
    return listen({ transport, address, reusePort, deferAccept, mode, accept, room, onShortage, reportFault })
  }
}

/** Whether who has come under the one would have had to say another thing of itself, or to say it otherwise, under the other. */
const isOtherwise = ({ tls }: ListenerConfig, { tls: before }: ListenerConfig): boolean =>
  (tls === undefined) !== (before === undefined) || !Bun.deepEquals(tls?.clients, before?.clients)

/** By address, since that is what clients are connected to. Two may both ask the system for a port: names tell those apart. */
export function keyOf({ name, address }: ListenerConfig): string {
  const isSystemChosen = address.kind === 'tcp' && address.port === 0
  return isSystemChosen ? `${formatAddress(address)} ${name}` : formatAddress(address)
}
