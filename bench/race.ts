/** Contestants doing the same work in alternating rounds: what most scenarios consist of. */
import {
  type Backends,
  type Contestant,
  countAnswered,
  StartError,
  startBackends,
  startContestant,
  type Work,
} from './contest.ts'
import type { LoadPlan } from './load/plan.ts'
import type { JobTls, Safeguards } from './peers/peer.ts'
import { measure, readCurve, type Measurement } from './measure.ts'
import type { Sample, Stage } from './scenario.ts'

/** The backends of a field: how slow each answers, and the share it should have. */
export interface Setting {
  readonly delaysMs: readonly number[]
  /** undefined: all the same. */
  readonly weights?: readonly number[]
  /** undefined: the usual configuration. */
  readonly safeguards?: Safeguards
  /** 'tcp': contestants pass on bytes; undefined: HTTP. */
  readonly mode?: 'tcp'
  /** undefined: plain HTTP. */
  readonly tls?: JobTls
  /** The same, to the backends. */
  readonly backendTls?: JobTls
  /** undefined: HTTP/1.1. */
  readonly http2?: 'front' | 'both'
}

/** Contestants, up and warm. */
export interface Lineup {
  readonly contestants: readonly Contestant[]
  readonly planFor: (contestant: Contestant, changes?: Partial<LoadPlan>) => LoadPlan
  readonly stop: () => Promise<void>
}

/** A field of contestants, all on the same backends. */
export interface Field extends Lineup {
  readonly backends: Backends
}

/** Of each run before the first that counts: just-in-time compilers need a moment. */
const warmupMs = 1000
/** And how many of them at most, where a share of the core is all there is. */
const maxWarmups = 60

/**
 * Brings up backends and every peer; one that does not start is complained about with its own log, and left
 * out. `warmup`: what of the usual plan is another while they warm up.
 */
export async function assemble(
  stage: Stage,
  profile: string,
  setting: Setting = { delaysMs: [0] },
  warmup: Partial<LoadPlan> = {},
): Promise<Field> {
  const { delaysMs, backendTls, ...work } = setting
  const isH2c = setting.http2 === 'both'
  const backends = await startBackends(stage.arena, { profile, delaysMs, tls: backendTls, isH2c })
  const lineup = await lineUp(stage, profile, { backendPorts: backends.ports, backendTls, ...work }, warmup)
  return {
    ...lineup,
    backends,
    async stop() {
      await lineup.stop()
      await backends.child.stop()
    },
  }
}

/** The same on backends that somebody else has brought up. */
export async function lineUp(
  stage: Stage,
  profile: string,
  work: Work,
  warmup: Partial<LoadPlan> = {},
): Promise<Lineup> {
  const contestants = await startAll(stage, work)
  const planOf: Lineup['planFor'] = (contestant, changes) => planFor(stage, profile, contestant, changes)
  for (const contestant of contestants) await warm(stage, planOf(contestant, { ...warmup, durationMs: warmupMs }))
  return {
    contestants,
    planFor: planOf,
    async stop() {
      for (const contestant of contestants) await contestant.child?.stop()
    },
  }
}

/** At least once, and until it has answered as many as the stage asks for. */
async function warm(stage: Stage, plan: LoadPlan): Promise<void> {
  const { warmupRequests = 0 } = stage
  let requests = 0
  for (let runs = 0; runs < maxWarmups; runs += 1) {
    requests += (await stage.crew.run(plan)).requests
    if (requests >= warmupRequests) return
  }
}

/** Without the byte pipe, where what counts is the choice of a backend: it makes one for each connection. */
export const balancersOf = (stage: Stage): Stage => ({
  ...stage,
  peers: stage.peers.filter((peer) => peer.name !== 'pipe'),
})

/** Those whose configuration knows safeguards. */
export const guardedOf = (stage: Stage): Stage => ({
  ...stage,
  peers: stage.peers.filter(({ name }) => /^(smartedge|nginx|haproxy)/.test(name)),
})

/** Those that have a TCP mode, and the byte pipe, which has no other. */
export const tcpOf = (stage: Stage): Stage => ({
  ...stage,
  peers: stage.peers.filter(({ name }) => /^(smartedge(-bun)?|nginx|haproxy|pipe)$/.test(name)),
})

/** Those that start, one after the other; the others are complained about with their own logs. */
export async function startAll(stage: Stage, work: Work): Promise<readonly Contestant[]> {
  const contestants: Contestant[] = []
  for (const peer of stage.peers) {
    stage.progress(`starting ${peer.name}`)
    try {
      contestants.push(await startContestant(stage.arena, peer, work))
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      stage.complain(`${error.message}; its log:\n${error.log.replaceAll(/^/gm, '    ')}`)
    }
  }
  return contestants
}

/** The usual plan against a contestant, with changes. */
export function planFor(stage: Stage, profile: string, contestant: Contestant, changes?: Partial<LoadPlan>): LoadPlan {
  return {
    host: '127.0.0.1',
    port: contestant.port,
    profile,
    connections: stage.connections,
    durationMs: stage.secondsPerRound * 1000,
    pace: { kind: 'closed' },
    reconnect: false,
    path: '/api/items',
    targets: 1,
    idle: 0,
    ...changes,
  }
}

export interface Race {
  readonly scenario: string
  readonly variant: string
  readonly changes?: Partial<LoadPlan>
  /** Which values of a measurement are the point of it; `shares`: of the requests, for each backend. */
  readonly values: (measurement: Measurement, shares: readonly number[]) => Sample['values']
}

/** Rounds in turns: A B C A B C. Records a sample for each, and returns the measurements. */
export async function race(stage: Stage, field: Field, race: Race): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = []
  for (let round = 1; round <= stage.rounds; round++) {
    for (const contestant of field.contestants) {
      stage.progress(`${race.scenario}, ${race.variant}: ${contestant.name} (round ${round} of ${stage.rounds})`)
      const plan = field.planFor(contestant, race.changes)
      const before = await countAnswered(field.backends)
      const measurement = await measure(stage, contestant, plan)
      const shares = toShares(before, await countAnswered(field.backends))
      measurements.push(measurement)
      stage.record({
        scenario: race.scenario,
        variant: race.variant,
        contestant: contestant.name,
        values: race.values(measurement, shares),
        flaws: measurement.flaws,
        curve: plan.pace.kind === 'open' ? readCurve(measurement.load) : [],
      })
    }
  }
  return measurements
}

/** Of what came between two counts, the part of each. */
export function toShares(before: readonly number[], after: readonly number[]): readonly number[] {
  const gained = after.map((count, index) => count - (before[index] ?? 0))
  const total = gained.reduce((sum, count) => sum + count, 0)
  return gained.map((count) => count / Math.max(1, total))
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
