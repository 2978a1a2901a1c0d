/** When a request is tried again: `retry` of a pool, and what a route changes of it. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { RetryCause, RetryPolicy, RouteRetry } from '../../pool/policy.ts'
import { defaults } from '../defaults.ts'
import { list, object, section } from '../read/containers.ts'
import { convert, type Field, located, showDefault } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { choice, count, duration, number, size } from '../read/scalars.ts'
import { formatDuration, formatSize } from '../read/units.ts'

const failures = ['connect', 'reset', 'timeout', 'protocol'] as const satisfies readonly RetryCause[]
/** Statuses of gRPC, by the names that Envoy has for them in `retry-on`. */
const calls = { cancelled: 1, 'deadline-exceeded': 4, internal: 13, 'resource-exhausted': 8, unavailable: 14 } as const
type Call = keyof typeof calls
const causes = [...failures, ...(Object.keys(calls) as Call[])] as const

/** Another backend would likely answer as wrongly, or the request itself is to blame: so not what is no HTTP. */
const defaultCauses: readonly RetryCause[] = ['connect', 'reset', 'timeout']

/** How much longer than the first the longest wait is, unless it is said; as in the defaults. */
const backoffGrowth = 10

const defaultBackoffMs = defaults['pool.retry.backoff'].value

const defaultPolicy: Omit<RetryPolicy, 'budget'> = {
  attempts: defaults['pool.retry.attempts'].value,
  on: defaultCauses,
  statuses: [],
  grpcStatuses: [],
  backoffMs: defaultBackoffMs,
  maxBackoffMs: defaults['pool.retry.maxBackoff'].value,
  maxRetryAfterMs: defaults['pool.retry.maxRetryAfter'].value,
  maxBodyBytes: defaults['pool.retry.maxBody'].value,
}

/** Without defaults: a route falls back to its pool. */
const fields = {
  attempts: count(bare('pool.retry.attempts'), {
    description:
      'Backends that one request is sent to at most, the first included; 1: no retries. Those that cannot be reached do not count, up to eight backends in all.',
  }),
  on: list(choice(causes, { description: 'A failure to try again after.' }), {
    description:
      'Failures to try again after: `connect` (no connection was had; any request), `reset` (it died before the head of the response was whole), `timeout` and, not by default, `protocol` (what came back is no HTTP; these three idempotent requests alone). Statuses of gRPC, none by default, are for calls that a backend in HTTP/2 has refused without content.',
    examples: [['connect'], ['connect', 'reset', 'timeout', 'unavailable']],
  }),
  statuses: list(count(defaults['pool.retry.statuses'], { description: 'A status to try again after.' }), {
    description:
      'Statuses that have an idempotent request tried again, the response thrown away; none by default. 429 does only with a `Retry-After`.',
    examples: [[502, 503, 504, 429]],
  }),
  backoff: located(
    duration(bare('pool.retry.backoff'), {
      description:
        'The longest wait before the first retry, by chance, doubled for each further one. After a failed connect there is none.',
      examples: ['25ms'],
    }),
  ),
  maxBackoff: duration(bare('pool.retry.maxBackoff'), {
    description: 'The longest wait before any retry; by default ten times `backoff`.',
    examples: ['250ms'],
  }),
  maxRetryAfter: duration(bare('pool.retry.maxRetryAfter'), {
    description: 'A response whose `Retry-After` or `grpc-retry-pushback-ms` asks for a longer wait is passed on.',
    examples: ['1s'],
  }),
  maxBody: size(bare('pool.retry.maxBody'), {
    description:
      'A larger request body is not kept, so that its request is sent once. Bodies of repeatable requests are, and over HTTP/2 all. "0B": none is kept.',
    examples: ['64KiB'],
  }),
}

const routeBody = object(fields, { description: 'What of the pool’s `retry` is otherwise for these requests.' })

type Written = NonNullable<ReturnType<typeof routeBody.read>>

export const routeRetry: Field<RouteRetry | undefined> = convert(routeBody, (written, node, reading) => {
  warnOfRepeats(node, reading)
  return changesOf(written, reading)
})

/** `node`: what holds the lists. */
function warnOfRepeats(node: Node | undefined, reading: Reading): void {
  for (const key of ['on', 'statuses']) {
    const seen = new Set<unknown>()
    for (const item of (node && findNodeAtLocation(node, [key])?.children) ?? []) {
      if (seen.has(item.value)) reading.warn(item, { rule: 'does nothing: the same stands before it' })
      seen.add(item.value)
    }
  }
}

function changesOf({ backoff, maxBackoff, ...written }: Written, reading: Reading): RouteRetry {
  if (backoff !== undefined && maxBackoff !== undefined && backoff.value > maxBackoff)
    reading.report(backoff.node, { rule: 'must not be longer than maxBackoff' })
  return defined({
    attempts: written.attempts,
    on: written.on?.filter((cause) => !isCall(cause)),
    grpcStatuses: written.on?.filter(isCall).map((call) => calls[call]),
    statuses: written.statuses?.filter((status) => status !== undefined),
    backoffMs: backoff?.value,
    maxBackoffMs: maxBackoff ?? (backoff && longestAfter(backoff.value)),
    maxRetryAfterMs: written.maxRetryAfter,
    maxBodyBytes: written.maxBody,
  })
}

const isCall = (cause: RetryCause | Call): cause is Call => cause in calls

const longestAfter = (backoffMs: number): number =>
  Math.min(backoffMs * backoffGrowth, defaults['pool.retry.maxBackoff'].max)

/** Without the keys that hold nothing, so that they override nothing. */
function defined<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> }
}

const budget = section(
  {
    ratio: number(defaults['pool.retry.budget.ratio'], {
      description: 'Share of the requests of the newest ten seconds.',
    }),
    perSecond: number(defaults['pool.retry.budget.perSecond'], {
      description: 'As many a second are free, over ten seconds, where the share is less.',
    }),
  },
  { description: 'How many retries and hedges the pool makes at most, so that they cannot multiply an outage.' },
)

const poolBody = section(
  {
    attempts: showDefault(fields.attempts, defaultPolicy.attempts),
    on: showDefault(fields.on, defaultCauses),
    statuses: showDefault(fields.statuses, []),
    backoff: showDefault(fields.backoff, formatDuration(defaultBackoffMs)),
    maxBackoff: showDefault(fields.maxBackoff, formatDuration(defaultPolicy.maxBackoffMs)),
    maxRetryAfter: showDefault(fields.maxRetryAfter, formatDuration(defaultPolicy.maxRetryAfterMs)),
    maxBody: showDefault(fields.maxBody, formatSize(defaultPolicy.maxBodyBytes)),
    budget,
  },
  { description: 'When a request is given to another backend.' },
)

export const poolRetry: Field<RetryPolicy | undefined> = convert(poolBody, ({ budget, ...written }, node, reading) => {
  warnOfRepeats(node, reading)
  return { ...defaultPolicy, ...changesOf(written, reading), budget }
})

type NumberKey =
  | 'pool.retry.attempts'
  | 'pool.retry.backoff'
  | 'pool.retry.maxBackoff'
  | 'pool.retry.maxRetryAfter'
  | 'pool.retry.maxBody'

/** Its range, without its default. */
function bare(key: NumberKey) {
  return { ...defaults[key], value: undefined }
}
