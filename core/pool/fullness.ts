/** Tells when a pool has become too full for its requests, and when it no longer is: once each, however often it comes and goes. */
import type { Clock } from '../clock.ts'

export interface FullnessOptions {
  readonly clock: Clock
  readonly onFull: () => void
  /** `forMs`: how long it was. */
  readonly onRelieved: (forMs: number) => void
}

/** So long nobody has to wait before it is over. */
const QUIET_MS = 5000

/** The returned function is to be called for each request that has to wait, or is turned away; it costs a look at the clock. */
export function watchFullness({ clock, onFull, onRelieved }: FullnessOptions): () => void {
  let since: number | undefined
  let newest = 0

  function look(): void {
    const quietMs = clock.now() - newest
    if (quietMs < QUIET_MS) return void clock.after(QUIET_MS - quietMs, look)
    onRelieved(newest - (since ?? newest))
    since = undefined
  }

  return () => {
    newest = clock.now()
    if (since !== undefined) return
    since = newest
    onFull()
    clock.after(QUIET_MS, look)
  }
}
