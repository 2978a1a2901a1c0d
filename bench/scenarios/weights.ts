/** Four backends with weights 1, 2, 3 and 4: how well the traffic follows them. */
import { assemble, balancersOf, race } from '../race.ts'
import type { Scenario } from '../scenario.ts'

const weights = [1, 2, 3, 4]
const ratePerSecond = 1000
const targets = 500

export const uneven: Scenario = {
  name: 'weights',
  summary: 'Four equally fast backends with weights 1, 2, 3 and 4; skew 0 % is a perfect split.',
  effort: { runs: 1, starts: 1 },
  async run(outer) {
    const stage = balancersOf(outer)
    const field = await assemble(stage, 'headers-2', { delaysMs: weights.map(() => 2), weights })
    await race(stage, field, {
      scenario: 'weights',
      variant: '1 : 2 : 3 : 4',
      changes: { pace: { kind: 'open', ratePerSecond }, targets },
      values: ({ load }, shares) => ({ skew: findSkew(shares, weights), failed: load.failed }),
    })
    await field.stop()
  },
}

/** The largest distance of a share from its weight's, relative to the latter: 0 when all fit. Pure. */
function findSkew(shares: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return Math.max(...weights.map((weight, index) => Math.abs(((shares[index] ?? 0) * total) / weight - 1)))
}
