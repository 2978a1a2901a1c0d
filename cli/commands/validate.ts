/** `smartedge validate`: says everything that is wrong with a configuration, or sums it up in one line. */
import type { Config } from '../../core/config/config.ts'
import { type Loaded, loadConfig } from '../../core/config/load.ts'
import { formatProblem } from '../../core/config/problems.ts'
import { displayName } from '../../core/config/read/reading.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { counted } from '../text/format.ts'

export interface ValidateOptions {
  /** What `--config` says. */
  readonly config?: string | undefined
  /** Prints one JSON document to stdout instead, whatever the outcome. */
  readonly json?: boolean | undefined
}

/** `badConfig` also when nothing is found. */
export async function validate(io: Io, { config: path, json = false }: ValidateOptions): Promise<number> {
  const loaded = loadConfig({ path, cwd: io.cwd, env: io.env })
  const isValid = loaded.kind === 'config'
  if (json) io.data(`${JSON.stringify(toJson(loaded), null, 2)}\n`)
  else if (isValid) io.stdout(`${displayName(loaded.source, io.cwd)}: ${summarize(loaded.config)}\n`)
  else printProblems(io, loaded)
  return isValid ? exitCode.ok : exitCode.badConfig
}

/** Every problem on its line of stderr, then how many there are. Also for commands that need a valid config. */
export function printProblems(io: Io, { problems, omitted, source }: Extract<Loaded, { kind: 'problems' }>): void {
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`)
  if (source === undefined) return
  const more = omitted === 0 ? '' : `, ${omitted} of them not shown`
  io.stderr(`${counted(problems.length + omitted, 'problem')} in ${displayName(source, io.cwd)}${more}\n`)
}

/** `1 listener, 2 routes, 2 pools, 5 backends`. */
export function summarize({ listeners, routes, pools }: Config): string {
  const backends = pools.reduce((sum, pool) => sum + pool.members.length, 0)
  return [
    counted(listeners.length, 'listener'),
    counted(routes.length, 'route'),
    counted(pools.length, 'pool'),
    counted(backends, 'backend'),
  ].join(', ')
}

function toJson(loaded: Loaded): unknown {
  const { source = null, files } = loaded
  if (loaded.kind === 'problems')
    return { valid: false, source, files, problems: loaded.problems, omitted: loaded.omitted }
  const { listeners, routes, pools } = loaded.config
  const backends = pools.reduce((sum, pool) => sum + pool.members.length, 0)
  const counts = { listeners: listeners.length, routes: routes.length, pools: pools.length, backends }
  return { valid: true, source, files, ...counts }
}
