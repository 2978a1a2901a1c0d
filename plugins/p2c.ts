/**
 * Power of two choices (Mitzenmacher 2001), weighted: draw two different backends in proportion to weight, and keep the
 * first unless the second, with this request on top, would be no busier for its weight than the first is now. So an
 * idle pool is shared by weight alone, and for equal weights it is the textbook rule: the one with fewer in flight.
 */
import { defineStrategy, perArray, readOptions } from '../core/strategy/strategy.ts'
import { weightedDraw } from '../core/random.ts'

export default defineStrategy({
  apiVersion: 2,
  name: 'p2c',
  parse: (raw) => readOptions(raw, {}),
  create() {
    const draws = perArray(weightedDraw)
    return {
      pick(candidates, context) {
        const draw = draws(candidates, context) ?? weightedDraw(candidates)
        const [first, second] = draw.pair(context.random)
        return (second.inflight + 1) / second.weight <= first.inflight / first.weight ? second : first
      },
    }
  },
})
