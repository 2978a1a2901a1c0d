/** By what a route is known over reloads: the same rule is the same text, secrets counted in. */
import type { RouteRule } from '../route/route.ts'
import { fingerprint } from '../secrets.ts'

/** Of rules that go on over reloads, as those of providers do. */
const keys = new WeakMap<RouteRule['match'], { readonly pool: string; readonly key: string }>()

/** What the route has counted, and the limits that it has used up, go on for as long as this stays the same. */
export function routeKey({ match, pool }: Pick<RouteRule, 'match' | 'pool'>): string {
  const known = keys.get(match)
  if (known?.pool === pool) return known.key
  const key = fingerprint([match, pool])
  keys.set(match, { pool, key })
  return key
}
