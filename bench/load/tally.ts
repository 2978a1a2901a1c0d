/** Adds up what one load process sees. Pure but for the clock it is handed. */
import type { Clock } from '../../core/clock.ts'
import { createLatencies } from './latencies.ts'
import type { LoadErrors, LoadReport } from './plan.ts'

export interface Tally {
  /** A request intended for `intendedMs` is over; `cause` undefined: with a good answer. */
  readonly add: (intendedMs: number, cause: keyof LoadErrors | undefined) => void
  /** A connection was free, yet the send came `lagMs` late. */
  readonly lag: (lagMs: number) => void
  /** `busyRatio` is the generator's own; `resumed`: connections. */
  readonly report: (startMs: number, busyRatio: number, resumed?: number) => LoadReport
}

export function createTally(clock: Clock): Tally {
  const latencies = createLatencies()
  const lags = createLatencies()
  const errors = { connect: 0, cut: 0, status: 0, malformed: 0, unanswered: 0 }
  let requests = 0
  let lastMs = clock.now()
  return {
    add(intendedMs, cause) {
      lastMs = clock.now()
      if (cause === undefined) requests += 1
      else errors[cause] += 1
      // Whoever still waits has waited at least that long; a quick refusal is not a latency.
      if (cause === undefined || cause === 'unanswered') latencies.record((lastMs - intendedMs) * 1000)
    },
    lag: (lagMs) => lags.record(lagMs * 1000),
    report: (startMs, busyRatio, resumed = 0) => ({
      requests,
      errors,
      elapsedMs: lastMs - startMs,
      latencies: latencies.encode(),
      lagP99Us: lags.percentileUs(99),
      busyRatio,
      resumed,
    }),
  }
}
