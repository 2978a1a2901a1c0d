import { describe } from 'bun:test'
import { loadStrategy } from '../../core/balance/load-strategy.ts'
import { shippedStrategies } from '../../core/shipped-strategies.ts'
import { strategySuite } from '../conformance/strategy.ts'
import type { ConformanceSettings } from '../../core/balance/conformance.ts'

const settings: Partial<Record<(typeof shippedStrategies)[number], ConformanceSettings>> = {
  // 128 points each: a share's standard deviation is 9 %, and four backends are drawn once for each list of weights.
  'consistent-hash': { tolerance: 0.3 },
}

for (const name of shippedStrategies) {
  describe(name, () => strategySuite(() => loadStrategy(name), settings[name]))
}
