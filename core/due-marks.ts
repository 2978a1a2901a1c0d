/**
 * When something is due within the next 50 ms, to the millisecond: for a loop that waits beside the one that has the
 * timers. Marks are never taken back; one for what was cancelled wakes somebody for nothing.
 */

/** Longer delays are not marked: nobody waits for so long. */
export const HORIZON_MS = 50
const SLOTS = 64

export class DueMarks {
  /** Tasks that are due in the very next turn. */
  tasks = 0
  private readonly slots = new Uint8Array(SLOTS)
  private looked = 0

  /** Something is due at `at`, monotonic ms. */
  mark(at: number): void {
    this.slots[Math.ceil(at) % SLOTS] = 1
  }

  /** Whole ms from `now` until the first mark has passed, `maxMs` at most (under `HORIZON_MS`); 0: a task is due. */
  untilNext(now: number, maxMs: number): number {
    const from = Math.floor(now)
    for (let past = Math.max(this.looked, from - SLOTS); past < from; past += 1) this.slots[past % SLOTS] = 0
    this.looked = from
    if (this.tasks > 0) return 0
    for (let step = 0; step < maxMs; step += 1) if (this.slots[(from + step) % SLOTS] === 1) return step + 1
    return maxMs
  }
}
