/** Tells when a pool has become too full for its requests, and when it no longer is: once each, however often it comes and goes. */
import type { Cancel, Clock } from '../clock.ts'

export interface FullnessOptions {
  readonly clock: Clock
  readonly onFull: () => void
  /** `forMs`: how long it was. */
  readonly onRelieved: (forMs: number) => void
}

/** So long nobody has to wait before it is over. */
const QUIET_MS = 5000

export interface Fullness {
  /** A request has to wait, or is turned away; costs a look at the clock. */
  note(): void
  /** Nothing is told any more. */
  stop(): void
}

export function watchFullness({ clock, onFull, onRelieved }: FullnessOptions): Fullness {
  let since: number | undefined
  let newest = 0
  let cancel: Cancel | undefined

  function lookAfter(ms: number): void {
    cancel = clock.after(ms, look)
  }

  function look(): void {
    const quietMs = clock.now() - newest
    if (quietMs < QUIET_MS) return lookAfter(QUIET_MS - quietMs)
    onRelieved(newest - (since ?? newest))
    since = undefined
  }

  return {
    note() {
      newest = clock.now()
      if (since !== undefined) return
      since = newest
      onFull()
      lookAfter(QUIET_MS)
    },
    stop() {
      cancel?.()
      // As if told already, and never over.
      since = newest
    },
  }
}
