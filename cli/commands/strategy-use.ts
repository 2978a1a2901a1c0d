/** `smartedge strategy use`: switches a pool of a running edge to another strategy. */
import type { TargetOptions } from '../client/admin-target.ts'
import { command } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { printable } from '../text/text.ts'

export interface StrategyUseOptions extends TargetOptions {
  readonly options?: unknown
  readonly json?: boolean
}

/** `use`: a shipped strategy's name, or a file as the config file would name it. */
export async function strategyUse(io: Io, pool: string, use: string, given: StrategyUseOptions): Promise<number> {
  const { options, json, ...target } = given
  const strategy = options === undefined ? use : { use, options }
  const path = `/api/pools/${encodeURIComponent(pool)}`
  return await command(io, target, { method: 'PATCH', path, body: { strategy } }, (body) => {
    if (json) io.stdout(`${JSON.stringify(body, null, 2)}\n`)
    else io.stdout(`${printable(pool)}: balanced by ${printable(use)} from now on\n`)
    return exitCode.ok
  })
}
