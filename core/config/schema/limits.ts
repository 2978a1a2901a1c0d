/** `limits` of a route or a pool: how much each of those who send requests may send, have under way or have open. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { KeyPart, LimitPolicy } from '../../limits/policy.ts'
import { defaultBurst, parseRate, type Rate } from '../../rate.ts'
import { defaults } from '../defaults.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field, type Located, located } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { choice, count, flag, matching, type Parsed, text } from '../read/scalars.ts'
import { fieldName, isToken, thingName } from './names.ts'

/** More than anybody can follow; each is asked for every request. */
const MAX_LIMITS = 16
const MAX_PARTS = 4

const { min, max } = defaults['limit.rate']

const rate = text<Rate>({
  title: `rate, ${min}/s to ${max}/s, or /m, /h, /d`,
  description: 'Requests in a second, a minute, an hour or a day, spread evenly over it.',
  examples: ['100/s', '10/m', '1000/h', '10000/d'],
  rule: `must be a whole number of requests from ${min} to ${max}, and s, m, h or d, such as "100/s"`,
  pattern: '^[0-9]+/[smhd]$',
  hintFor: (value) => (typeof value === 'number' ? `did you mean "${value}/s"?` : undefined),
  parse: readRate,
})

function readRate(written: string): Parsed<Rate> {
  const parsed = parseRate(written)
  if (parsed !== undefined && parsed.count >= min && parsed.count <= max) return { kind: 'value', value: parsed }
  if (parsed?.count === 0) return { kind: 'fault', hint: 'a rate of 0 lets nobody in: leave the route out instead' }
  const [, digits, unit] = /^(\d{1,9})\s*(?:\/|per|r\/|rps)?\s*([smhd])(?:ec|in|our|ay)?\w*$/i.exec(written) ?? []
  const meant = digits === undefined || unit === undefined ? undefined : `${digits}/${unit.toLowerCase()}`
  return { kind: 'fault', hint: meant === undefined || meant === written ? undefined : `did you mean "${meant}"?` }
}

const plainPart = choice(['address', 'route', 'client'], {
  description:
    'The client’s address (IPv6: its /64), the route, or the client in the database; who is none goes by address.',
})

const named = convert(
  object(
    {
      header: fieldName('A field of the request, by its first line.', 'x-api-key'),
      cookie: text({
        title: 'cookie name',
        description: 'A cookie of the request.',
        examples: ['session'],
        rule: 'must be a cookie name such as "session"',
        parse: (name) => (isToken(name) ? { kind: 'value', value: name } : { kind: 'fault' }),
      }),
    },
    {
      description: 'What a field or cookie holds; a request without it goes by its address.',
      examples: [{ header: 'x-api-key' }],
    },
  ),
  ({ header, cookie }, node, reading): KeyPart | undefined => {
    if (node !== undefined && node.children?.length !== 1)
      return reading.report(node, { rule: 'must have one of the keys header and cookie' })
    if (header !== undefined) return { kind: 'header', name: header }
    return cookie === undefined ? undefined : { kind: 'cookie', name: cookie }
  },
)

const partRule = 'must be "address", "route", "client", { "header": … } or { "cookie": … }'
const onePart = { string: convert(plainPart, (kind): KeyPart => ({ kind })), object: named } as const

const part = either<KeyPart>(onePart, {
  title: 'key',
  description: 'One thing that requests are told apart by.',
  rule: partRule,
})

const alone = (field: Field<KeyPart | undefined>): Field<readonly KeyPart[] | undefined> =>
  convert(field, (one) => [one])

const by = either<readonly KeyPart[]>(
  {
    string: alone(onePart.string),
    object: alone(onePart.object),
    array: convert(list(part, { description: 'All of them together.' }), (parts, node, reading) => {
      const written = node?.children?.length ?? 0
      if (node !== undefined && (written === 0 || written > MAX_PARTS))
        reading.report(node, { rule: `must list 1 to ${MAX_PARTS} keys` })
      const texts = parts.map((one) => JSON.stringify(one))
      if (node !== undefined && new Set(texts).size < texts.length)
        reading.report(node, { rule: 'must list no key twice' })
      return parts
    }),
  },
  {
    title: 'key, or list of keys',
    description:
      'Whose requests are counted together: those of one address (the default; IPv6: of one /64), of the route, of one client in the database, of one value of a field or cookie; of a list, all of them together.',
    examples: ['address', { header: 'x-api-key' }, ['client', 'route']],
    rule: `${partRule}, or a list of these`,
  },
)

