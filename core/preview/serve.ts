/** A config and its previews -> the config that is served: a pool and a route for each, never in the way of a configured one. Pure. */
import type { Config, PoolConfig, RouteConfig } from '../config/config.ts'
import { parseConfig } from '../config/parse.ts'
import { describeMatch } from '../route/describe.ts'
import { hostSuffix } from '../route/match.ts'
import type { Preview } from './contract.ts'

/** A preview with what it comes to. */
export interface ReadyPreview extends Preview {
  readonly pool: PoolConfig
  readonly match: RouteConfig['match']
}

export type Read =
  | { readonly kind: 'ready'; readonly preview: ReadyPreview }
  | {
      readonly kind: 'problem'
      readonly key: 'host' | 'url'
      readonly rule: string
      readonly hint?: string | undefined
    }

/** No pool of a config has such a name. */
const poolName = (host: string): string => `preview:${host}`

/** Narrower than a route's: neither a wildcard nor a variable. */
const hostRule = 'must be one host without port, such as pr-123.example.org'

/** As a config would be read that has this route and pool, with all its defaults. */
export function readPreview(preview: Preview): Read {
  if (preview.host.startsWith('*') || preview.host.includes('${'))
    return { kind: 'problem', key: 'host', rule: hostRule }
  if (preview.url.includes('${')) return { kind: 'problem', key: 'url', rule: 'must not hold a variable' }
  const text = JSON.stringify({
    pools: { preview: { backends: [preview.url] } },
    routes: [{ match: { host: preview.host }, pool: 'preview' }],
  })
  const parsed = parseConfig(text, { file: '/preview', cwd: '/', env: {}, attachments: new Map() })
  const problem = parsed.kind === 'problems' ? parsed.problems[0] : undefined
  if (problem !== undefined) {
    const { key, rule, hint } = problem
    if (key.startsWith('pools')) return { kind: 'problem', key: 'url', rule, hint }
    return { kind: 'problem', key: 'host', rule: hostRule, hint }
  }
  const [pool, route] = parsed.kind === 'config' ? [parsed.config.pools[0], parsed.config.routes[0]] : []
  const host = route?.match.host
  if (pool === undefined || route === undefined || host === undefined)
    return { kind: 'problem', key: 'host', rule: hostRule }
  const ready = { ...preview, host, pool: { ...pool, name: poolName(host) }, match: route.match }
  return { kind: 'ready', preview: ready }
}

export interface Served {
  readonly config: Config
  /** By host, the configured route that has it, in words. */
  readonly hidden: ReadonlyMap<string, string>
}

/**
 * A host that a configured route names, be it by a wildcard, is that route's and its neighbours' alone. Any other host only
 * rules without a host would take: of these the preview comes first, with what the one that takes everything asks of clients.
 */
export function serve(config: Config, previews: readonly ReadyPreview[]): Served {
  const claims = previews.map((preview) => ({
    preview,
    claim: config.routes.find(({ match }) => has(match, preview.host)),
  }))
  const open = claims.flatMap(({ preview, claim }) => (claim === undefined ? [preview] : []))
  const hidden = new Map(
    claims.flatMap(({ preview, claim }) =>
      claim === undefined ? [] : [[preview.host, describeMatch(claim.match)] as const],
    ),
  )
  if (open.length === 0) return { config, hidden }
  const everything = config.routes.find(({ match }) => describeMatch(match) === '*')
  const routes = open.map(({ match, pool }): RouteConfig => {
    const { access, limits } = everything ?? {}
    return {
      match,
      pool: pool.name,
      priority: everything?.priority ?? 0,
      ...(access && { access }),
      ...(limits && { limits }),
    }
  })
  const pools = open.map(({ pool }) => pool)
  return { config: { ...config, routes: [...routes, ...config.routes], pools: [...config.pools, ...pools] }, hidden }
}

function has({ host: pattern }: RouteConfig['match'], host: string): boolean {
  if (pattern === undefined) return false
  const suffix = hostSuffix(pattern)
  return suffix === undefined ? pattern === host : host.length > suffix.length && host.endsWith(suffix)
}
