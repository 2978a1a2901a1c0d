/** A config of files, and what providers add to it: the file wins wherever both say something. Pure. */
import { fingerprint } from '../secrets.ts'
import type { Config, PoolConfig, RouteConfig } from './config.ts'

/** All of it says who makes it. */
export interface Provided {
  readonly pools: readonly PoolConfig[]
  readonly routes: readonly RouteConfig[]
}

export const NOTHING: Provided = { pools: [], routes: [] }

/** Without what providers have added; the same object where that is nothing. */
export function ownPart(config: Config): Config {
  const isOwn = ({ provider }: { readonly provider?: string }): boolean => provider === undefined
  if (config.pools.every(isOwn) && config.routes.every(isOwn)) return config
  return { ...config, pools: config.pools.filter(isOwn), routes: config.routes.filter(isOwn) }
}

/**
 * `config` with these in place of whatever providers had added to it. A pool or a route that it has itself stays as it is;
 * what is added comes behind its own routes, and before one that takes everything. Pools to which nothing leads are left out.
 */
export function withProvided(config: Config, provided: Provided): Config {
  const own = ownPart(config)
  const ownNames = new Set(own.pools.map(({ name }) => name))
  const ownMatches = new Set(own.routes.map(matchKey))
  const offered = new Map(provided.pools.map((pool) => [pool.name, pool]))
  const routes = firstOfEach(provided.routes)
    .filter((route) => !ownMatches.has(matchKey(route)) && (ownNames.has(route.pool) || offered.has(route.pool)))
    .map((route) => ({ route, rank: rankOf(route) }))
    .toSorted(byPrecedence)
    .map(({ route }) => route)
  if (routes.length === 0) return own
  const led = new Set(routes.map(({ pool }) => pool))
  const pools = [...offered.values()].filter(({ name }) => led.has(name) && !ownNames.has(name))
  const catchAll = own.routes.findIndex(takesEverything)
  const before = catchAll === -1 ? own.routes.length : catchAll
  return {
    ...own,
    pools: [...own.pools, ...pools],
    routes: [...own.routes.slice(0, before), ...routes, ...own.routes.slice(before)],
  }
}

/** Those of thousands of routes are asked for with each change of one. */
const matchKeys = new WeakMap<RouteConfig['match'], string>()

/** Requests of one rule are those of another of the same key. */
export function matchKey({ match }: Pick<RouteConfig, 'match'>): string {
  const known = matchKeys.get(match)
  if (known !== undefined) return known
  const key = fingerprint(match)
  matchKeys.set(match, key)
  return key
}

function firstOfEach(routes: readonly RouteConfig[]): RouteConfig[] {
  const byMatch = new Map<string, RouteConfig>()
  for (const route of routes) {
    const key = matchKey(route)
    if (!byMatch.has(key)) byMatch.set(key, route)
  }
  return [...byMatch.values()]
}

const takesEverything = ({ match: { host, path, methods, headers } }: RouteConfig): boolean =>
  host === undefined && path === undefined && methods === undefined && headers.length === 0

/**
 * Those that say more come first, since the first that holds wins: by host (exact, then the longest wildcard), path (exact,
 * then the longest prefix), methods and fields, as Gateway API has it; else as they were told.
 */
function byPrecedence({ rank: some }: Ranked, { rank: others }: Ranked): number {
  const index = some.findIndex((rank, at) => rank !== others[at])
  return index === -1 ? 0 : (others[index] ?? 0) - (some[index] ?? 0)
}

interface Ranked {
  readonly rank: readonly number[]
}

function rankOf({ match: { host, path, methods, headers } }: RouteConfig): readonly number[] {
  const isWildcard = host?.startsWith('*.') === true
  const isPrefix = path?.endsWith('*') === true
  return [
    host === undefined ? 0 : isWildcard ? 1 : 2,
    isWildcard ? host.length : 0,
    path === undefined ? 0 : isPrefix ? 1 : 2,
    isPrefix ? path.length : 0,
    methods === undefined ? 0 : 1,
    headers.length,
  ]
}
