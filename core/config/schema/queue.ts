/** A pool's `queue`: how requests wait for room. */
import type { Node } from 'jsonc-parser'
import type { QueuePolicy } from '../../pool/policy.ts'
import type { PoolConfig } from '../config.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, type Field, orElse } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { choice, count, duration } from '../read/scalars.ts'

const body = object(
  {
    length: count(defaults['pool.queue.length'], {
      description: 'Requests that may wait at once; whoever comes then gets 503 at once.',
    }),
    timeout: duration(defaults['pool.queue.timeout'], {
      description: 'How long a request may wait; then it gets 503 with Retry-After.',
    }),
    order: orElse(
      choice(['fifo', 'deadline'], {
        description:
          'Who goes first among requests of equally important routes: who came first, or whose time ends first. A client says how long it waits with `Prefer: wait=SECONDS` (RFC 7240); without that it is `timeout`.',
      }),
      defaults['pool.queue.order'].value,
    ),
  },
  {
    description:
      'Requests wait for room while every usable backend is at a bound. Without it they get 503 at once. What a client sends beyond the head is not read meanwhile, and one that leaves frees its place.',
    examples: [{ length: 200, timeout: '2s' }],
  },
)

/** undefined when absent: nobody waits. */
export const queue: Field<QueuePolicy | undefined> = convert(body, ({ length, timeout, order }) => ({
  length,
  timeoutMs: timeout,
  order,
}))

type Bounds = Pick<PoolConfig, 'maxInflight' | 'maxConnections' | 'concurrency' | 'breaker' | 'maxEjected' | 'members'>

/** A warning, since members come and go while it serves: the last one with a bound must be free to leave. */
export function warnOfIdleQueue(node: Node, { members, ...pool }: Bounds, reading: Reading): void {
  if ([pool.maxInflight, pool.maxConnections, pool.concurrency].some((bound) => bound !== undefined)) return
  if (members.every((member) => member.maxInflight !== undefined)) return
  // All may be on trial at once, a few requests each.
  if (pool.breaker !== undefined && pool.maxEjected === 1) return
  reading.warn(node, {
    rule: 'is never used, since nothing bounds what every backend takes',
    hint: 'set maxInflight, maxConnections or concurrency, or a maxInflight on each backend',
  })
}
