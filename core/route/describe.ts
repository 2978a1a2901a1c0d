/** A rule in words, for people: logs, plans, frames and metrics. Pure. */
import type { RouteMatch, RouteRule } from './route.ts'

/** `GET|POST api.example.com/v1/* x-canary=***`, values of fields being secret; `tcp db *` in TCP mode; `*` for a rule that takes everything. */
export function describeMatch({ listener, host, path, methods, headers }: RouteMatch): string {
  if (listener !== undefined) return `tcp ${listener} ${host ?? '*'}`
  const place = `${host ?? ''}${path ?? ''}`
  const fields = headers.map(({ name, value }) => `${name}=${value.toString()}`)
  return [methods?.join('|') ?? '', place, ...fields].filter((part) => part !== '').join(' ') || '*'
}

/** `api.example.com/v1/* to api`. */
export const describeRoute = ({ match, pool }: Pick<RouteRule, 'match' | 'pool'>): string =>
  `${describeMatch(match)} to ${pool}`
