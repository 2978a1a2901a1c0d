/** A pool's `health`: how its members are checked. */
import type { StatusRange } from '../../backend/failure.ts'
import type { HealthPolicy } from '../../health/policy.ts'
import { defaults } from '../defaults.ts'
import { asciiHost, canonicalHost } from '../network.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field, located, orElse, showDefault } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { choice, count, duration, number, text } from '../read/scalars.ts'
import { formatDuration } from '../read/units.ts'
import { parseRange, statusNumber, statusRange, statusRule, statusText } from './status.ts'

const expect = either<readonly StatusRange[]>(
  {
    string: convert(statusText, (range) => [range]),
    number: convert(statusNumber, (range) => [range]),
    array: list(statusRange, { description: 'Several of them.', ifEmpty: 'must not be empty' }),
  },
  {
    title: 'status, range, or list of them',
    description: 'Statuses of an HTTP check that count as healthy.',
    examples: ['200', '200-299', ['200-299', '404']],
    rule: statusRule,
  },
)

const path = text({
  title: 'path, may hold a query',
  description: 'What an HTTP check asks for.',
  examples: ['/health'],
  rule: 'must begin with / and hold printable ASCII without spaces or #',
  pattern: '^/',
  parse(target) {
    if (isTarget(target)) return { kind: 'value', value: target }
    return { kind: 'fault', hint: isTarget(`/${target}`) ? `did you mean ${JSON.stringify(`/${target}`)}?` : undefined }
  },
})

const isTarget = (text: string): boolean => /^\/[!-~]{0,2047}$/.test(text) && !text.includes('#')

const host = text({
  title: 'host, with or without port',
  description: 'The Host field of an HTTP check; by default the member’s own host and port.',
  examples: ['app.internal'],
  rule: 'must be a host such as "app.internal" or "app.internal:8080"',
  parse(value) {
    const [, name = '', port = ''] = /^(.*?)(:\d{1,5})?$/s.exec(value) ?? []
    if (canonicalHost(name) !== undefined) return { kind: 'value', value }
    const ascii = asciiHost(name)
    return { kind: 'fault', hint: ascii && `did you mean "${ascii}${port}"?` }
  },
})

const service = text({
  title: 'name of a gRPC service',
  description: 'The service that a gRPC check asks about; by default the whole server.',
  examples: ['shop.v1.Orders'],
  rule: 'must be the full name of a service such as "shop.v1.Orders"',
  pattern: '^[A-Za-z_][A-Za-z0-9_.]{0,126}$',
  parse: (name) => (/^[A-Za-z_][A-Za-z0-9_.]{0,126}$/.test(name) ? { kind: 'value', value: name } : { kind: 'fault' }),
})

/** Its default depends on `interval`. */
const timeoutSetting = { ...defaults['pool.health.timeout'], value: undefined }

const fields = {
  check: orElse(
    choice(['http', 'tcp', 'grpc'], {
      description: 'Whether a check asks for a page, only opens a connection, or calls grpc.health.v1 in HTTP/2.',
    }),
    defaults['pool.health.check'].value,
  ),
  path: located(showDefault(path, defaults['pool.health.path'].value)),
  host: located(host),
  expect: located(showDefault(expect, defaults['pool.health.expect'].value)),
  service: located(service),
  interval: duration(defaults['pool.health.interval'], { description: 'From one check of a member to its next.' }),
  timeout: located(
    showDefault(
      duration(timeoutSetting, {
        description: 'A check that takes longer is a bad one. At most `interval`, and never longer by default.',
        examples: ['1s'],
      }),
      formatDuration(defaults['pool.health.timeout'].value),
    ),
  ),
  rise: count(defaults['pool.health.rise'], {
    description: 'Good checks in a row that make an unhealthy member usable.',
  }),
  fall: count(defaults['pool.health.fall'], {
    description: 'Bad checks in a row that make a healthy member unusable.',
  }),
  jitter: number(defaults['pool.health.jitter'], {
    description: 'Each wait differs from `interval` by up to this share of it.',
  }),
  initially: orElse(
    choice(['usable', 'unchecked'], {
      description:
        'Whether a new member takes traffic at once or only after its first good check; those that serve already go on.',
    }),
    defaults['pool.health.initially'].value,
  ),
  maxConcurrent: count(defaults['pool.health.maxConcurrent'], {
    description: 'Checks of this pool under way at once.',
  }),
}

const body = object(fields, {
  description:
    'Active checks of every member. Without it there are none, and only failures in traffic (`passive`) count.',
  examples: [{ path: '/health' }, { check: 'tcp', interval: '2s' }],
})

type Body = NonNullable<ReturnType<typeof body.read>>

/** A pool's `health`; undefined when absent: no active checks. */
export const health: Field<HealthPolicy | undefined> = convert(body, (value, _node, reading) =>
  toPolicy(value, reading),
)

function toPolicy(value: Body, reading: Reading): HealthPolicy {
  const intervalMs = value.interval
  if (value.timeout && value.timeout.value > intervalMs)
    reading.report(value.timeout.node, { rule: 'must not be longer than interval' })
  return {
    check: toCheck(value, reading),
    intervalMs,
    jitterRatio: value.jitter,
    timeoutMs: value.timeout?.value ?? Math.min(defaults['pool.health.timeout'].value, intervalMs),
    rise: value.rise,
    fall: value.fall,
    initially: value.initially,
    maxConcurrent: value.maxConcurrent,
  }
}

function toCheck({ check, path, host, expect, service }: Body, reading: Reading): HealthPolicy['check'] {
  if (check !== 'grpc' && service) reading.report(service.node, { rule: 'is for gRPC checks only' })
  if (check === 'tcp') {
    for (const setting of [path, host, expect])
      if (setting) reading.report(setting.node, { rule: 'is for HTTP checks only; a "tcp" check opens a connection' })
    return { kind: 'tcp' }
  }
  if (check === 'grpc') {
    for (const setting of [path, host, expect])
      if (setting) reading.report(setting.node, { rule: 'is for HTTP checks only; a "grpc" check calls a service' })
    return { kind: 'grpc', service: service?.value ?? '' }
  }
  return {
    kind: 'http',
    path: path?.value ?? defaults['pool.health.path'].value,
    host: host?.value,
    expect: expect?.value ?? defaultExpect,
  }
}

const defaultRange = parseRange(defaults['pool.health.expect'].value)
const defaultExpect = defaultRange.kind === 'value' ? [defaultRange.value] : []
