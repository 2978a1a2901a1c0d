/** An exchange that finds no room in its pool, and what makes room for it. */
import type { Verdict } from '../../core/admission/admission.ts'
import type { QueuePolicy } from '../../core/pool/policy.ts'
import { makeEntrant } from './entrant.ts'
import { beginExchange } from './fake-streams.ts'

export const queue: QueuePolicy = { length: 1, timeoutMs: 1000, order: 'fifo' }

/** One whose only backend is full, unless `full` names others. */
export const waiting = (options: Parameters<typeof beginExchange>[0] = {}) =>
  beginExchange({ idle: [0], full: [0], queue, ...options })

export type Waiting = ReturnType<typeof beginExchange>

/** The first backend takes one more. */
export const free = (exchange: Waiting): void => freeOf(exchange, 0)

/** The second, which has not failed it when the first has. */
export const freeOther = (exchange: Waiting): void => freeOf(exchange, 1)

function freeOf({ sources, queue, turns }: Waiting, index: number): void {
  sources[index]!.isFull = false
  queue.wake()
  for (const one of turns.splice(0)) one.onTurn()
}

/** Somebody else waits, for whatever there is room for. */
export function another({ queue }: Waiting): Verdict[] {
  const told: Verdict[] = []
  const verdict = queue.enter(makeEntrant())
  if (verdict.kind === 'later') verdict.wait((later) => void told.push(later))
  return told
}
