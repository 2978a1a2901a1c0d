/**
 * Pools and routes as a provider outside tells them, values of JSON: read by the rules of the config, but for variables,
 * which nobody outside is to read.
 */
import type { Draft } from '../discovery/provider.ts'
import type { PoolConfig, RouteConfig } from './config.ts'
import { parseConfig } from './parse.ts'
import { describeProblem } from './problems.ts'

export interface ReadDraft {
  readonly kind: 'parts'
  readonly pools: readonly PoolConfig[]
  readonly routes: readonly RouteConfig[]
}

/** More in one label, or of one object, are no mistake: to read a hundred thousand would hold up traffic for seconds. */
const MOST_ROUTES = 256

/** Never throws, whatever the values. `provider`: what its pools and routes say of who makes them. */
export function readDraft(
  { pools, routes }: Pick<Draft, 'pools' | 'routes'>,
  provider: string,
): ReadDraft | { readonly kind: 'fault'; readonly reason: string } {
  if (routes.length > MOST_ROUTES) return { kind: 'fault', reason: `makes more than ${MOST_ROUTES} routes` }
  const whole = {
    pools: Object.fromEntries(pools.map(({ name, settings }) => [name, { ...settings, backends: [] }])),
    routes,
  }
  const surroundings = { file: '', cwd: '', env: {}, mayRead: () => false, attachments: new Map() }
  const parsed = parseConfig(JSON.stringify(whole), surroundings)
  if (parsed.kind === 'needs') return { kind: 'fault', reason: 'names a file' }
  if (parsed.kind === 'problems') {
    const [problem] = parsed.problems
    return { kind: 'fault', reason: problem === undefined ? 'cannot be read' : describeProblem(problem) }
  }
  const discoveryOf = new Map(pools.map(({ name, discovery }) => [name, discovery]))
  return {
    kind: 'parts',
    pools: parsed.config.pools.map((pool) => ({
      ...pool,
      provider,
      discovery: discoveryOf.get(pool.name) ?? [],
    })),
    // Without one of its own the only pool would serve everything.
    routes: routes.length === 0 ? [] : parsed.config.routes.map((route) => ({ ...route, provider })),
  }
}
