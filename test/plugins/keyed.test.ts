import { expect, test } from 'bun:test'
import { loadStrategy } from '../../core/strategy/load.ts'
import { keyedStrategies, shippedStrategies } from '../../core/strategy/shipped.ts'
import type { PickContext } from '../../core/strategy/strategy.ts'
import { fakePool } from '../../core/lab/fakes.ts'
import { seededRandom } from '../../core/random.ts'
import { contextOf } from '../support/pick-context.ts'

// The config warns of an affinity that the others would not read.
test.each([...shippedStrategies])('%s reads the key of a request only where it is known to', async (name) => {
  const plugin = await loadStrategy(name)
  let reads = 0
  const context: PickContext = {
    ...contextOf({ random: seededRandom(1) }),
    get key() {
      reads += 1
      return 'k'
    },
  }
  plugin.create(plugin.parse(undefined)).pick(fakePool([1, 2, 3]), context)
  expect(reads > 0).toBe(keyedStrategies.includes(name))
})
