/** `access.forwardAuth` of a route: an auth service that is asked about each request. */
import type { AuthCachePolicy, ForwardAuthPolicy } from '../../admission/auth-policy.ts'
import { defaults } from '../defaults.ts'
import { list, object } from '../read/containers.ts'
import { convert, type Field, located, orElse, required } from '../read/field.ts'
import { choice, duration } from '../read/scalars.ts'
import { freeField, serviceUrl, sign } from './auth-fields.ts'
import { fieldName } from './names.ts'

const cachePer = defaults['route.access.forwardAuth.cachePer'].value
const whenAway = defaults['route.access.forwardAuth.whenAway'].value

const body = object(
  {
    url: required(
      serviceUrl({
        description:
          'What is asked, by GET with X-Forwarded-Method, -Proto, -Host, -Uri and -For. An answer of 2xx lets the request in; any other is the client’s answer, but for 502 to 504, which count as none.',
        examples: ['http://127.0.0.1:9091/api/authz/forward-auth'],
      }),
    ),
    timeout: duration(defaults['route.access.forwardAuth.timeout'], {
      description: 'For an answer to its end.',
      examples: ['2s'],
    }),
    requestFields: list(fieldName('A field.', 'cookie'), {
      description:
        'Fields of the request that the service is told, no others. By default all that tell who asks and for what; never what is about the request’s body or connection.',
      examples: [['cookie', 'authorization']],
    }),
    responseFields: list(freeField('A field.', 'remote-user'), {
      description:
        'Fields of the answer that the backend is told; what the client itself says in them is dropped, whatever is answered. The first that the answer has says who it is.',
      examples: [['remote-user', 'remote-groups']],
    }),
    cacheFor: located(
      duration(defaults['route.access.forwardAuth.cacheFor'], {
        description:
          'How long 2xx is remembered, unless a cookie was set with it; together with `cacheBy`. Off without.',
        examples: ['5s'],
      }),
    ),
    cacheBy: located(
      list(sign('A header or a cookie.'), {
        description:
          'What shows the service who asks: the answer holds for requests that are equal in all of these. A request that has none of them is never remembered. Name everything that the service looks at.',
        examples: [[{ cookie: 'authelia_session' }, { header: 'authorization' }]],
        ifEmpty: 'must not be empty',
      }),
    ),
    cachePer: orElse(
      choice(['target', 'route'], {
        description:
          'For which other requests an answer holds: those of the same method, scheme, host, path and query, or all of the route, for a service that decides by nothing but who asks.',
      }),
      cachePer,
    ),
    whenAway: orElse(
      choice(['refuse', 'admit'], {
        description:
          'What becomes of requests about which the service gives no answer: 503, or let in unasked. With `admit` whoever can make the service fail gets in.',
      }),
      whenAway,
    ),
  },
  {
    description: 'Asks an auth service about each request, as authelia, authentik and oauth2-proxy expect it.',
    examples: [{ url: 'http://127.0.0.1:9091/api/authz/forward-auth', responseFields: ['remote-user'] }],
  },
)

type Body = NonNullable<ReturnType<typeof body.read>>

function cacheOf({ cacheFor, cacheBy, cachePer: per }: Body): AuthCachePolicy | undefined {
  if (cacheFor === undefined || cacheBy === undefined) return undefined
  return { forMs: cacheFor.value, by: cacheBy.value, per }
}

export const forwardAuth: Field<ForwardAuthPolicy | undefined> = convert(body, (value, _node, reading) => {
  const { url, cacheFor, cacheBy } = value
  if (cacheFor !== undefined && cacheBy === undefined)
    reading.report(cacheFor.node, { rule: 'needs cacheBy beside it: what shows who asks' })
  if (cacheBy !== undefined && cacheFor === undefined)
    reading.report(cacheBy.node, { rule: 'needs cacheFor beside it' })
  if (url === undefined) return undefined
  return {
    url,
    timeoutMs: value.timeout,
    requestFields: value.requestFields,
    responseFields: value.responseFields ?? [],
    cache: cacheOf(value),
    whenAway: value.whenAway,
  }
})
