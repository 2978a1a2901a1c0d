/**
 * Whether a strategy is too slow in traffic. Now and then a request is timed; one that takes too long, as the first after
 * a pause of the process does too, calls for a closer look: the next 32, of which the slowest quarter does not count.
 */

/**
 * The shipped strategies take 0.06 to 0.5 µs of a request's 14 µs. Two hundred times as much is no matter of taste, it is an
 * accident: a sort of everything, a file read, a sleep. It would cut what a core can serve to an eighth.
 */
export const slowestNsPerRequest = 100_000
const slowestMs = slowestNsPerRequest / 1e6

/** Two clock readings of 30 ns each cost nothing at one request in 1024. The first few are cold and left out. */
const seldom = 1024
/** Until there are enough samples to show one figure of. */
const often = 64
const coldRequests = 16

const lookSize = 32
const leftOut = 8

export class Pace {
  private readonly enough: number
  private readonly onSlow: (msPerRequest: number) => void
  private requests = 0
  private samples = 0
  private spentMs = 0
  /** What each request of a closer look took. */
  private readonly look = new Float64Array(lookSize)
  /** How many of them have been timed; -1: there is no reason to look. */
  private looked = -1
  /** Whether the calls of the request under way are to be timed, and told by `add`. */
  isTiming = false

  /** `enough`: samples to be gathered quickly at first. `onSlow` hears what a request takes, once. */
  constructor(enough: number, onSlow: (msPerRequest: number) => void) {
    this.enough = enough
    this.onSlow = onSlow
  }

  /** Another request is to be balanced: what comes now is no longer the former's. */
  next(): void {
    if (this.isTiming) this.close()
    this.requests += 1
    const every = this.samples < this.enough ? often : seldom
    this.isTiming = this.looked >= 0 || (this.requests & (every - 1)) === coldRequests
  }

  /** What a call of the request under way took. */
  add(elapsedMs: number): void {
    this.spentMs += elapsedMs
  }

  /** Another strategy is asked from now on. */
  restart(): void {
    this.requests = 0
    this.samples = 0
    this.spentMs = 0
    this.looked = -1
    this.isTiming = false
  }

  private close(): void {
    const { spentMs } = this
    this.spentMs = 0
    this.samples += 1
    if (this.looked >= 0) {
      this.look[this.looked] = spentMs
      this.looked += 1
      if (this.looked === lookSize) this.judge()
    } else if (spentMs > slowestMs) this.looked = 0
  }

  private judge(): void {
    this.looked = -1
    const counted = this.look.toSorted().subarray(0, lookSize - leftOut)
    const msPerRequest = counted.reduce((sum, ms) => sum + ms, 0) / counted.length
    if (msPerRequest > slowestMs) this.onSlow(msPerRequest)
  }
}
