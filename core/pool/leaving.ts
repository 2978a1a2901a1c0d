/**
 * Backends that are no longer configured and finish what they have begun, until their time is over. One that is configured
 * again before is not another: it is taken back with its load, its counters and what is known of it.
 */
import type { Backend } from '../backend/backend.ts'
import type { Cancel, Clock } from '../clock.ts'

export class Leaving {
  private readonly clock: Clock
  private readonly onOver: (backend: Backend) => void
  private readonly byId = new Map<string, { readonly backend: Backend; readonly cancel: Cancel }>()

  /** `onOver`: its time is over, and it is forgotten. */
  constructor(clock: Clock, onOver: (backend: Backend) => void) {
    this.clock = clock
    this.onOver = onOver
  }

  /** Those that have some time left. */
  get backends(): readonly Backend[] {
    return [...this.byId.values()].map(({ backend }) => backend)
  }

  /** It may go on for `ms` from now; for one that is leaving already, what it was given counts. */
  add(backend: Backend, ms: number): void {
    if (this.byId.has(backend.id)) return
    const cancel = this.clock.after(ms, () => {
      this.byId.delete(backend.id)
      this.onOver(backend)
    })
    this.byId.set(backend.id, { backend, cancel })
  }

  /** The one of this id, which leaves no more; undefined: there is none. */
  takeBack(id: string): Backend | undefined {
    const found = this.byId.get(id)
    this.byId.delete(id)
    found?.cancel()
    return found?.backend
  }
}
