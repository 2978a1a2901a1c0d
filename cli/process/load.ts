/** Reads the configuration for a command that needs one, and tells people what is wrong with it. */
import type { Config } from '../../core/config/config.ts'
import { type Loaded, loadConfig } from '../../core/config/load.ts'
import { locate } from '../../core/config/locate.ts'
import { formatProblem, type Problem } from '../../core/config/problems.ts'
import { displayName } from '../../core/config/read/reading.ts'
import type { ConfigFiles } from '../../core/control/contract.ts'
import type { FleetNode } from '../../core/fleet/node.ts'
import type { ApplyProblem } from '../../core/part.ts'
import { counted } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'
import { exitCode } from './exit-codes.ts'
import type { Io } from './io.ts'

export interface LoadedConfig {
  readonly config: Config
  /** The file it came from, as people would name it. */
  readonly file: string
  readonly files: ConfigFiles
  /** Follows where it came from; absent: from a file. */
  readonly fleet?: FleetNode
  /** Writes what only trying has shown, and returns the exit code that it comes to. */
  readonly refuse: (problems: readonly ApplyProblem[]) => number
}

/** undefined: the problems have been written, the command ends with `badConfig`. */
export function loadOrReport(io: Io, path: string | undefined): LoadedConfig | undefined {
  const loaded = loadConfig({ path, cwd: io.cwd, env: io.env })
  if (loaded.kind === 'problems') {
    printProblems(io, loaded)
    return undefined
  }
  const { config, source, place, text, isPiped, warnings } = loaded
  const given = isPiped ? ({ from: 'pipe', text } as const) : undefined
  return {
    config,
    file: displayName(source, io.cwd),
    files: { place, cwd: io.cwd, env: io.env, given, warnings, isWatched: true },
    refuse: refuser(io, loaded),
  }
}

/** `LoadedConfig.refuse` */
export const refuser =
  (io: Io, loaded: Loaded): LoadedConfig['refuse'] =>
  (found) => {
    const problems = found.filter(({ isLocal }) => !isLocal).flatMap((one) => locateIn(loaded, one, io.cwd))
    for (const { key, message, isLocal } of found) if (isLocal) io.stderr(`smartedge: ${key}: ${message}\n`)
    if (problems.length === 0) return exitCode.failure
    printProblems(io, { ...loaded, problems, omitted: 0 })
    return exitCode.badConfig
  }

/** What trying the config has shown, at its places. */
export function locateIn({ source, name, text }: Loaded, problem: ApplyProblem, cwd: string): Problem[] {
  return locate(problem, { file: source ?? cwd, name, text: text ?? '', cwd })
}

type Told = Pick<Loaded & { kind: 'problems' }, 'problems' | 'omitted' | 'source' | 'name'>

/** Every problem on its line of stderr, then how many there are. */
export function printProblems(io: Io, { problems, omitted, source, name }: Told): void {
  for (const problem of problems) io.stderr(`${printable(formatProblem(problem))}\n`)
  if (source === undefined) return
  const more = omitted === 0 ? '' : `, ${omitted} of them not shown`
  io.stderr(
    `${counted(problems.length + omitted, 'problem')} in ${printable(name ?? displayName(source, io.cwd))}${more}\n`,
  )
}
