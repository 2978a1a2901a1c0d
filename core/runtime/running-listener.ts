/** A listener at work and who is connected to it. Its settings may change in place; its address is what it is known by. */
import { formatAddress, type SocketAddress } from '../address.ts'
import type { Config, ListenerConfig } from '../config/config.ts'
import { Http1Connection } from '../inbound/http1-connection.ts'
import type { ClientHome, RequestHandler } from '../inbound/request-handler.ts'

import { type Listener, listen } from '../net/listener.ts'
import type { DescriptorBudget } from '../net/budget.ts'
import type { ReportFault } from '../net/event.ts'
import type { Transport } from '../net/transport.ts'
import type { Wire } from '../net/wire.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import { type Move, NO_MOVE } from '../part.ts'
import { Peer } from '../stream/peer.ts'
import type { Holder } from './addresses.ts'

export interface ListenerServices {
  readonly handler: RequestHandler
  readonly counters: EdgeCounters
  readonly emit: Emit
  readonly transport: Transport
  readonly reportFault: ReportFault
  /** Something of our own is wanting, in words. */
  readonly onShortage: (detail: string) => void
  readonly budget: DescriptorBudget
  /** Client connections that may be open at once, on all listeners together. */
  readonly maxConnections: () => number
  /** Whether whoever comes from that address ('' for a Unix socket) is turned away without a word. */
  readonly isUnwanted: (address: string) => boolean
  /** A client has gone. */
  readonly onClosed: () => void
}

export class RunningListener implements ClientHome<Http1Connection>, Holder {
  readonly clients = new Set<Http1Connection>()
  onAccepted: (() => void) | undefined = undefined
  private readonly services: ListenerServices
  private settings: ListenerConfig
  /** The last one while it is shut. */
  private listener: Listener
  private isShut = false
  private isLettingGo = false
  /** Whether the last client was turned away: the cap is told of once each time it is reached. */
  private isFull = false

  /** Throws StartError when the address can't be had. */
  constructor(config: ListenerConfig, services: ListenerServices) {
    this.settings = config
    this.services = services
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
      if (config.mode !== before.mode) this.guard(() => this.listener.setMode(config.mode))
    }
    if (config.reusePort === before.reusePort && config.deferAccept === before.deferAccept)
      return { ...NO_MOVE, commit }
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

  /** Every client is answered once more at most, those that still come in too. */
  letGo(): void {
    this.isLettingGo = true
    for (const client of this.clients) client.letGo()
  }

  /** Ends every connection with a reset. */
  cut(): void {
    for (const client of this.clients) client.wire.destroy()
  }

  onClosed(client: Http1Connection): void {
    this.services.counters.connectionsOpen -= 1
    this.services.budget.give()
    this.clients.delete(client)
    this.services.onClosed()
  }

  /** A wire for a client that has come in; undefined when the cap is reached, and 'unwanted' when it is kept out. */
  private accept(address: string): Wire | 'unwanted' | undefined {
    if (this.services.isUnwanted(address)) return 'unwanted'
    if (!this.admits()) return undefined
    const { counters, handler } = this.services
    counters.connectionsAccepted += 1
    counters.connectionsOpen += 1
    const peer = new Peer({ address, scheme: 'http', serverName: undefined, certificate: undefined })
    const client = new Http1Connection(handler, this, peer)
    this.clients.add(client)
    if (this.isLettingGo) client.letGo()
    return client.wire
  }

  /** At the cap, the client that has been idle longest gives way. */
  private admits(): boolean {
    const { budget, counters, emit, maxConnections } = this.services
    const limit = maxConnections()
    if ((counters.connectionsOpen < limit || budget.dropIdleClient()) && budget.take()) {
      this.isFull = false
      return true
    }
    counters.connectionsRefused += 1
    if (!this.isFull) emit({ kind: 'connection-limit', limit: Math.min(limit, counters.connectionsOpen) })
    this.isFull = true
    return false
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
    const accept = (peer: string): Wire | 'unwanted' | undefined => {
      const wire = this.accept(peer)
      this.onAccepted?.()
      return wire
    }
    const onShortage = (detail: string): boolean => {
      if (budget.relieve()) return true
      this.services.onShortage(detail)
      return false
    }
    return listen({ transport, address, reusePort, deferAccept, mode, accept, onShortage, reportFault })
  }
}

/** By address, since that is what clients are connected to. Two may both ask the system for a port: names tell those apart. */
export function keyOf({ name, address }: ListenerConfig): string {
  const isSystemChosen = address.kind === 'tcp' && address.port === 0
  return isSystemChosen ? `${formatAddress(address)} ${name}` : formatAddress(address)
}
