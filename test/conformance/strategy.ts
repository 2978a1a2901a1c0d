/** Registers the conformance checks of `core/balance` as tests: `strategySuite(() => plugin)` in a test file of its own. */
import { describe, test } from 'bun:test'
import { conformanceChecks, type ConformanceSettings, exemptionFrom } from '../../core/lab/conformance.ts'
import type { StrategyPlugin } from '../../core/strategy/strategy.ts'

/** A check that `settings.skip` names does not run; its title then carries the reason. */
export function strategySuite(load: () => Promise<StrategyPlugin>, settings: ConformanceSettings = {}): void {
  describe('strategy conformance', () => {
    for (const check of conformanceChecks) {
      const { name } = check
      const reason = settings.skip?.[name]
      if (reason !== undefined) test.skip(`${name} (${reason})`, () => {})
      else
        test(name, async () => {
          const plugin = await load()
          if (exemptionFrom(check, plugin) === undefined) check.run(plugin, settings)
        })
    }
  })
}
