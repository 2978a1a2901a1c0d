/** The contract of a scenario: a file that measures contestants under one condition and records samples. */
import type { Arena } from './contest.ts'
import type { Crew } from './load/crew.ts'
import type { MetricName } from './metric.ts'
import type { Peer } from './peers/peer.ts'

/** What one contestant showed in one round. */
export interface Sample {
  readonly scenario: string
  /** Tells apart what a scenario measures under several conditions: `headers-13`, `full speed`. */
  readonly variant: string
  readonly contestant: string
  readonly values: Partial<Readonly<Record<MetricName, number>>>
  /** Why some of the values are not to be trusted, in words. */
  readonly flaws: readonly string[]
  /** Latency by percentile, for the curve; empty when it says nothing. */
  readonly curve: readonly CurvePoint[]
}

export interface CurvePoint {
  readonly percent: number
  readonly us: number
}

/** What a scenario works with. */
export interface Stage {
  readonly arena: Arena
  readonly crew: Crew
  /** Those found on this machine, at least one. */
  readonly peers: readonly Peer[]
  readonly rounds: number
  /** Of load, for each contestant in each round. */
  readonly secondsPerRound: number
  readonly connections: number
  /** That each contestant has answered before the first round; absent: what comes of a second of load. */
  readonly warmupRequests?: number
  readonly record: (sample: Sample) => void
  /** Tells people what happens now, in a few words. */
  readonly progress: (text: string) => void
  /** Tells people what did not work; the run goes on. */
  readonly complain: (text: string) => void
}

/** For the time budget. */
export interface Effort {
  /** Of load, for each contestant in each round. */
  readonly runs: number
  /** How often all contestants are started. */
  readonly starts: number
  /** Of load beside the runs, for each contestant in each round, however short these are. */
  readonly fixedSeconds?: number
  /** How many can take part at most; undefined: all. */
  readonly contestants?: number
}

export interface Scenario {
  readonly name: string
  /** One sentence: the condition, and what the figures say. */
  readonly summary: string
  readonly effort: Effort
  /** Leaves no process behind that it started itself, unless it throws: then whoever called it clears up. */
  readonly run: (stage: Stage) => Promise<void>
}
