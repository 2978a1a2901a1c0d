/** Counters that only rise -> what was added lately: per second over the newest second, and over the recent window. */

/** How far back a rate looks: long enough to be steady at 20 requests a second. */
const rateSpanMs = 1000

interface Reading {
  readonly at: number
  readonly values: readonly number[]
}

export interface Meter {
  /** Takes in the counters as they are at `at`, monotonic ms, each time in the same order. */
  read(at: number, values: readonly number[]): void
  /** Of the counter at `index`, over the newest second; 0 before the second reading. */
  perSecond(index: number): number
  /** Added to the counter at `index` in the newest one to two half windows. */
  recent(index: number): number
  /** Begins a new half window. */
  turn(): void
}

/** What was there before the first reading is not counted. */
export function createMeter(): Meter {
  let readings: Reading[] = []
  let older: readonly number[] = []
  let newer: readonly number[] = []
  let current: readonly number[] = []
  return {
    read(at, values) {
      if (readings.length === 0) older = newer = values
      current = values
      // One reading at least as old as the span is kept, so that the rate covers it whole.
      const firstInside = readings.findIndex((reading) => reading.at > at - rateSpanMs)
      if (firstInside > 1) readings = readings.slice(firstInside - 1)
      else if (firstInside === -1) readings = readings.slice(-1)
      readings.push({ at, values })
    },
    perSecond(index) {
      const [oldest] = readings
      const newest = readings.at(-1)
      if (oldest === undefined || newest === undefined || newest.at <= oldest.at) return 0
      return rise(newest.values, oldest.values, index) / ((newest.at - oldest.at) / 1000)
    },
    recent: (index) => rise(current, older, index),
    turn() {
      older = newer
      newer = current
    },
  }
}

/** A counter that fell began anew: what it holds is all there is to say. */
function rise(now: readonly number[], before: readonly number[], index: number): number {
  const value = now[index] ?? 0
  const base = before[index] ?? 0
  return value >= base ? value - base : value
}
