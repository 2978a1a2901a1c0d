/**
 * Random, weighted: each backend in proportion to its weight, with no memory. The draw is O(log n) through a tree of
 * partial sums (Wong and Easton 1980), which also notices weights that change.
 */
import { defineStrategy, perArray, readOptions } from '../core/strategy/strategy.ts'
import { weightedDraw } from '../core/random.ts'

export default defineStrategy({
  apiVersion: 2,
  name: 'random',
  parse: (raw) => readOptions(raw, {}),
  create() {
    const draws = perArray(weightedDraw)
    return {
      pick(candidates, context) {
        const draw = draws(candidates, context) ?? weightedDraw(candidates)
        const drawn = draw.one(context.random)
        const { notes } = context
        if (notes !== undefined) {
          notes.drew(drawn)
          notes.score(drawn, 1 / drawn.weight)
          notes.because('drawn by weight')
        }
        return drawn
      },
    }
  },
})
