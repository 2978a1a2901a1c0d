/**
 * A client's connection among those with nothing begun and nothing owed, of which the longest idle gives way where there
 * are too many. Not one whose next request may be on its way, or lies there unread: that would be lost.
 */
import type { Idle } from '../net/budget.ts'
import { Place } from '../net/linked-list.ts'
import { hasNews } from '../net/news.ts'
import type { Wire } from '../net/wire.ts'
import type { RequestHandler } from './request-handler.ts'

/** Behind a response a client that goes on at once has sent its next request by then, whichever way it has to go. */
const QUIET_MS = 250

interface Holder {
  readonly handler: Pick<RequestHandler, 'idle' | 'wheel'>
  readonly wire: Wire
  /** What it takes is wanted elsewhere. */
  giveWay(): void
}

export class Idling implements Idle {
  private readonly holder: Holder
  private readonly place = new Place<Idle>(this)
  /** By the wheel. */
  private since = 0

  constructor(holder: Holder) {
    this.holder = holder
  }

  begin(): void {
    const { idle, wheel } = this.holder.handler
    this.since = wheel.now
    idle.append(this.place)
  }

  end(): void {
    this.place.leave()
  }

  get mayGo(): boolean {
    const { handler, wire } = this.holder
    return handler.wheel.now - this.since >= QUIET_MS && !hasNews(wire)
  }

  discard(): void {
    this.holder.giveWay()
  }
}
