/** `smartedge strategy use`: switches a pool of a running edge to another strategy. */
import { dirname, relative, resolve } from 'node:path'
import { findAdminPlace } from '../../core/config/admin-place.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { command } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { isShipped, strategyFile } from '../process/strategy-file.ts'
import { printable } from '../text/text.ts'

export interface StrategyUseOptions extends TargetOptions {
  readonly options?: unknown
  readonly json?: boolean
}

/** `use`: a shipped strategy's name, a file, or the name that `strategy new` gave it. */
export async function strategyUse(io: Io, pool: string, use: string, given: StrategyUseOptions): Promise<number> {
  const { options, json, ...target } = given
  const name = asConfigured(io, use, target)
  const strategy = options === undefined ? name : { use: name, options }
  const path = `/api/pools/${encodeURIComponent(pool)}`
  return await command(io, target, { method: 'PATCH', path, body: { strategy } }, (body) => {
    if (json) io.data(`${JSON.stringify(body, null, 2)}\n`)
    else io.stdout(`${printable(pool)}: balanced by ${printable(name)} from now on\n`)
    return exitCode.ok
  })
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
