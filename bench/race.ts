/** Contestants doing the same work in alternating rounds: what most scenarios consist of. */
import { type Contestant, StartError, startBackends, startContestant } from './contest.ts'
import type { LoadPlan } from './load/plan.ts'
import { measure, readCurve, type Measurement } from './measure.ts'
import type { Sample, Stage } from './scenario.ts'

/** A field of contestants, up and warm, all on the same backends. */
export interface Field {
  readonly contestants: readonly Contestant[]
  readonly planFor: (contestant: Contestant, changes?: Partial<LoadPlan>) => LoadPlan
  readonly stop: () => Promise<void>
}

/** Rounds before the first that counts: just-in-time compilers need a moment. */
const warmupMs = 700

/** Brings up backends and every peer; one that does not start is complained about with its own log, and left out. */
export async function assemble(stage: Stage, profile: string, delaysMs: readonly number[] = [0]): Promise<Field> {
  const backends = await startBackends(stage.arena, profile, delaysMs)
  const contestants: Contestant[] = []
  for (const peer of stage.peers) {
    stage.progress(`${profile}: starting ${peer.name}`)
    const contestant = await tryStart(stage, () => startContestant(stage.arena, peer, backends.ports))
    if (contestant !== undefined) contestants.push(contestant)
  }
  const field: Field = {
    contestants,
    planFor: (contestant, changes) => ({
      host: '127.0.0.1',
      port: contestant.port,
      profile,
      connections: stage.connections,
      durationMs: stage.secondsPerRound * 1000,
      pace: { kind: 'closed' },
      reconnect: false,
      targets: 1,
      ...changes,
    }),
    async stop() {
      for (const contestant of contestants) await contestant.child?.stop()
      await backends.child.stop()
    },
  }
  for (const contestant of contestants) await stage.crew.run(field.planFor(contestant, { durationMs: warmupMs }))
  return field
}

export interface Race {
  readonly scenario: string
  readonly variant: string
  readonly changes?: Partial<LoadPlan>
  /** Which values of a measurement are the point of it. */
  readonly values: (measurement: Measurement) => Sample['values']
}

/** Rounds in turns: A B C A B C. Records a sample for each, and returns the measurements. */
export async function race(stage: Stage, field: Field, race: Race): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = []
  for (let round = 1; round <= stage.rounds; round++) {
    for (const contestant of field.contestants) {
      stage.progress(`${race.scenario}, ${race.variant}: ${contestant.name} (round ${round} of ${stage.rounds})`)
      const plan = field.planFor(contestant, race.changes)
      const measurement = await measure(stage, contestant, plan)
      measurements.push(measurement)
      stage.record({
        scenario: race.scenario,
        variant: race.variant,
        contestant: contestant.name,
        values: race.values(measurement),
        flaws: measurement.flaws,
        curve: plan.pace.kind === 'open' ? readCurve(measurement.load) : [],
      })
    }
  }
  return measurements
}

/** At full speed: throughput, CPU and memory. */
export const fullSpeed = ({ load, cpuUs, memoryBytes }: Measurement): Sample['values'] => ({
  requestsPerSecond: load.requestsPerSecond,
  ...(cpuUs > 0 ? { cpuUs, memoryBytes } : {}),
  failed: load.failed,
})

/** At a fixed rate: latencies, and what they cost. */
export const fixedRate = ({ load, cpuUs }: Measurement): Sample['values'] => ({
  p50Us: load.latencies.percentileUs(50),
  p99Us: load.latencies.percentileUs(99),
  p999Us: load.latencies.percentileUs(99.9),
  ...(cpuUs > 0 ? { cpuUs } : {}),
  failed: load.failed,
})

async function tryStart(stage: Stage, start: () => Promise<Contestant>): Promise<Contestant | undefined> {
  try {
    return await start()
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    stage.complain(`${error.message}; its log:\n${error.log.replaceAll(/^/gm, '    ')}`)
    return undefined
  }
}
