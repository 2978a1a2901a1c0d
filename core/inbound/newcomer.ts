/**
 * A client that has come in and is no connection yet, since a handshake or a header comes first. Where there are too many
 * clients it gives way as idle ones do, once it has had its time.
 */
import type { Idle } from '../net/budget.ts'
import { type LinkedList, Place } from '../net/linked-list.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'

/** Enough for a handshake over a slow line. */
const PATIENCE_MS = 1000

export interface NewcomerServices {
  readonly wheel: TimerWheel
  /** Who gives way where there are too many, longest first. */
  readonly idle: LinkedList<Idle>
}

export class Newcomer implements Idle {
  private readonly services: NewcomerServices
  private readonly giveWay: () => void
  private readonly place = new Place<Idle>(this)
  /** By the wheel. */
  private since = 0

  /** `giveWay`: closes it. */
  constructor(services: NewcomerServices, giveWay: () => void) {
    this.services = services
    this.giveWay = giveWay
  }

  begin(): void {
    this.since = this.services.wheel.now
    this.services.idle.append(this.place)
  }

  end(): void {
    this.place.leave()
  }

  get mayGo(): boolean {
    return this.services.wheel.now - this.since >= PATIENCE_MS
  }

  discard(): void {
    this.giveWay()
  }
}