const body = object(
  {
    name: text({
      title: 'name',
      description:
        'Its own within its route or pool; clients are told it, and by it the limit goes on over reloads. By default what it is: `rate`, `in-flight` or `connections`.',
      examples: ['per-address'],
      rule: thingName.nameRule,
      parse: matching(thingName.namePattern),
    }),
    rate,
    burst: located(
      count(defaults['limit.burst'], {
        description: 'How many of them may come at once after a pause. By default those of a second, at least 1.',
        examples: [200],
      }),
    ),
    inFlight: count(defaults['limit.inFlight'], {
      description: 'Instead of a rate: requests under way at once, upgraded connections included.',
      examples: [20],
    }),
    connections: count(defaults['limit.connections'], {
      description:
        'Instead of a rate: open connections that have sent such a request, by the address that they come from. Those of trusted proxies are not counted.',
      examples: [50],
    }),
    by: located(by),
    shared: located(
      flag({
        description:
          'Whether all nodes of a fleet grant its rate together, by the Redis of `clients.redis`, rather than each by itself. For a rate only.',
      }),
    ),
    report: flag({ description: 'Whether it refuses nobody, and only counts whom it would. By default it refuses.' }),
  },
  {
    description:
      'A rate, or a bound on what is under way or open, of each address, client or whatever `by` names. Beyond it 429 with Retry-After. Of several limits a request must pass all.',
    examples: [{ rate: '100/s', burst: 200 }],
  },
)

type Body = NonNullable<ReturnType<typeof body.read>>

const kinds = ['rate', 'inFlight', 'connections'] as const

const limit = convert(body, (value, node, reading): Located<LimitPolicy> | undefined => {
  if (node === undefined) return undefined
  // One that is faulty has been reported, and is none the less there.
  const written = (node.children ?? []).map((property): unknown => property.children?.[0]?.value)
  const given = kinds.filter((kind) => written.includes(kind))
  if (given.length !== 1) return reading.report(node, { rule: 'must have one of the keys rate, inFlight, connections' })
  if (value.burst !== undefined && given[0] !== 'rate')
    reading.report(value.burst.node, { rule: 'is for a rate: what is under way has no bursts' })
  if (value.shared?.value === true) checkShared(value.shared.node, given[0], reading)
  const policy = policyOf(value, reading)
  return policy && { value: policy, node }
})

function checkShared(node: Node, kind: (typeof kinds)[number] | undefined, reading: Reading): void {
  if (kind !== 'rate') reading.report(node, { rule: 'is for a rate: what is under way is counted by each node' })
  else if (findNodeAtLocation(rootOf(node), ['clients', 'redis']) === undefined)
    reading.report(node, { rule: 'needs clients.redis, the server by which nodes share' })
}

function rootOf(node: Node): Node {
  return node.parent === undefined ? node : rootOf(node.parent)
}

function policyOf(
  { name, rate: found, burst, shared, inFlight, connections, by: keys, report = false }: Body,
  reading: Reading,
) {
  const common = { by: keys?.value ?? [{ kind: 'address' as const }], report }
  if (found !== undefined)
    return {
      kind: 'rate',
      name: name ?? 'rate',
      ...common,
      rate: found,
      burst: burst?.value ?? defaultBurst(found),
      ...(shared?.value === true && { shared: true as const }),
    } as const
  if (inFlight !== undefined)
    return { kind: 'in-flight', name: name ?? 'in-flight', ...common, most: inFlight } as const
  if (connections === undefined) return undefined
  if (keys !== undefined && (keys.value.length !== 1 || keys.value[0]?.kind !== 'address'))
    reading.report(keys.node, { rule: 'must be "address": a connection may serve many clients, yet comes from one' })
  return { kind: 'connections', name: name ?? 'connections', ...common, most: connections } as const
}

const all = list(limit, {
  description:
    'How much each client may ask for, so that others lose nothing (docs/limits.md). Without it there is no limit.',
  examples: [[{ rate: '100/s', burst: 200 }, { inFlight: 20 }]],
})

/** Of a route or a pool; undefined when absent: there are none. */
export const limits: Field<readonly LimitPolicy[] | undefined> = convert(all, (found, node, reading) => {
  if (node !== undefined && found.length > MAX_LIMITS)
    reading.report(node, { rule: `must list no more than ${MAX_LIMITS} limits` })
  const names = new Set<string>()
  for (const { value, node: place } of found) {
    if (names.has(value.name))
      reading.report(place, { rule: `must have a name that no other has, and "${value.name}" has been given` })
    names.add(value.name)
  }
  return found.map(({ value }) => value)
})
