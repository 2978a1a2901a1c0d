/** `smartedge strategy list`: the shipped strategies and those that the configuration names, with their files. */
import { isOneFile } from '../../core/own-place.ts'
import { locateStrategy } from '../../core/strategy/load.ts'
import { isShipped, shippedStrategies } from '../../core/strategy/shipped.ts'
import type { Config } from '../../core/config/config.ts'
import { loadConfig } from '../../core/config/load.ts'
import { displayName } from '../../core/config/read/reading.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { alignTable } from '../text/table.ts'
import { printable } from '../text/text.ts'
import { printProblems } from '../process/load.ts'

export interface StrategyListOptions {
  /** What `--config` says. */
  readonly config?: string
  readonly json?: boolean
}

interface Listed {
  /** As a config says it; a user's own by its path. */
  readonly use: string
  readonly file: string
  /** Names of the pools that use it. */
  readonly pools: readonly string[]
}

/** Without a configuration anywhere, the shipped ones; with a faulty one, its problems. Runs no strategy. */
export async function strategyList(io: Io, { config: path, json = false }: StrategyListOptions): Promise<number> {
  const loaded = loadConfig({ path, cwd: io.cwd, env: io.env })
  if (loaded.kind === 'problems' && (loaded.source !== undefined || path !== undefined)) {
    printProblems(io, loaded)
    return exitCode.badConfig
  }
  const strategies = listStrategies(loaded.kind === 'config' ? loaded.config.pools : [])
  if (json) io.data(`${JSON.stringify(strategies, null, 2)}\n`)
  else io.stdout(table(strategies, io))
  return exitCode.ok
}

function listStrategies(pools: Config['pools']): Listed[] {
  const uses = new Set<string>([...shippedStrategies, ...pools.map(({ strategy }) => strategy.use)])
  return [...uses].map((use) => ({
    use,
    file: locateStrategy(use),
    pools: pools.filter(({ strategy }) => strategy.use === use).map(({ name }) => name),
  }))
}

function table(strategies: readonly Listed[], { cwd, color }: Io): string {
  const header = ['strategy', 'file', 'pools'].map((text) => ({ text, style: 'dim' }) as const)
  const rows = strategies.map(({ use, file, pools }) => [
    { text: printable(displayName(use, cwd)), style: 'bold' } as const,
    { text: isOneFile && isShipped(use) ? 'within this program' : printable(displayName(file, cwd)) },
    { text: printable(pools.join(', ')) || '-' },
  ])
  return alignTable([header, ...rows], color)
}
