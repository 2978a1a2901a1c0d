/** One run of load against one contestant, with what the run cost that contestant. */
import { systemClock } from '../core/clock.ts'
import type { Contestant } from './contest.ts'
import type { LoadResult } from './load/crew.ts'
import type { LoadPlan } from './load/plan.ts'
import { coreBusyUs, treeCpuUs, treeMemoryBytes } from './proc.ts'
import type { CurvePoint, Stage } from './scenario.ts'

export interface Measurement {
  readonly load: LoadResult
  /** CPU time for each answered request. */
  readonly cpuUs: number
  readonly memoryBytes: number
  readonly flaws: readonly string[]
}

/** Below this share of its core a contestant at full speed was waiting for the load, or for its backend. */
const fullCoreRatio = 0.85
/** Above this share of the core's time, other processes disturbed the run. */
const foreignRatio = 0.08

export async function measure(stage: Stage, contestant: Contestant, plan: LoadPlan): Promise<Measurement> {
  const core = stage.arena.cores.contestant
  const pid = contestant.child?.pid
  const before = takeReading(pid, core)
  const load = await stage.crew.run(plan)
  const after = takeReading(pid, core)
  const usedUs = after.usedUs - before.usedUs
  const busyUs = after.busyUs - before.busyUs
  return {
    load,
    cpuUs: pid === undefined ? 0 : usedUs / Math.max(1, load.requests),
    memoryBytes: pid === undefined ? 0 : treeMemoryBytes(pid),
    flaws:
      pid === undefined
        ? load.saturation
        : [
            ...load.saturation,
            ...findFlaws(plan, { loadMs: load.elapsedMs, wallMs: after.atMs - before.atMs, usedUs, busyUs }),
          ],
  }
}

/** What a run took of the contestant's core. */
export interface CoreUse {
  /** From the first send to the last answer. */
  readonly loadMs: number
  /** Between the readings, connecting and idle clients included. */
  readonly wallMs: number
  /** By the contestant. */
  readonly usedUs: number
  /** By whomever; 0 when nothing is pinned. */
  readonly busyUs: number
}

/** Pure. */
export function findFlaws(plan: LoadPlan, { loadMs, wallMs, usedUs, busyUs }: CoreUse): readonly string[] {
  const used = usedUs / 1000 / loadMs
  const foreign = (busyUs - usedUs) / 1000 / wallMs
  const bound = plan.pace.kind === 'closed' && used < fullCoreRatio
  return [
    ...(bound
      ? [
          `held up by load or backend (req/s too low, CPU µs/req too high): used ${(used * 100).toFixed(0)} % of its core`,
        ]
      : []),
    ...(foreign > foreignRatio ? [`other processes took ${(foreign * 100).toFixed(0)} % of its core’s time`] : []),
  ]
}

const percents = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100]

/** Latency by percentile, as far as the number of requests gives it a meaning. */
export function readCurve(load: LoadResult): readonly CurvePoint[] {
  const known = percents.filter((percent) => percent === 100 || load.requests * (1 - percent / 100) >= 1)
  return known.map((percent) => ({ percent, us: load.latencies.percentileUs(percent) }))
}

function takeReading(pid: number | undefined, core: number | undefined) {
  const usedUs = pid === undefined ? 0 : treeCpuUs(pid)
  return { usedUs, busyUs: core === undefined ? 0 : coreBusyUs(core), atMs: systemClock.now() }
}
