/** The newest events with number and time, for watchers: those who join late see what happened before. */
import type { Cancel, Clock } from '../clock.ts'
import type { EdgeEvent, Emit } from './events.ts'

export interface LoggedEvent {
  /** Rises by 1, and from one process to the next. */
  readonly id: number
  /** Wall time in ms. */
  readonly at: number
  readonly event: EdgeEvent
}

export interface EventLog {
  /** Keeps the event, hands it on, tells the watchers. */
  readonly emit: Emit
  /** Oldest first, those after `id` alone. */
  after(id: number): readonly LoggedEvent[]
  /** `listener` must not throw. */
  subscribe(listener: (entry: LoggedEvent) => void): Cancel
}

/** A screen or two of events, a few tens of KB. */
const defaultCapacity = 200

/** `next` gets every event first, so that a log line is written whatever happens here. */
export function createEventLog(clock: Clock, next: Emit, capacity = defaultCapacity): EventLog {
  const entries: LoggedEvent[] = []
  const listeners = new Set<(entry: LoggedEvent) => void>()
  // Whoever saw the process before knows its ids: by the time of the start, ours are beyond them.
  let newestId = Math.floor(clock.wallTime())
  return {
    emit(event) {
      next(event)
      newestId += 1
      const entry = { id: newestId, at: clock.wallTime(), event }
      entries.push(entry)
      if (entries.length > capacity) entries.shift()
      for (const listener of listeners) listener(entry)
    },
    after: (id) => entries.filter((entry) => entry.id > id),
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
