/** Why requests went where they went, as the admin API tells it. */
import { showText } from '../config/read/show.ts'
import { parseDurationMs } from '../config/read/units.ts'
import { MOST_ASKED } from '../explain/policy.ts'
import type { ExplainQuery } from '../explain/store.ts'
import { meantOrKnown } from '../suggest.ts'
import { problem } from './problem.ts'
import { type QueryParameters, readQuery } from './query.ts'
import type { Routes } from './route.ts'
import type { AdminSource } from './source.ts'
import { whole } from './whole.ts'

const USUAL = 20

const name = (title: string, description: string): QueryParameters[string] => ({
  type: 'string',
  title,
  description,
  pattern: '^.{1,200}$',
})

const parameters: QueryParameters = {
  last: {
    type: 'integer',
    minimum: 1,
    maximum: MOST_ASKED,
    default: USUAL,
    description: 'The newest so many that fit.',
  },
  status: {
    type: 'string',
    title: 'status of 100 to 599, a class of them, or none',
    description: 'A status, a class of them, or `none` for clients that left.',
    pattern: '^(?:[1-5][0-9]{2}|[1-5]xx|none)$',
    examples: ['502', '5xx', 'none'],
  },
  slower: {
    type: 'string',
    title: 'duration in whole numbers',
    description: 'Those that took longer.',
    pattern: '^[0-9]{1,9}(?:ms|s|m|h)$',
    examples: ['200ms', '1s'],
  },
  route: name(
    'route in words, of 1 to 200 characters',
    'Of that route, in the words of the answer, or of status and metrics.',
  ),
  pool: name('name of a pool, of 1 to 200 characters', 'Of that pool.'),
  backend: name('id of a backend, of 1 to 200 characters', 'Given to that backend.'),
  after: {
    type: 'string',
    title: 'text that an answer gave as an id',
    description: 'That ended later than the one of this id; all, when nobody knows it any more.',
    pattern: '^[0-9a-z]{1,20}-[0-9]{1,15}$',
    examples: ['mimxk2v1-17'],
  },
}

/** How to have what nobody has asked for. */
const OFF =
  'Nobody has asked for explanations, so none are kept: put "explain": {} into the configuration, and one request in a hundred is explained from then on.'

export const explainRoutes: Routes = {
  'GET /api/explain': {
    summary: 'Why requests went to the backends that they went to (`explain`), the newest first.',
    query: parameters,
    schema: 'Explanations',
    async answer({ source, request, turn }) {
      const { explain } = source
      const query = readQuery(request.query, parameters)
      if (query.kind === 'refused') return query.response
      if (explain === undefined) return problem(409, OFF)
      const { values } = query
      const slower = values.get('slower')
      const wanted: ExplainQuery = {
        last: Number(values.get('last') ?? USUAL),
        status: values.get('status'),
        slowerMs: slower === undefined ? undefined : parseDurationMs(slower),
        route: values.get('route'),
        pool: values.get('pool'),
        backend: values.get('backend'),
        after: values.get('after'),
      }
      // What went with a reload is still told of, so that only who finds nothing may have mistyped a name.
      const stranger = explain.has(wanted) ? undefined : strangerIn(wanted, source)
      if (stranger !== undefined) return problem(400, stranger)
      const text = await explain.tell(wanted, turn)
      return whole(text, 200, { 'content-type': 'application/json' })
    },
  },
}

/** The first name that is none of the running edge's, and which there are; undefined: all are. */
function strangerIn({ route, pool, backend }: ExplainQuery, source: AdminSource): string | undefined {
  const pools = source.config().pools.map(({ name }) => name)
  if (pool !== undefined && !pools.includes(pool)) return noSuch('pool', pool, pools)
  const routes = route === undefined ? [] : source.routes()
  if (route !== undefined && !routes.some(({ match, whole }) => route === match || route === whole))
    return noSuch('route', route, [...new Set(routes.map(({ match }) => match))])
  const backends = backend === undefined ? [] : pools.flatMap((name) => source.backends(name).map(({ id }) => id))
  return backend === undefined || backends.includes(backend) ? undefined : noSuch('backend', backend, backends)
}

const noSuch = (what: string, given: string, known: readonly string[]): string =>
  `There is no ${what} ${showText(given)}; ${meantOrKnown(given, known)}`
