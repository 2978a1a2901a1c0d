/**
 * What strategy files import by name is always this SmartEdge's own, wherever the file lies and whatever is installed beside
 * it: an older package there, or none.
 */
import * as random from '../random.ts'
import * as strategy from './strategy.ts'

/** By the names in package.json's `exports`. */
const ownModules = { 'smartedge/strategy': strategy, 'smartedge/random': random } as const

let areOffered = false

/** For this thread, once. */
export function offerOwnModules(): void {
  if (areOffered) return
  areOffered = true
  Bun.plugin({
    name: 'smartedge',
    setup(builder) {
      for (const [name, exports] of Object.entries(ownModules))
        builder.module(name, () => ({ exports: { ...exports }, loader: 'object' }))
    },
  })
}
