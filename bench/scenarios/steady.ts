/** Steady traffic of small answers with a browser's headers: first at full speed, then at a rate that all can carry. */
import type { Measurement } from '../measure.ts'
import { assemble, fixedRate, fullSpeed, race } from '../race.ts'
import type { Scenario } from '../scenario.ts'
import { median } from '../stats.ts'

/** Half of what the slowest carries leaves everybody room to breathe. */
const rateRatio = 0.5

export const steady: Scenario = {
  name: 'steady',
  summary:
    'Small answers, 13 header fields each way: at full speed, then at half of what the slowest contestant carries.',
  effort: { runs: 2, starts: 1 },
  async run(stage) {
    const field = await assemble(stage, 'headers-13')
    const full = await race(stage, field, { scenario: 'steady', variant: 'full speed', values: fullSpeed })
    const slowest = findSlowest(full, field.contestants.length)
    const ratePerSecond = Math.floor((slowest * rateRatio) / 100) * 100
    if (ratePerSecond > 0) {
      const pace = { kind: 'open', ratePerSecond } as const
      const values = (measurement: Measurement) => ({ ...fixedRate(measurement), ratePerSecond })
      await race(stage, field, { scenario: 'steady', variant: 'fixed rate', changes: { pace }, values })
    }
    await field.stop()
  },
}

/** Of the contestants' medians: one bad round must not slow everybody down. `measurements` are in turns: A B C A B C. */
function findSlowest(measurements: readonly Measurement[], contestants: number): number {
  const medians = Array.from({ length: contestants }, (_, index) =>
    median(measurements.filter((_, turn) => turn % contestants === index).map(({ load }) => load.requestsPerSecond)),
  )
  return Math.min(...medians)
}
