/**
 * Runs scenarios against contestants and hands back what was found. Owns everything that must be cleared up: processes,
 * a directory below the system's temporary one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNursery } from './children.ts'
import { planCores } from './cores.ts'
import { createCrew } from './load/crew.ts'
import { describeMachine } from './machine.ts'
import type { Peer } from './peers/peer.ts'
import type { Results } from './results.ts'
import type { Sample, Scenario } from './scenario.ts'
import { summarizeSamples } from './summary.ts'

export interface RunOptions {
  /** The command that repeats the run, for the reports. */
  readonly command: string
  readonly scenarios: readonly Scenario[]
  /** On this machine. */
  readonly peers: readonly Peer[]
  readonly rounds: number
  readonly secondsPerRound: number
  readonly connections: number
  readonly warmupRequests?: number
  /** ISO 8601, UTC. */
  readonly date: string
  readonly progress: (text: string) => void
  readonly complain: (text: string) => void
  /** Aborting ends all processes at once; the results then hold what was measured. */
  readonly signal: AbortSignal
}

/** Rejects only on a fault of its own; a scenario that fails is a complaint, and the next one follows. */
export async function runBenchmark(options: RunOptions): Promise<Results> {
  const directory = mkdtempSync(join(tmpdir(), 'smartedge-bench-'))
  const nursery = createNursery(directory)
  const cores = planCores(cpus().length, Bun.which('taskset') !== null)
  const samples: Sample[] = []
  const complaints: string[] = []
  const complain = (text: string): void => {
    if (options.signal.aborted || complaints.includes(text)) return
    complaints.push(text)
    options.complain(text)
  }
  options.signal.addEventListener('abort', () => void nursery.close())
  try {
    for (const scenario of options.scenarios) {
      if (options.signal.aborted) break
      try {
        const crew = createCrew(nursery, cores)
        await scenario.run({
          ...options,
          arena: { directory, nursery, cores },
          crew,
          complain,
          record: (sample) => void samples.push(sample),
        })
      } catch (error) {
        if (!options.signal.aborted) complain(`${scenario.name}: ${describeFault(error)}`)
      }
      await nursery.stopAll()
    }
  } finally {
    await nursery.close()
    rmSync(directory, { recursive: true, force: true })
  }
  return {
    command: options.command,
    date: options.date,
    machine: describeMachine(cores),
    versions: Object.fromEntries(
      options.peers.map((peer) => [peer.name.replace(/:.*/, ''), peer.version() ?? 'unknown']),
    ),
    settings: { rounds: options.rounds, secondsPerRound: options.secondsPerRound, connections: options.connections },
    scenarios: Object.fromEntries(options.scenarios.map((scenario) => [scenario.name, scenario.summary])),
    rows: summarizeSamples(samples),
    samples,
    complaints,
    interrupted: options.signal.aborted,
  }
}

/** With the log of a process that did not start. */
function describeFault(error: unknown): string {
  const log = error instanceof Error && 'log' in error ? `\n${String(error.log)}` : ''
  return `${error instanceof Error ? error.message : String(error)}${log}`
}
