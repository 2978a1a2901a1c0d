/** How often something happened lately: the newest times, for a limit that holds over any stretch and not from hour to hour. */

export class SlidingWindow {
  /** A ring of the newest `limit` times, in ms. */
  private readonly times: Float64Array
  private readonly withinMs: number
  private count = 0

  /** `limit` >= 1. */
  constructor(limit: number, withinMs: number) {
    this.times = new Float64Array(limit)
    this.withinMs = withinMs
  }

  /** It happened at `now`, which never goes back. Whether that makes `limit` of them within the time. */
  add(now: number): boolean {
    const { times } = this
    times[this.count % times.length] = now
    this.count += 1
    const oldest = times[this.count % times.length] ?? now
    return this.count >= times.length && now - oldest <= this.withinMs
  }

  clear(): void {
    this.count = 0
  }
}
