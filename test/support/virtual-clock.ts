/** A clock that moves only when told: timers run in time order, ties in the order they were set. No real time passes. */
import { type Clock, systemClock } from '../../core/clock.ts'

interface Timer {
  readonly dueMs: number
  readonly task: () => void
}

export interface VirtualClock extends Clock {
  /** Moves forward by `ms` (>= 0) and runs everything due on the way, each task at its own instant, new timers included. */
  advance(ms: number): void
  /** Timers set and neither run nor cancelled. */
  pending(): number
}

/** What a response is dated with before the clock has gone a second. */
export const DATE_LINE = 'Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n'

/** Starts at `startMs` monotonic and at 2026-01-01 UTC wall time. A timer set with no delay waits for the next `advance`. */
export function virtualClock(startMs = 0): VirtualClock {
  const wallOriginMs = Date.UTC(2026, 0, 1)
  const timers = new Set<Timer>()
  let nowMs = startMs

  function earliest(untilMs: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of timers) {
      if (timer.dueMs <= untilMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer
    }
    return first
  }

  return {
    now: () => nowMs,
    wallTime: () => wallOriginMs + nowMs - startMs,
    after(delayMs, task) {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), task }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (let timer = earliest(untilMs); timer !== undefined; timer = earliest(untilMs)) {
        timers.delete(timer)
        nowMs = timer.dueMs
        timer.task()
      }
      nowMs = untilMs
    },
    // Sockets in tests are real, and so is the turn in which they are read.
    soon: (task) => systemClock.soon(task),
    pending: () => timers.size,
  }
}
