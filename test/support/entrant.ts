/** A request that finds no room in its pool. */
import type { Entrant } from '../../core/pool/queue.ts'

/** Of ordinary priority, that may take as long as it likes and has neither waited nor been tried before, but for `changes`. */
export const makeEntrant = (changes: Partial<Entrant> = {}): Entrant => ({
  priority: 5,
  endsAt: Infinity,
  patienceMs: () => undefined,
  waitedMs: 0,
  tried: [],
  ...changes,
})
