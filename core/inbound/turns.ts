/** Fair turns: connections with more to do than one turn of the event loop allows go on in the next, in order. */
import type { Clock } from '../clock.ts'
import { enter, leave } from '../net/outbox.ts'

/**
 * Requests read from one connection before others have their turn: one that pipelines thousands of cheap ones would
 * otherwise keep everybody waiting while they are answered.
 */
export const MAX_REQUESTS_A_TURN = 32

/** And bytes, since the cost of a head goes by its length: 64 KiB of it take about as long as 32 small ones. */
export const MAX_BYTES_A_TURN = 64 * 1024

/** Turns between two looks at the sockets: hundreds of connections with more to do must not hold up everybody together. */
const MAX_TURNS_AT_ONCE = 16

/** Who may have to wait for another turn. */
export interface Turn {
  onTurn(): void
}

export interface Turns {
  /** `waiting` has one turn, behind the events that are due now. */
  wait(waiting: Turn): void
}

/** `reportFault` takes what a turn throws, which is a bug of ours and must not cost the others their turn. */
export function createTurns(clock: Pick<Clock, 'soon'>, reportFault: (error: unknown) => void): Turns {
  /** In the order in which they came; who asks again keeps its place. */
  const line = new Set<Turn>()
  /** `run` has been asked for. */
  let isDue = false

  function run(): void {
    const due = Array.from(line.values().take(MAX_TURNS_AT_ONCE))
    for (const waiting of due) {
      line.delete(waiting)
      enter()
      try {
        waiting.onTurn()
      } catch (error) {
        reportFault(error)
      } finally {
        leave()
      }
    }
    isDue = line.size > 0
    if (isDue) clock.soon(run)
  }

  return {
    wait(waiting) {
      line.add(waiting)
      if (isDue) return
      isDue = true
      clock.soon(run)
    },
  }
}
