/** A clock that stands still within an event: one reading serves a request's begin, and one its response's begin and end. */
import type { Clock } from '../clock.ts'
import { outbox } from './outbox.ts'

/** `clock`, of which no event reads the time more than once; outside of events it is what it was. */
export function eventClock(clock: Clock): Clock {
  let event = -1
  let time = 0
  return {
    wallTime: () => clock.wallTime(),
    after: (delayMs, task) => clock.after(delayMs, task),
    soon: (task) => clock.soon(task),
    now() {
      if (outbox.depth === 0) return clock.now()
      if (event !== outbox.event) {
        event = outbox.event
        time = clock.now()
      }
      return time
    },
  }
}
