/** A connection that is being opened and has yet to agree on what it speaks (ALPN, RFC 7301). */
import type { Idle } from '../net/budget.ts'
import { Place } from '../net/linked-list.ts'
import type { Protocol } from '../net/opening.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import { Wire } from '../net/wire.ts'
import type { ConnectFailure, WireOwner } from '../net/wire-owner.ts'
import type { Manner } from './manner.ts'
import type { WaitingStream } from './waiting-stream.ts'

export interface NegotiationOwner {
  readonly wheel: TimerWheel
  /** It is open, and its wire is for somebody else to own from now on. */
  onAgreed(negotiation: Negotiation, protocol: Protocol): void
  onRefused(negotiation: Negotiation, failure: ConnectFailure): void
  /** It is to be given up. */
  onDiscarded(negotiation: Negotiation): void
}

export interface Purpose {
  readonly offers: readonly Protocol[]
  readonly manner: Manner | undefined
  /** Who gets it; undefined: whoever has waited longest. */
  readonly reserved: WaitingStream | undefined
}

export class Negotiation implements WireOwner, Idle {
  readonly wire: Wire
  readonly purpose: Purpose
  readonly inPool = new Place<Negotiation>(this)
  readonly inBudget = new Place<Idle>(this)
  private readonly owner: NegotiationOwner

  constructor(owner: NegotiationOwner, purpose: Purpose) {
    this.owner = owner
    this.purpose = purpose
    this.wire = new Wire(this, owner.wheel)
  }

  discard(): void {
    this.owner.onDiscarded(this)
  }

  onOpen(agreed: Protocol = 'http/1.1'): void {
    this.owner.onAgreed(this, agreed)
  }

  onConnectError(failure: ConnectFailure): void {
    this.owner.onRefused(this, failure)
  }

  // Whoever owns the wire by then hears of it.

  onData(): void {}
  onBlocked(): void {}
  onDrained(): void {}
  onEnd(): void {}
  onClose(): void {}
  onTimeout(): void {}
  onSent(): void {}
}
