/** Responses of which their clients take nothing: where there is no room for other requests, who has waited longest gives way. */
import { LinkedList, Place } from '../net/linked-list.ts'
import { ENHANCE_YOUR_CALM } from './errors.ts'
import type { RequestMemory } from './memory.ts'

/** Whoever takes anything at all does so more often. */
const MIN_STALL_MS = 1000

/** Has a response that waits. */
export interface Stalled {
  /** What its request's head counts: see `excessOf`. */
  readonly headExcess: number
  /** It can't go on, for a reason of the client's. */
  fail(code: number): void
}

/** Longest first: those of usual heads, and those of long ones, which alone make room for another such. */
const usual = new LinkedList<Stall>()
const long = new LinkedList<Stall>()

/** One response's waiting. */
export class Stall {
  private readonly stalled: Stalled
  private readonly place = new Place<Stall>(this)
  since = 0

  constructor(stalled: Stalled) {
    this.stalled = stalled
  }

  /** It waits, or has taken something and waits again. `now`: monotonic ms. */
  begin(now: number): void {
    this.since = now
    ;(this.stalled.headExcess > 0 ? long : usual).append(this.place)
  }

  end(): void {
    this.place.leave()
  }

  /** Whether it was long enough for that. */
  giveWay(now: number): boolean {
    if (now - this.since < MIN_STALL_MS) return false
    this.end()
    this.stalled.fail(ENHANCE_YOUR_CALM)
    return true
  }
}

/** Whether there is room for a request with such a head, if need be in place of others. */
export function makeRoom(memory: RequestMemory, headExcess: number, now: number): boolean {
  while (!memory.hasRoom(headExcess)) {
    const longest = memory.hasRoom(0) ? long.first?.owner : longestOf(usual.first?.owner, long.first?.owner)
    if (!memory.hasFew(headExcess) || longest?.giveWay(now) !== true) return false
  }
  return true
}

const longestOf = (one: Stall | undefined, other: Stall | undefined): Stall | undefined =>
  one === undefined || (other !== undefined && other.since < one.since) ? other : one
