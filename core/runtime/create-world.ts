/** A config and the pools at work -> the immutable snapshot that requests are served by. */
import type { Config } from '../config/config.ts'
import { createIdentify } from '../forward/identify.ts'
import type { Geo, World } from '../exchange/world.ts'
import { createBlockSet } from '../ip/blocks.ts'
import { compileRoutes } from '../route/table.ts'
import type { RunningPool } from './running-pool.ts'

export function createWorld(config: Config, pools: ReadonlyMap<string, RunningPool>, geo: Geo | undefined): World {
  const trusted = createBlockSet(config.trustedProxies)
  const isTrustedProxy = (address: string): boolean => trusted.has(address)
  const snapshots = new Map([...pools].map(([name, pool]) => [name, pool.snapshot()]))
  return {
    routes: compileRoutes(config.routes),
    poolOfRule: config.routes.map((rule) => {
      const pool = snapshots.get(rule.pool)
      if (pool === undefined) throw new Error(`a route names pool ${rule.pool}, which is not configured`)
      return pool
    }),
    requestsOfRule: new Float64Array(config.routes.length),
    limits: config.limits,
    timeouts: config.timeouts,
    identify: createIdentify(isTrustedProxy),
    isTrustedProxy,
    geo,
  }
}
