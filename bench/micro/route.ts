/** Cost of finding a route among 1 to 1,000. Run: `bun bench/micro/route.ts`. */
import { bench, do_not_optimize, run, summary } from 'mitata'
import type { RouteRequest } from '../../core/route/match.ts'
import type { RouteMatch } from '../../core/route/route.ts'
import { compileRoutes } from '../../core/route/table.ts'

const tableOf = (count: number, match: (index: number) => Partial<RouteMatch>) =>
  compileRoutes(
    Array.from({ length: count }, (_, index) => ({
      match: { host: undefined, path: undefined, methods: undefined, headers: [], ...match(index) },
      pool: 'any',
    })),
    (_, index) => index,
  )

/** Cuts its strings from a head when they are read, as the exchange does. */
function requestFor(host: string, path: string): RouteRequest {
  const head = Buffer.from(host + path)
  return {
    get host() {
      return head.toString('latin1', 0, host.length)
    },
    get path() {
      return head.toString('latin1', host.length)
    },
    method: 'GET',
    hasField: () => false,
  }
}

const catchAll = tableOf(1, () => ({}))
const anywhere = requestFor('h0.example.com', '/v1/users/42')
bench('catch-all', () => do_not_optimize(catchAll.find(anywhere)))

for (const count of [1, 10, 100, 1000]) {
  summary(() => {
    const last = requestFor(`h${count - 1}.example.com`, `/v1/service-${count - 1}/users/42`)
    const byHost = tableOf(count, (index) => ({ host: `h${index}.example.com` }))
    const byWildcard = tableOf(count, (index) => ({ host: `*.h${index}.example.com` }))
    const below = requestFor(`a.h${count - 1}.example.com`, '/v1/users/42')
    const byPath = tableOf(count, (index) => ({ path: `/v1/service-${index}/*` }))
    bench(`${count} by host, last one`, () => do_not_optimize(byHost.find(last)))
    bench(`${count} by wildcard host, last one`, () => do_not_optimize(byWildcard.find(below)))
    bench(`${count} by path, last one`, () => do_not_optimize(byPath.find(last)))
  })
}

await run()
