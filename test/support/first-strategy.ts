/** The trivial strategy: always the first candidate, so that a test knows who is asked. */
import { defineStrategy } from '../../core/strategy/strategy.ts'

export default defineStrategy({
  apiVersion: 2,
  name: 'first',
  parse: () => undefined,
  create: () => ({ pick: (candidates) => candidates[0] }),
})
