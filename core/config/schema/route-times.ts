/** How long the requests of a route may take: `timeouts` and `hedge`. */
import type { DeadlineField } from '../../forward/deadline.ts'
import type { HedgePercentile, HedgePolicy } from '../../pool/policy.ts'
import type { RouteTimeouts } from '../config.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, type Field, located, orElse } from '../read/field.ts'
import { choice, duration } from '../read/scalars.ts'
import { formatDuration } from '../read/units.ts'

const deadlines = ['grpc-timeout', 'x-request-deadline'] as const satisfies readonly DeadlineField[]
const percentiles = ['p50', 'p95', 'p99'] as const satisfies readonly HedgePercentile[]

/** A pool's own is its fallback. */
const ofPool = (name: 'connect' | 'response' | 'idle', description: string) =>
  duration({ ...defaults[`pool.timeouts.${name}`], value: undefined }, { description, examples: ['5s'] })

const timeouts = object(
  {
    request: duration(defaults['route.timeouts.request'], {
      description:
        'From a request’s head to the end of its response, retries and waits included: 504, or a cut response. No bound for upgraded connections; none by default.',
      examples: ['10s'],
    }),
    try: located(
      duration(defaults['route.timeouts.try'], {
        description:
          'For one attempt, from its begin (or the request’s end, where that is later) to the response’s head: then another backend is tried. Not longer than `request`.',
        examples: ['2s'],
      }),
    ),
    deadline: choice(deadlines, {
      description:
        'A field by which clients say how long they wait, which bounds a request as `request` does, and is passed on with what is left: `grpc-timeout` (`250m`), or `x-request-deadline` (an instant, `2026-11-26T12:00:00.250Z`).',
    }),
    connect: ofPool('connect', 'The pool’s `timeouts.connect` for these requests.'),
    response: ofPool('response', 'The pool’s `timeouts.response` for these requests.'),
    idle: ofPool('idle', 'The pool’s `timeouts.idle` for these requests.'),
  },
  { description: 'How long these requests may take.', examples: [{ request: '10s', try: '2s' }] },
)

export const routeTimeouts: Field<RouteTimeouts | undefined> = convert(
  timeouts,
  ({ request, try: attempt, deadline, connect, response, idle }, _node, reading) => {
    if (request !== undefined && attempt !== undefined && attempt.value > request)
      reading.report(attempt.node, {
        rule: `must not be longer than request, ${formatDuration(request)}, within which every attempt ends`,
      })
    return {
      requestMs: request,
      tryMs: attempt?.value,
      deadline,
      backend: {
        ...(connect !== undefined && { connectMs: connect }),
        ...(response !== undefined && { responseMs: response }),
        ...(idle !== undefined && { idleMs: idle }),
      },
    }
  },
)

/** undefined when absent: off. */
export const hedge: Field<HedgePolicy | undefined> = convert(
  object(
    {
      after: orElse(
        choice(percentiles, { description: 'How late the first is, against what the pool’s backends took lately.' }),
        defaults['route.hedge.after'].value,
      ),
      least: duration(defaults['route.hedge.least'], { description: 'Never sooner than this.' }),
    },
    {
      description:
        'A second attempt at another backend for a safe request (GET, HEAD, OPTIONS, TRACE, QUERY) whose first is slow; the first response wins, and the other is cancelled. Absent: off.',
      examples: [{}],
    },
  ),
  ({ after, least: leastMs }) => ({ after, leastMs }),
)
