/** `routes`: which requests go to which pool, in file order. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { LimitPolicy } from '../../limits/policy.ts'
import type { AccessPolicy } from '../../admission/policy.ts'
import type { HedgePolicy, RouteRetry } from '../../pool/policy.ts'
import type { RouteMatch } from '../../route/route.ts'
import type { RouteTracingPolicy } from '../../trace/policy.ts'
import type { PoolConfig, RouteTimeouts } from '../config.ts'
import { defaults } from '../defaults.ts'
import { asciiHost, canonicalHost } from '../network.ts'
import { either, list, type Named, object, record } from '../read/containers.ts'
import { convert, type Field, type Located, located, required } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { count, flag, type Parsed, text } from '../read/scalars.ts'
import { didYouMean } from '../../suggest.ts'
import { access } from './access.ts'
import { maySpeakHttp2 } from './http2.ts'
import { limits } from './limits.ts'
import { method, tokenPattern } from './names.ts'
import { routeRetry } from './retry.ts'
import { hedge, routeTimeouts } from './route-times.ts'
import { routeTracing } from './tracing.ts'
import { findUnreachable } from './unreachable.ts'

const host = text({
  title: 'host, or *.domain',
  description: 'The request’s host without port: exact, or `*.example.com` for any depth below it.',
  examples: ['api.example.com', '*.example.com'],
  rule: 'must be a host without port such as "api.example.com" or "*.example.com"',
  parse: parseHost,
})

/** Lower case; IPv6 addresses keep their brackets, as in a Host field. */
function parseHost(written: string): Parsed<string> {
  if (written === '*') return { kind: 'fault', hint: 'leave host out to match every host' }
  const prefix = written.startsWith('*.') ? '*.' : ''
  const name = written.slice(prefix.length)
  const canonical = canonicalHost(name)
  if (canonical === undefined) return { kind: 'fault', hint: hostHint(prefix, name) }
  return { kind: 'value', value: prefix + (canonical.includes(':') ? `[${canonical}]` : canonical) }
}

function hostHint(prefix: string, name: string): string | undefined {
  const bare = name.replace(/:\d*$/, '')
  const meant = canonicalHost(bare) === undefined ? asciiHost(bare) : bare
  return meant === undefined || meant === name ? undefined : `did you mean ${JSON.stringify(prefix + meant)}?`
}

