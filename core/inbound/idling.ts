/**
 * A client's connection among those of which the longest there gives way where there are too many: with nothing begun and
 * nothing owed, or in the middle of what comes before a request is whole. Not one whose next bytes may be on their way, or lie
 * there unread: they would be lost.
 */
import type { Idle } from '../net/budget.ts'
import { type LinkedList, Place } from '../net/linked-list.ts'
import { hasNews } from '../net/news.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { Wire } from '../net/wire.ts'

/** Behind a response a client that goes on at once has sent its next request by then, whichever way it has to go. */
const QUIET_MS = 250
/** Enough for a handshake, the header of a proxy or a request's head over a slow line. */
export const SLOW_LINE_MS = 1000

export interface IdlingServices {
  readonly wheel: TimerWheel
  /** Who gives way where there are too many, longest there first. */
  readonly idle: LinkedList<Idle>
}

interface Holder {
  readonly handler: IdlingServices
  /** undefined: it can't be looked at. */
  readonly wire: Pick<Wire, 'socket'> | undefined
  /** What it takes is wanted elsewhere. */
  giveWay(): void
}

export class Idling implements Idle {
  private readonly holder: Holder
  private readonly place = new Place<Idle>(this)
  private patienceMs = QUIET_MS
  /** By the wheel. */
  private since = 0

  constructor(holder: Holder) {
    this.holder = holder
  }

  /** `patienceMs`: for so long it may not go. */
  begin(patienceMs = QUIET_MS): void {
    const { idle, wheel } = this.holder.handler
    this.patienceMs = patienceMs
    this.since = wheel.now
    idle.append(this.place)
  }

  end(): void {
    this.place.leave()
  }

  get mayGo(): boolean {
    const { handler, wire } = this.holder
    return handler.wheel.now - this.since >= this.patienceMs && (wire === undefined || !hasNews(wire))
  }

  discard(): void {
    this.holder.giveWay()
  }
}
