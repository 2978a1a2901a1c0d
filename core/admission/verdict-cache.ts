/** What became of checks that take long, for a while: bounded, the oldest forgotten first. */

export class VerdictCache {
  private readonly size: number
  private readonly forMs: number
  /** Until when each is known; in the order in which they were found out, and so of their end. */
  private readonly until = new Map<string, number>()

  /** `size`: how many at most, 1 and up. `forMs`: how long each counts. */
  constructor(size: number, forMs: number) {
    this.size = size
    this.forMs = forMs
  }

  has(mark: string, now: number): boolean {
    const until = this.until.get(mark)
    if (until === undefined) return false
    if (until > now) return true
    this.until.delete(mark)
    return false
  }

  add(mark: string, now: number): void {
    this.until.delete(mark)
    for (const [oldest, until] of this.until) {
      if (until > now && this.until.size < this.size) break
      this.until.delete(oldest)
    }
    this.until.set(mark, now + this.forMs)
  }
}
