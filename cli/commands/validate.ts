/** `smartedge validate`: says everything that is wrong with a configuration, or sums it up in one line. */
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config/config.ts'
import { type Loaded, loadConfig } from '../../core/config/load.ts'
import { formatWarning } from '../../core/config/problems.ts'
import { displayName } from '../../core/config/read/reading.ts'
import { sourceOf } from '../../core/fleet/address.ts'
import { checkConfig } from '../../core/runtime/check-config.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { locateIn, printProblems } from '../process/load.ts'
import { counted } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'

export interface ValidateOptions {
  /** What `--config` says. */
  readonly config?: string | undefined
  /** Prints one JSON document to stdout instead, whatever the outcome. */
  readonly json?: boolean | undefined
}

/** `badConfig` also when nothing is found. */
export async function validate(io: Io, { config: path, json = false }: ValidateOptions): Promise<number> {
  const source = sourceOf(path, io.env)
  const read =
    source === undefined
      ? loadConfig({ path, cwd: io.cwd, env: io.env })
      : await (await import('../process/load-source.ts')).loadNewest(io, source)
  if (typeof read === 'number') return read
  const loaded = await tryOut(read, io.cwd)
  const isValid = loaded.kind === 'config'
  if (json) io.data(`${JSON.stringify(toJson(loaded), null, 2)}\n`)
  else if (isValid) {
    for (const warning of loaded.warnings) io.stderr(`${printable(formatWarning(warning))}\n`)
    io.stdout(
      `${printable(loaded.name ?? displayName(loaded.source, io.cwd))}: ${summarize(loaded.config)}${runsStrategies ? '' : notTried}\n`,
    )
  } else printProblems(io, loaded)
  return isValid ? exitCode.ok : exitCode.badConfig
}

const runsStrategies = typeof Bun !== 'undefined'

const notTried = '; strategies were not tried, which needs Bun'

/** What `run` would refuse, too: strategies, their options, the database; of pools that are faulty in the file, nothing. */
async function tryOut(loaded: Loaded, cwd: string): Promise<Loaded> {
  const config = loaded.kind === 'config' ? loaded.config : soundPart(loaded)
  if (config === undefined || !runsStrategies) return loaded
  const found = await checkConfig(config, systemClock)
  if (found.length === 0) return loaded
  const before = loaded.kind === 'problems' ? loaded : { problems: [], omitted: 0 }
  const problems = [...before.problems, ...found.flatMap((problem) => locateIn(loaded, problem, cwd))]
  return { ...loaded, kind: 'problems', problems, omitted: before.omitted, rest: undefined }
}

function soundPart({ rest }: Loaded & { kind: 'problems' }): Config | undefined {
  if (rest === undefined) return undefined
  const { config, faultyPools } = rest
  return { ...config, pools: config.pools.filter(({ name }) => !faultyPools.includes(name)) }
}

/** `1 listener, 2 routes, 2 pools, 5 backends`, and `1 source of more` where members are found. */
function summarize(config: Config): string {
  const { listeners, routes, pools, backends } = countsOf(config)
  const sources = config.pools.flatMap(({ discovery = [] }) => discovery).length
  return [
    counted(listeners, 'listener'),
    counted(routes, 'route'),
    counted(pools, 'pool'),
    counted(backends, 'backend'),
    ...(sources === 0 ? [] : [`${counted(sources, 'source')} of more`]),
    ...(config.providers === undefined ? [] : ['and what providers add']),
  ].join(', ')
}

const countsOf = ({ listeners, routes, pools }: Config) => ({
  listeners: new Set(listeners.map(({ name }) => name)).size,
  routes: routes.length,
  pools: pools.length,
  backends: pools.reduce((sum, pool) => sum + pool.members.length, 0),
})

function toJson(loaded: Loaded): unknown {
  const { files } = loaded
  const source = loaded.name ?? loaded.source ?? null
  if (loaded.kind === 'problems')
    return { valid: false, source, files, problems: loaded.problems, omitted: loaded.omitted }
  return { valid: true, source, files, warnings: loaded.warnings, ...countsOf(loaded.config) }
}
