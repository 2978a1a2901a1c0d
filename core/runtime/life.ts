/** The phases of an edge: it starts, serves, and lets its clients go. */
import type { Clock } from '../clock.ts'
import type { Phase } from '../report/view.ts'

export interface Life {
  readonly phase: Phase
  /** Everything is in place. */
  begin(): void
  /** To be called whenever a client has gone. */
  clientGone(): void
  /** From now on it drains; resolves when no client is left, or after `withinMs`. */
  end(withinMs: number): Promise<void>
}

/** `isEmpty`: whether no client is connected. */
export function createLife(clock: Clock, isEmpty: () => boolean): Life {
  let phase: Phase = 'starting'
  const empty = Promise.withResolvers<void>()
  return {
    get phase() {
      return phase
    },
    begin() {
      phase = 'serving'
    },
    clientGone() {
      if (phase === 'draining' && isEmpty()) empty.resolve()
    },
    async end(withinMs) {
      phase = 'draining'
      if (isEmpty()) return
      clock.after(withinMs, empty.resolve)
      await empty.promise
    },
  }
}
