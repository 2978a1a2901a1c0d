import { describe } from 'bun:test'
import { loadStrategy } from '../../core/strategy/load.ts'
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import { strategySuite } from '../conformance/strategy.ts'
import type { ConformanceSettings } from '../../core/lab/conformance.ts'

const settings: Partial<Record<(typeof shippedStrategies)[number], ConformanceSettings>> = {
  // 128 points each: a share's standard deviation is 9 %, and four backends are drawn once for each list of weights.
  'consistent-hash': { tolerance: 0.3 },
}

for (const name of shippedStrategies) {
  describe(name, () => strategySuite(() => loadStrategy(name), settings[name]))
}

describe('consistent-hash by rendezvous', () =>
  strategySuite(() => loadStrategy('consistent-hash'), { options: { method: 'rendezvous' } }))
