/**
 * A client that has come in over TLS, until its handshake is done: it has a time for it, and gives way to newcomers where too
 * many are under way, the one that has taken longest first.
 */
import { type LinkedList, Place } from '../net/linked-list.ts'
import { type TimerEntry, unarmed } from '../net/timer-wheel.ts'
import type { BeginHandshake, Handshake, HandshakeEvents, HandshakeFailure, HandshakeTerms } from '../net/tls.ts'
import type { OwnedSocket } from '../net/wire-socket.ts'
import { Idling, type IdlingServices, SLOW_LINE_MS } from './idling.ts'
import type { ClientConnection } from './request-handler.ts'

export interface GreetingServices {
  readonly begin: BeginHandshake
  readonly handler: IdlingServices
  /** Of this listener, oldest first. */
  readonly underWay: LinkedList<Greeting>
}

/** What a listener asks of handshakes. */
export interface GreetingRules {
  readonly terms: HandshakeTerms
  readonly timeoutMs: number
  /** Under way at once, at least 1. */
  readonly max: number
}

/** Why it came to nothing. */
export type GreetingEnd = HandshakeFailure | 'late' | 'crowded'

export interface GreetingEvents {
  readonly onSecure: HandshakeEvents['onSecure']
  readonly onFailed: (how: GreetingEnd) => void
}

export class Greeting implements ClientConnection, TimerEntry {
  readonly timer = unarmed()
  readonly isTunnel = false
  private readonly services: GreetingServices
  private readonly rules: GreetingRules
  private readonly events: GreetingEvents
  private readonly place = new Place<Greeting>(this)
  private readonly idling: Idling
  private handshake: Handshake | undefined = undefined

  constructor(services: GreetingServices, rules: GreetingRules, events: GreetingEvents) {
    this.services = services
    this.rules = rules
    this.events = events
    const { handler } = services
    this.idling = new Idling({ handler, wire: undefined, giveWay: () => this.giveUp('crowded') })
  }

  get wire(): this {
    return this
  }

  take(socket: OwnedSocket, early?: Buffer): void {
    const { begin, underWay, handler } = this.services
    const { max, terms, timeoutMs } = this.rules
    if (underWay.size >= max) underWay.first?.owner.giveUp('crowded')
    underWay.append(this.place)
    this.idling.begin(SLOW_LINE_MS)
    handler.wheel.arm(this, timeoutMs)
    const events: HandshakeEvents = {
      onSecure: (secure, facts) => {
        this.leave()
        this.events.onSecure(secure, facts)
      },
      onFailed: (how) => {
        this.leave()
        this.events.onFailed(how)
      },
    }
    this.handshake = begin(socket, terms, events, early)
  }

  /** It goes on as a connection that is let go. */
  letGo(): void {}

  destroy(): void {
    this.giveUp('failed')
  }

  onTimeout(): void {
    this.giveUp('late')
  }

  private giveUp(how: GreetingEnd): void {
    this.leave()
    this.handshake?.cancel()
    this.events.onFailed(how)
  }

  private leave(): void {
    this.place.leave()
    this.idling.end()
    this.services.handler.wheel.remove(this)
  }
}
