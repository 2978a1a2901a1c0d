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
        const stay = first.inflight / first.weight
        const move = (second.inflight + 1) / second.weight
        const { notes } = context
        if (notes !== undefined) {
          notes.drew(first)
          notes.drew(second)
          notes.score(first, stay)
          notes.score(second, move)
          notes.because(
            move <= stay
              ? 'the less busy of two drawn by weight'
              : 'the first of two drawn by weight, and the second is no less busy',
          )
        }
        return move <= stay ? second : first
      },
    }
  },
})
