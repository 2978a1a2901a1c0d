/** The phases of an edge: it starts, serves, and lets its clients go. */
import type { Clock } from '../clock.ts'
import type { Phase } from '../report/view.ts'

export interface Life {
  readonly phase: Phase
  /** Everything is in place. */
  begin(): void
  /** To be called whenever a client has gone. */
  clientGone(): void
  /** From now on it drains; resolves when no client is left and none can come, or after `withinMs`. */
  end(ending: Ending): Promise<void>
}

export interface Ending {
  /** Clients may still come for so long; 0: none. */
  readonly delayMs: number
  /** From now, the delay included. */
  readonly withinMs: number
  /** Called behind the delay: nobody is to come in any more; `done` when nobody can. */
  readonly shut: (done: () => void) => void
}

/** `isEmpty`: whether no client is connected. */
export function createLife(clock: Clock, isEmpty: () => boolean): Life {
  let phase: Phase = 'starting'
  let isShut = false
  const over = Promise.withResolvers<void>()
  const endIfEmpty = (): void => {
    if (isShut && isEmpty()) over.resolve()
  }
  return {
    get phase() {
      return phase
    },
    begin() {
      phase = 'serving'
    },
    clientGone: endIfEmpty,
    async end({ delayMs, withinMs, shut }) {
      phase = 'draining'
      const close = (): void =>
        shut(() => {
          isShut = true
          endIfEmpty()
        })
      if (delayMs === 0) close()
      else clock.after(Math.min(delayMs, withinMs), close)
      clock.after(withinMs, over.resolve)
      await over.promise
    },
  }
}
