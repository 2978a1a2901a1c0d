/** One backend of four is 20 times slower: how much of the traffic it still gets, and what that does to the tail. */
import { assemble, balancersOf, fixedRate, race } from '../race.ts'
import type { Scenario } from '../scenario.ts'

const delaysMs = [2, 2, 2, 40]
/** Far from full load: what is measured is the choice, not the queue. */
const ratePerSecond = 1000
/** Enough for the slow one to hold a quarter of the requests, and different enough for hashing strategies. */
const targets = 500

export const slowOne: Scenario = {
  name: 'slow-one',
  summary: 'Four backends, three answer after 2 ms and one after 40 ms, at 1,000 requests a second.',
  effort: { runs: 1, starts: 1 },
  async run(outer) {
    const stage = balancersOf(outer)
    const field = await assemble(stage, 'headers-2', { delaysMs })
    await race(stage, field, {
      scenario: 'slow-one',
      variant: 'one of four 20 × slower',
      changes: { pace: { kind: 'open', ratePerSecond }, targets },
      values(measurement, shares) {
        const { cpuUs: _, ...latencies } = fixedRate(measurement)
        return { ...latencies, slowShare: shares.at(-1) ?? 0 }
      },
    })
    await field.stop()
  },
}
