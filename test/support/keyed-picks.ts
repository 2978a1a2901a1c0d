/** Picks by a key alone: what strategies that hash are asked for. */
import type { Candidate, Candidates, Strategy } from '../../core/strategy/strategy.ts'
import { seededRandom } from '../../core/random.ts'
import { contextOf } from './pick-context.ts'

export const keys: readonly string[] = Array.from({ length: 4000 }, (_, index) => `session-${index}`)

/** One for all picks, as some tests make a million. */
const context = { ...contextOf({ random: seededRandom(1) }), key: '' }

export function pickFor(strategy: Strategy, pool: Candidates, key: string): Candidate {
  context.key = key
  return strategy.pick(pool, context)
}

/** Whom each of some keys is given to. */
export const mapAll = (strategy: Strategy, pool: Candidates, some = keys): string[] =>
  some.map((key) => pickFor(strategy, pool, key).id)

/** Twice in a row, as a lasting array comes. */
export function settle(strategy: Strategy, pool: Candidates): void {
  for (let index = 0; index < 2; index += 1) pickFor(strategy, pool, 'any')
}
