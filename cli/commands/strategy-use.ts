/** `smartedge strategy use`: switches a pool of a running edge to another strategy. */
import { dirname, relative, resolve } from 'node:path'
import { findAdminPlace } from '../../core/config/admin-place.ts'
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { poolPath } from '../../core/view/api-paths.ts'
import { command } from '../client/control-client.ts'
import { findPool } from '../client/find-backend.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { isShipped } from '../../core/strategy/shipped.ts'
import { strategyFile } from '../process/strategy-file.ts'
import { printable } from '../text/text.ts'
import { written } from '../text/written.ts'

export interface StrategyUseOptions extends TargetOptions {
  readonly options?: unknown
  readonly json?: boolean
}

/** `use`: a shipped strategy's name, a file, or the name that `strategy new` gave it. */
export const strategyUse = (io: Io, pool: string, use: string, given: StrategyUseOptions): Promise<number> =>
  command(io, given, { method: 'GET', path: '/api/status', tells: 'pools' }, async (status) => {
    const { pools = [], reload } = status as Partial<StatusSnapshot>
    const found = findPool(pools, pool)
    if (found.kind === 'found') return await change(io, { pool, use, before: reload?.generation.number }, given)
    io.stderr(`smartedge: ${printable(found.message)}\n`)
    return exitCode.failure
  })

interface Change {
  readonly pool: string
  readonly use: string
  /** The generation in force when it was asked for; undefined: not told. */
  readonly before: number | undefined
}

async function change(io: Io, { pool, use, before }: Change, given: StrategyUseOptions): Promise<number> {
  const { options, json, ...target } = given
  const name = asConfigured(io, use, target)
  const strategy = options === undefined ? name : { use: name, options }
  return await command(
    io,
    target,
    { method: 'PATCH', path: poolPath(pool), body: { strategy }, tells: 'generation' },
    (answer) => {
      const { generation } = answer as { generation?: { readonly number?: number } }
      const isOld = before !== undefined && generation?.number === before
      const line = `${printable(pool)}: balanced by ${printable(name)}`
      if (json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
      else io.stdout(`${line}${isOld ? ' already' : written(answer)}\n`)
      return exitCode.ok
    },
  )
}

/** As the config file names it: a path from the config's own folder, which `./` begins. */
function asConfigured(io: Io, use: string, { config }: TargetOptions): string {
  const file = strategyFile(io, use)
  if (isShipped(use) || file === undefined) return use
  const place = findAdminPlace({ path: config, cwd: io.cwd, env: io.env })
  if (place.kind !== 'place') return use.startsWith('.') || use.startsWith('/') ? use : `./${use}`
  const path = relative(dirname(resolve(io.cwd, place.file)), file).replaceAll('\\', '/')
  return path.startsWith('.') ? path : `./${path}`
}
