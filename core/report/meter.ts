/** Counters that only rise -> what was added lately: per second over the newest second, and over the recent window. */

/** How far back a rate looks: long enough to be steady at 20 requests a second. */
const rateSpanMs = 1000

type Values<Name extends string> = Readonly<Partial<Record<Name, number>>>

interface Reading<Name extends string> {
  readonly at: number
  readonly values: Values<Name>
}

export interface Meter<Name extends string> {
  /** Takes in the counters as they are at `at`, monotonic ms. */
  read(at: number, values: Values<Name>): void
  /** Of these counters together, over the newest second; 0 before the second reading. */
  perSecond(...names: readonly Name[]): number
  /** Added to these counters in the newest one to two half windows. */
  recent(...names: readonly Name[]): number
  /** Begins a new half window. */
  turn(): void
}

/** What was there before the first reading is not counted. */
export function createMeter<Name extends string>(): Meter<Name> {
  let readings: Reading<Name>[] = []
  let older: Values<Name> | undefined
  let newer: Values<Name> | undefined
  let current: Values<Name> | undefined
  return {
    read(at, live) {
      const values = { ...live }
      if (readings.length === 0) older = newer = values
      current = values
      // One reading at least as old as the span is kept, so that the rate covers it whole.
      const firstInside = readings.findIndex((reading) => reading.at > at - rateSpanMs)
      if (firstInside > 1) readings = readings.slice(firstInside - 1)
      else if (firstInside === -1) readings = readings.slice(-1)
      readings.push({ at, values })
    },
    perSecond(...names) {
      const [oldest] = readings
      const newest = readings.at(-1)
      if (oldest === undefined || newest === undefined || newest.at <= oldest.at) return 0
      return rise(newest.values, oldest.values, names) / ((newest.at - oldest.at) / 1000)
    },
    recent: (...names) => rise(current, older, names),
    turn() {
      older = newer
      newer = current
    },
  }
}

/** A counter that fell began anew: what it holds is all there is to say. */
function rise<Name extends string>(
  now: Values<Name> | undefined,
  before: Values<Name> | undefined,
  names: readonly Name[],
): number {
  let sum = 0
  for (const name of names) {
    const value = now?.[name] ?? 0
    const base = before?.[name] ?? 0
    sum += value >= base ? value - base : value
  }
  return sum
}
