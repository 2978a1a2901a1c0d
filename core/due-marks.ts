/**
 * When something is due within the next 50 ms, to the millisecond: for a loop that waits beside the one that has the
 * timers. Marks are never taken back; one for what was cancelled wakes somebody for nothing.
 */

/** Longer delays are not marked: nobody waits for so long. */
export const HORIZON_MS = 50
/** More than the horizon: no two marks that are still to come share a slot. */
const SLOTS = 64

export class DueMarks {
  /** Tasks that are due in the very next turn. */
  tasks = 0
  /** The millisecond that was marked last in each slot. */
  private readonly slots = new Float64Array(SLOTS).fill(-1)

  /** Something is due at `at`, monotonic ms. */
  mark(at: number): void {
    const due = Math.ceil(at)
    this.slots[due % SLOTS] = due
  }

  /** Whole ms from `now` until the first mark has passed, `maxMs` at most (under `HORIZON_MS`); 0: a task is due. */
  untilNext(now: number, maxMs: number): number {
    if (this.tasks > 0) return 0
    const from = Math.floor(now)
    for (let step = 0; step < maxMs; step += 1) {
      const due = from + step
      if (this.slots[due % SLOTS] === due) return step + 1
    }
    return maxMs
  }
}
