/** An address of the user's own, whatever answers there: at the rate that was named, else at full speed and then at half of it. */
import { readCurve } from '../measure.ts'
import { fixedRate, fullSpeed } from '../race.ts'
import type { Scenario, Stage } from '../scenario.ts'
import type { LoadResult } from '../load/crew.ts'
import type { LoadErrors, LoadPlan } from '../load/plan.ts'

export interface Target {
  readonly host: string
  readonly port: number
  readonly path: string
}

/** Reads `http://host:port/path`. Throws on anything else, a query included: the load adds its own. */
export function parseTarget(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' || url.search !== '' || url.username !== '')
    throw new Error(`--target must be http://host[:port][/path], got '${text}'`)
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port: Number(url.port || 80), path: url.pathname }
}

/** Whether traffic to this host stays on this machine for certain: a name other than localhost may be anybody's. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)

/** `ratePerSecond` undefined: half of what it carries, which full speed finds out; a named rate is never exceeded. */
export const createTargetScenario = (target: Target, ratePerSecond: number | undefined): Scenario => ({
  name: 'target',
  summary: `Load on ${target.host}:${target.port}${target.path}, with 13 header fields.`,
  effort: { runs: ratePerSecond === undefined ? 2 : 1, starts: 0 },
  async run(stage) {
    const rate = ratePerSecond ?? Math.max(1, Math.floor((await findCapacity(stage, target)) / 2))
    await holdRate(stage, target, rate)
  },
})

/** The most it answered in a second of any round. */
async function findCapacity(stage: Stage, target: Target): Promise<number> {
  let mostPerSecond = 0
  for (let round = 0; round < stage.rounds; round++) {
    stage.progress('target: full speed')
    const load = await answered(stage, target, { kind: 'closed' })
    mostPerSecond = Math.max(mostPerSecond, load.requestsPerSecond)
    const values = fullSpeed({ load, cpuUs: 0, memoryBytes: 0, flaws: [] })
    stage.record({ ...labels(target, 'full speed'), values, flaws: [], curve: [] })
  }
  return mostPerSecond
}

/** Throws when there was no good answer. */
async function answered(stage: Stage, target: Target, pace: LoadPlan['pace']): Promise<LoadResult> {
  const load = await stage.crew.run(planFor(stage, target, pace))
  if (load.requests > 0) return load
  throw new Error(`${target.host}:${target.port} gave no good answer: ${describe(load.errors)}`)
}

/** `12 connect, 3 status`. */
const describe = (errors: LoadErrors): string =>
  Object.entries(errors)
    .filter(([, count]) => count > 0)
    .map(([cause, count]) => `${count} ${cause}`)
    .join(', ')

async function holdRate(stage: Stage, target: Target, ratePerSecond: number): Promise<void> {
  for (let round = 0; round < stage.rounds; round++) {
    stage.progress(`target: ${ratePerSecond} requests a second`)
    const load = await answered(stage, target, { kind: 'open', ratePerSecond })
    const flaws = load.saturation
    const values = { ...fixedRate({ load, cpuUs: 0, memoryBytes: 0, flaws }), ratePerSecond }
    stage.record({ ...labels(target, 'fixed rate'), values, flaws, curve: readCurve(load) })
  }
}

const labels = ({ host, port }: Target, variant: string) => ({
  scenario: 'target',
  variant,
  contestant: `${host}:${port}`,
})

const planFor = (stage: Stage, target: Target, pace: LoadPlan['pace']): LoadPlan => ({
  ...target,
  profile: 'headers-13',
  connections: stage.connections,
  durationMs: stage.secondsPerRound * 1000,
  pace,
  reconnect: false,
  targets: 1,
  idle: 0,
})
