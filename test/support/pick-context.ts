/** A pick's context with everything unknown but what a test says. */
import type { PickContext } from '../../core/strategy/strategy.ts'

export function contextOf(given: Partial<PickContext> & Pick<PickContext, 'random'>): PickContext {
  return {
    key: undefined,
    client: { address: '192.0.2.1', zone: undefined, place: undefined },
    now: 0,
    wallTime: 0,
    ...given,
  }
}
