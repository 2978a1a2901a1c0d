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

/** The clock of the process, as the loop of its sockets sees it: it waits in Bun's place, and must not wait too long. */
export interface SystemClock extends Clock {
  /** Whole ms until something of this clock is due, `maxMs` at most (under `HORIZON_MS`); 0: in this very turn. */
  untilNext(maxMs: number): number
  /** A task waits for the next turn. */
  readonly hasTask: boolean
  /** Runs `task` in the next turn as `soon` does, but nobody waits the less for it. */
  inNextTurn(task: () => void): void
}

const dueMarks = new DueMarks()

export const systemClock: SystemClock = {
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
  get hasTask() {
    return dueMarks.tasks > 0
  },
  untilNext: (maxMs) => dueMarks.untilNext(performance.now(), maxMs),
  inNextTurn: (task) => void setImmediate(task),
}
