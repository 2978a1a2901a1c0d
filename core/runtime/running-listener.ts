/** A listener at work and who is connected to it. Its settings may change in place; its address is what it is known by. */
import type { ListenAddress, SocketAddress } from '../address.ts'
import type { Config, ListenerConfig } from '../config/config.ts'
import { Greeting, type GreetingEnd } from '../inbound/greeting.ts'
import { type ChooseSpeaker, plainSpeaker, speakerOf } from '../inbound/protocols.ts'
import type { ClientConnection } from '../inbound/request-handler.ts'
import { TcpConnection, type TcpHome } from '../inbound/tcp-connection.ts'
import { LinkedList } from '../net/linked-list.ts'
import { type Entrant, type Listener, listen } from '../net/listener.ts'
import type { HandshakeFacts } from '../net/tls.ts'
import { failedHandshakeBy } from '../observe/counters.ts'
import { type Move, NO_MOVE } from '../part.ts'
import type { PeerFacts } from '../forward/identify.ts'
import { describeClient } from '../forward/client-certificate.ts'
import type { Door } from '../forward/door.ts'
import { Peer, plainFacts } from '../stream/peer.ts'
import type { ClientsRule } from '../tls/certificate-store.ts'
import type { ListenerAtWork, ListenerServices } from './listener-services.ts'
import { isOtherwise, keyOf, takesBinding } from './listener-places.ts'
import { doorFor, Doors } from './door.ts'
import { ProxyGate } from './proxy-gate.ts'
import type { TlsFront } from './tls-host.ts'

/** How long who comes is kept waiting at the cap, before they are told to come again. */
const PATIENCE_MS = 1000

export class RunningListener implements TcpHome<ClientConnection>, ListenerAtWork {
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

  get name(): string {
    return this.settings.name
  }

  get title(): string {
    return `listener "${this.settings.name}"`
  }

  /** With the real port where 0 was asked for. */
  get address(): SocketAddress {
    return this.listener.address
  }

  /** Where it is to listen again. */
  private get asked(): ListenAddress {
    const { address } = this.settings
    return address.kind === 'systemd' ? address : this.address
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
      const { permissions } = config
      if (permissions !== before.permissions) this.guard(() => this.listener.setPermissions(permissions))
      if (this.isShut) return
      this.guard(() => this.listener.setDeferAccept(config.deferAccept))
      const { options = {} } = config
      if (!Bun.deepEquals(options, before.options ?? {})) this.guard(() => this.listener.setOptions(options))
    }
    if (!takesBinding(before, config)) return { ...NO_MOVE, commit }
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
    this.listener = this.listen(this.settings, this.asked)
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
    // A word would be taken for the protocol's own.
    if (!this.admits()) return this.settings.mode === 'http' && this.settings.tls === undefined ? undefined : 'unwanted'
    const { counters } = this.services
    counters.connectionsAccepted += 1
    counters.connectionsOpen += 1
    return this.add(expected === 'header' ? this.readProxy(address) : this.enter(plainFacts(address))).wire
  }

  /** Who speaks with a client of whom so much is known before it has said a word. */
  private enter(facts: PeerFacts): ClientConnection {
    const front = this.settings.tls && this.services.tls.front(this.settings.name)
    if (front !== undefined) return this.greet(facts, front)
    return this.speak({ ...facts, door: this.door }, plainSpeaker) as ClientConnection
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
  private speak(facts: PeerFacts, choose: ChooseSpeaker): ClientConnection | undefined {
    const { handler } = this.services
    const { mode, http2 } = this.settings
    const peer = new Peer(facts)
    return mode === 'http'
      ? choose(facts.protocol, http2)?.(handler, this, peer)
      : new TcpConnection(handler, this, peer, mode)
  }

  /** Its handshake comes first. */
  private greet(known: PeerFacts, front: TlsFront): Greeting {
    const { beginHandshake: begin, counters, handler } = this.services
    counters.handshakesOpen += 1
    const greeting: Greeting = new Greeting({ begin, handler, underWay: this.greetings }, front, {
      onFailed: (how) => {
        this.countHandshake(failedHandshakeBy[how])
        this.onClosed(greeting)
      },
      onSecure: (socket, facts) => {
        this.countHandshake('handshakes')
        if (facts.isResumed) counters.handshakesResumed += 1
        const client = this.speak(this.factsOf(known, facts, front), speakerOf)
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
    { serverName, protocol, certificate: x509, rule }: HandshakeFacts,
    { store }: TlsFront,
  ): PeerFacts {
    const certificate = x509 && describeClient(x509)
    const door = doorFor(this.door, { store, rule: rule as ClientsRule | undefined, certificate })
    return { ...known, scheme: 'https', serverName, protocol, certificate, door }
  }

  /** What is done with all requests that come in here. */
  private get door(): Door | undefined {
    return this.doors.of(this.settings, this.services.tls.asksClients)
  }

  private countHandshake(as: 'handshakes' | (typeof failedHandshakeBy)[GreetingEnd]): void {
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
    const { asked } = this
    const open = (config: ListenerConfig): void => {
      this.listener = this.listen(config, asked)
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

  private listen(config: ListenerConfig, address: ListenAddress): Listener {
    const { reusePort, deferAccept, permissions, options } = config
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
    const manner = { reusePort, deferAccept, permissions, options }
    return listen({ transport, address, ...manner, accept, room, onShortage, reportFault })
  }
}
