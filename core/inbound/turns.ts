/** Fair turns: connections with more to do than one turn of the event loop allows go on in the next, in order. */
import type { Clock } from '../clock.ts'
import { enter, leave } from '../net/outbox.ts'

/**
 * Requests read from one connection before others have their turn: one that pipelines thousands of cheap ones would
 * otherwise keep everybody waiting while they are answered.
 */
export const MAX_REQUESTS_A_TURN = 32

/** Who may have to wait for another turn. */
export interface Turn {
  onTurn(): void
}

export interface Turns {
  /** `waiting` has its turn behind the events that are due now. */
  wait(waiting: Turn): void
}

/** `reportFault` takes what a turn throws, which is a bug of ours and must not cost the others their turn. */
export function createTurns(clock: Pick<Clock, 'soon'>, reportFault: (error: unknown) => void): Turns {
  let queue: Turn[] = []

  function run(): void {
    const due = queue
    queue = []
    for (const waiting of due) {
      enter()
      try {
        waiting.onTurn()
      } catch (error) {
        reportFault(error)
      } finally {
        leave()
      }
    }
  }

  return {
    wait(waiting) {
      if (queue.length === 0) clock.soon(run)
      queue.push(waiting)
    },
  }
}
