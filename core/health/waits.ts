/** For each backend the one instant that it waits for, such as the end of a pause: a timer that says so. */
import type { Backend } from '../backend/backend.ts'
import type { Cancel, Clock } from '../clock.ts'

export class Waits {
  private readonly clock: Clock
  private readonly cancels = new Map<Backend, Cancel>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /**
   * Calls `onDue` at `at`, monotonic ms, or soon where that is past, and never before; undefined: it waits for nothing. What
   * it waited for until now is forgotten.
   */
  set(backend: Backend, at: number | undefined, onDue: () => void): void {
    const { cancels, clock } = this
    cancels.get(backend)?.()
    cancels.delete(backend)
    if (at === undefined) return
    const cancel = clock.after(Math.max(0, at - clock.now()), () => {
      cancels.delete(backend)
      // A system's timer may be early by a part of a millisecond.
      if (clock.now() < at) this.set(backend, at, onDue)
      else onDue()
    })
    cancels.set(backend, cancel)
  }

  /** Nobody waits for anything. */
  clear(): void {
    for (const cancel of this.cancels.values()) cancel()
    this.cancels.clear()
  }
}
