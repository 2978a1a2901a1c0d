/** By what a route is known over reloads: the same rule is the same text, secrets counted in. */
import type { RouteRule } from '../route/route.ts'
import { fingerprint } from '../secrets.ts'

/** What the route has counted, and the limits that it has used up, go on for as long as this stays the same. */
export const routeKey = ({ match, pool }: Pick<RouteRule, 'match' | 'pool'>): string => fingerprint([match, pool])
