/** Three times as many requests as backends have room for: how long those wait that are served, and what it does to memory. */
import { measure, readCurve } from '../measure.ts'
import { assemble, guardedOf } from '../race.ts'
import { treeMemoryBytes } from '../proc.ts'
import type { Scenario } from '../scenario.ts'

const members = 4
const delayMs = 10
const room = { maxInflight: 2, queueLength: 200, queueMs: 200 }
const capacityPerSecond = (members * room.maxInflight * 1000) / delayMs
const ratePerSecond = 3 * capacityPerSecond
/** More than wait and are served at once, so that refusals are the contestant's. */
const connections = 1024

export const queue: Scenario = {
  name: 'queue',
  summary:
    'Four backends that take two requests at once, 10 ms each, at 2,400 requests a second, three times their capacity; a queue of 200, 200 ms long.',
  effort: { runs: 1, starts: 1 },
  async run(outer) {
    const stage = guardedOf(outer)
    const safeguards = { tryMs: 2000, room }
    const pace = { kind: 'open', ratePerSecond } as const
    const field = await assemble(
      stage,
      'headers-2',
      { delaysMs: Array(members).fill(delayMs), safeguards },
      { pace, connections },
    )
    for (let round = 1; round <= stage.rounds; round++) {
      for (const contestant of field.contestants) {
        stage.progress(`queue: ${contestant.name} (round ${round} of ${stage.rounds})`)
        const before = memoryOf(contestant.child?.pid)
        const { load, memoryBytes, flaws } = await measure(
          stage,
          contestant,
          field.planFor(contestant, { pace, connections }),
        )
        stage.record({
          scenario: 'queue',
          variant: '3 × capacity',
          contestant: contestant.name,
          values: {
            requestsPerSecond: load.requestsPerSecond,
            p50Us: load.latencies.percentileUs(50),
            p99Us: load.latencies.percentileUs(99),
            memoryBytes,
            grownBytes: memoryBytes - before,
            failedShare: load.failed / Math.max(1, load.requests + load.failed),
          },
          flaws,
          curve: readCurve(load),
        })
      }
    }
    await field.stop()
  },
}

const memoryOf = (pid: number | undefined): number => (pid === undefined ? 0 : treeMemoryBytes(pid))
