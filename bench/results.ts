/** Everything a run of the benchmark found, as it is written with `--json` and read by the reports. */
import type { Row } from './summary.ts'
import type { Sample } from './scenario.ts'

export interface Results {
  /** The command that repeats it. */
  readonly command: string
  /** ISO 8601, UTC. */
  readonly date: string
  readonly machine: Machine
  /** Contestant -> version; that of SmartEdge once, whatever its strategy. */
  readonly versions: Readonly<Record<string, string>>
  readonly settings: { readonly rounds: number; readonly secondsPerRound: number; readonly connections: number }
  /** Scenario -> its summary sentence. */
  readonly scenarios: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
  readonly samples: readonly Sample[]
  /** What did not work, in words. */
  readonly complaints: readonly string[]
  /** Whether a signal ended it before its time. */
  readonly interrupted: boolean
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  /** In words: who ran on which core. */
  readonly pinning: string
}
