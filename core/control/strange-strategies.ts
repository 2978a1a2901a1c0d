/** Strategy files that a text of the API names and that may not run: asked before anything looks into them. */
import { isAbsolute, dirname } from 'node:path'
import process from 'node:process'
import type { Config, PoolConfig } from '../config/config.ts'
import { formatKey } from '../config/read/reading.ts'
import type { ApplyProblem } from '../part.ts'
import type { ConfigFiles } from './contract.ts'
import { faultOfFile } from './own-file.ts'

/** One for each pool whose file may not. What is in force already runs, and is no news. */
export function strangeStrategies(
  pools: readonly PoolConfig[],
  inForce: Config,
  { place }: ConfigFiles,
): readonly ApplyProblem[] {
  const running = new Set(inForce.pools.map(({ strategy }) => strategy.use))
  const [folder, user] = [dirname(place.path), process.geteuid?.()]
  return pools.flatMap(({ name, strategy: { use } }) => {
    if (!isAbsolute(use) || running.has(use)) return []
    const message = faultOfFile({ file: use, folder, user })
    return message === undefined ? [] : [{ key: formatKey(['pools', name, 'strategy']), message }]
  })
}
