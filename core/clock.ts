/**
 * The one door to time. Everything that waits or measures takes a `Clock`; tests hand in a virtual one.
 * Elapsed time is monotonic (`now`); only log lines and API answers use wall time (`wallTime`).
 */

import { DueMarks, HORIZON_MS } from './due-marks.ts'

/** Cancels what it was returned for; harmless when called again or too late. */
export type Cancel = () => void

export interface Clock {
  /** Monotonic milliseconds with a fraction, from an arbitrary origin; never goes back. */
  now(): number
  /** Milliseconds since 1970-01-01 UTC, as the system believes; may jump. */
  wallTime(): number
  /** Runs `task` once, `delayMs` (>= 0) from now. Does not keep the process alive on its own. */
  after(delayMs: number, task: () => void): Cancel
  /** Runs `task` once, behind the events that are due now: for work that is spread over turns of the event loop. */
  soon(task: () => void): void
}

/** What `systemClock` has to do soon: the loop of our own sockets looks here before it waits. */
export const dueMarks = new DueMarks()

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(delayMs, task) {
    if (delayMs < HORIZON_MS) dueMarks.mark(performance.now() + delayMs)
    const timer = setTimeout(task, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
  soon(task) {
    dueMarks.tasks += 1
    setImmediate(() => {
      dueMarks.tasks -= 1
      task()
    })
  },
}