const path = text({
  title: 'path, or prefix*',
  description: 'The request’s path, byte for byte: exact, or a prefix that ends in `*`.',
  examples: ['/v1/*', '/favicon.ico'],
  rule: 'must begin with /, hold printable ASCII without spaces, ? or #, and have a * at its end only',
  pattern: '^/',
  parse(written) {
    if (/^\/[!-~]{0,4095}$/.test(written) && !/[?#]|\*./.test(written)) return { kind: 'value', value: written }
    return { kind: 'fault', hint: /^[^/]/.test(written) ? `did you mean ${JSON.stringify(`/${written}`)}?` : undefined }
  },
})

const methods = either<readonly string[]>(
  {
    string: convert(method, (name) => [name]),
    array: list(method, {
      description: 'Any of them.',
      ifEmpty: 'must not be empty; leave it out to match every method',
    }),
  },
  {
    title: 'method, or list of them',
    description: 'Methods that match.',
    examples: [['GET', 'HEAD']],
    rule: 'must be a method or a list of methods',
  },
)

const headerValue = text({
  title: 'text',
  description: 'What one of the field’s lines must be, exactly.',
  rule: 'must be printable ASCII without spaces around it',
  // A bearer token tells tenants apart as well as anything.
  isSecret: true,
  parse: (value) =>
    /^(?! )[ -~\t]{0,4096}$/.test(value) && value.trim() === value ? { kind: 'value', value } : { kind: 'fault' },
})

const headers = convert(
  record(headerValue, {
    description: 'Fields that must be there, with their values.',
    examples: [{ 'x-canary': '1' }],
    namePattern: tokenPattern,
    nameRule: 'must be a field name',
  }),
  (entries, _node, reading) => {
    const seen = new Set<string>()
    return entries.map(({ name, key, value }) => {
      const lower = name.toLowerCase()
      if (seen.has(lower)) reading.report(key, { rule: 'names a field a second time; case does not count' })
      seen.add(lower)
      return { name: lower, value }
    })
  },
)

const match = object(
  { host, path, method: methods, header: headers },
  { description: 'All of it must hold; absent: every request matches.' },
)

/** A route whose pool is not looked up yet. */
export interface RouteDraft {
  readonly match: RouteMatch
  readonly priority: number
  readonly pool: Located<string>
  readonly timeouts?: RouteTimeouts
  readonly retry?: RouteRetry
  readonly hedge?: HedgePolicy
  readonly grpcWeb?: boolean
  readonly limits?: readonly LimitPolicy[]
  readonly access?: AccessPolicy
  readonly tracing?: RouteTracingPolicy | false
}

export const poolName = text({
  title: 'name of a pool',
  description: 'The pool that serves what matches.',
  rule: 'must be the name of a pool',
  parse: (value) => ({ kind: 'value', value }),
})

const route = convert(
  object(
    {
      match,
      pool: required(located(poolName)),
      timeouts: routeTimeouts,
      retry: routeRetry,
      hedge,
      grpcWeb: flag({
        description:
          'Calls of gRPC-Web, as browsers make them over HTTP/1.1 or HTTP/2, become calls of gRPC: `application/grpc-web` and `application/grpc-web-text`. Needs a pool with `"protocol": "h2c"`, or `"h2"` over TLS.',
        examples: [true],
      }),
      access,
      priority: count(defaults['route.priority'], {
        description:
          'How important its requests are, 9 being most: in a queue they go before those of lower ones, and when the process is overloaded they are shed later.',
        examples: [9],
      }),
      limits,
      tracing: routeTracing,
    },
    { description: 'Requests and the pool that serves them.' },
  ),
  ({
    match: found,
    pool,
    priority,
    timeouts,
    retry,
    hedge: second,
    grpcWeb,
    limits: bounds,
    access: rules,
    tracing,
  }): RouteDraft | undefined =>
    pool && {
      pool,
      priority,
      match: { host: found?.host, path: found?.path, methods: found?.method, headers: found?.header ?? [] },
      ...(timeouts && { timeouts }),
      ...(retry && { retry }),
      ...(second && { hedge: second }),
      ...(grpcWeb && { grpcWeb }),
      ...(bounds && { limits: bounds }),
      ...(rules && { access: rules }),
      ...(tracing !== undefined && { tracing }),
    },
)

export const routes: Field<readonly RouteDraft[] | undefined> = list(route, {
  description:
    'Tried in order, the first that matches wins; a request that none matches gets a 404. Without routes the only pool serves everything; beside `providers` an empty list says that it does not.',
})

/** For the name of a pool that is not among `names`. */
export function poolHint(written: string, names: readonly string[]): string | undefined {
  const listed = names.length > 0 ? `there are: ${names.slice(0, 8).join(', ')}` : undefined
  return didYouMean(written, names) ?? listed
}

/** Reports routes that ask for the keys of clients, for a config without any. */
export function reportKeys(drafts: readonly RouteDraft[], reading: Reading): void {
  for (const node of writtenAt(drafts, ['access', 'apiKey'], ({ access: rules }) => rules?.apiKey))
    reading.report(node, {
      rule: 'needs the clients whose keys these are',
      hint: '"clients": {} at the top keeps them in a file beside the config',
    })
}

/** Reports routes that say how much of them is traced, for a config that traces nothing. */
export function reportTracing(drafts: readonly RouteDraft[], reading: Reading): void {
  for (const node of writtenAt(drafts, ['tracing'], ({ tracing }) => tracing))
    reading.report(node, {
      rule: 'needs the collector that traces go to',
      hint: '"tracing": { "endpoint": "http://127.0.0.1:4318/v1/traces" } at the top',
    })
}

/** Warns of routes that want certificates of clients, where no listener asks for any. */
export function warnOfCertificates(drafts: readonly RouteDraft[], reading: Reading): void {
  for (const node of writtenAt(drafts, ['access', 'certificate'], ({ access: rules }) => rules?.certificate))
    reading.warn(node, {
      rule: 'lets nobody in: no listener asks clients for certificates',
      hint: 'tls.clients of a listener does',
    })
}

/** The node at `path` of each route that has something there, and soundly. */
const writtenAt = (
  drafts: readonly RouteDraft[],
  path: readonly string[],
  isSet: (draft: RouteDraft) => unknown,
): readonly Node[] =>
  drafts.filter(isSet).flatMap(({ pool: { node } }) => {
    const route = node.parent?.parent
    return (route && findNodeAtLocation(route, [...path])) ?? []
  })

/** Of those that agree on what is spoken, backends without TLS are spoken to in HTTP/1.1. */
const mayTakeCalls = ({ protocol, members, discovery }: Pick<PoolConfig, 'protocol' | 'members' | 'discovery'>) =>
  maySpeakHttp2(protocol) &&
  (protocol !== 'auto' || discovery !== undefined || members.some(({ scheme }) => scheme === 'https'))

/** Reports routes that make calls of gRPC, where their pool has no way to be asked so. */
export function reportGrpcWeb(
  drafts: readonly RouteDraft[],
  pools: readonly Named<Pick<PoolConfig, 'protocol' | 'members' | 'discovery'>>[],
  reading: Reading,
): void {
  const others = new Set(pools.filter(({ value }) => !mayTakeCalls(value)).map(({ name }) => name))
  const isMisled = ({ grpcWeb, pool }: RouteDraft): boolean => grpcWeb === true && others.has(pool.value)
  for (const node of writtenAt(drafts, ['grpcWeb'], isMisled))
    reading.report(node, {
      rule: 'needs a pool that speaks HTTP/2',
      hint: '"protocol": "h2c" of the pool, or "h2" over TLS',
    })
}

/** Reports routes to pools that do not exist, and warns of routes that nothing ever reaches. */
export function checkRoutes(drafts: readonly RouteDraft[], pools: readonly Named<unknown>[], reading: Reading): void {
  const names = new Set(pools.map((pool) => pool.name))
  for (const { pool } of drafts)
    if (!names.has(pool.value))
      reading.report(pool.node, () => ({ rule: 'must be the name of a pool', hint: poolHint(pool.value, [...names]) }))
  for (const { index, behind } of findUnreachable(drafts.map(({ match }) => match))) {
    const node = drafts[index]?.pool.node.parent?.parent
    if (node) reading.warn(node, { rule: `can never match: routes[${behind}] takes all of its requests` })
  }
}
