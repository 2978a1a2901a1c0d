/**
 * Whether a call has not returned for some time, told from looks at its number. Looks are counted, not the time between
 * them: a process that was stopped, or a machine that slept, looked no more than it worked.
 */

export class StuckCall {
  private readonly looks: number
  private readonly everyMs: number
  private mark = 0
  private seen = 0
  private lookedAt = -Infinity

  /** Stuck is what stands there for `looks` looks after the first, one each `everyMs`. */
  constructor(looks: number, everyMs: number) {
    this.looks = looks
    this.everyMs = everyMs
  }

  /** `mark`: the number now, 0 for no call. `now` in ms, never goes back. */
  look(mark: number, now: number): boolean {
    // Timers that were late may come in a heap.
    if (now - this.lookedAt < this.everyMs / 2) return false
    this.lookedAt = now
    this.seen = mark !== 0 && mark === this.mark ? this.seen + 1 : 0
    this.mark = mark
    return this.seen >= this.looks
  }
}
