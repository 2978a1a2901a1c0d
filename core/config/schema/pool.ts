/** One entry of `pools`: members, and everything about how they are chosen, checked and spoken to. */
import type { PoolConfig } from '../config.ts'
import { defaults } from '../defaults.ts'
import { object, section } from '../read/containers.ts'
import { convert, type Field, required } from '../read/field.ts'
import { count, duration } from '../read/scalars.ts'
import { health } from './health.ts'
import { backends } from './member.ts'
import { poolRetry } from './retry.ts'
import { affinity, strategy } from './strategy.ts'

const passive = section(
  {
    failures: count(defaults['pool.passive.failures'], {
      description: 'Connect failures in a row that take a member out.',
    }),
    retryAfter: duration(defaults['pool.passive.retryAfter'], {
      description: 'Without active checks, how long it stays out before a request tries it again, each time.',
    }),
  },
  { description: 'What failures in traffic do; always on.' },
)

const timeouts = section(
  {
    connect: duration(defaults['pool.timeouts.connect'], { description: 'To open a connection.' }),
    response: duration(defaults['pool.timeouts.response'], {
      description: 'From the request’s end to the response’s head.',
    }),
    idle: duration(defaults['pool.timeouts.idle'], { description: 'Longest silence inside a response body.' }),
    keepAlive: duration(defaults['pool.timeouts.keepAlive'], {
      description: 'How long an unused connection is kept; keep it under the backend’s own.',
    }),
    maxAge: duration(defaults['pool.timeouts.maxAge'], {
      description: 'How old a connection may be and still serve another request.',
    }),
  },
  { description: 'How long a backend may keep us waiting.' },
)

const body = object(
  {
    backends: required(backends),
    strategy,
    affinity,
    health,
    passive,
    retry: poolRetry,
    timeouts,
    maxIdleConnections: count(defaults['pool.maxIdleConnections'], {
      description: 'Idle connections kept open to each backend.',
    }),
    maxConnections: count(defaults['pool.maxConnections'], {
      description: 'Connections open to each backend, idle ones included; no cap by default.',
    }),
  },
  { description: 'Backends that serve the same, and how one is chosen.' },
)

/** All of a pool but its name. */
export type PoolBody = Omit<PoolConfig, 'name'>

export const pool: Field<PoolBody | undefined> = convert(
  body,
  ({ backends: source, passive, retry, timeouts, ...rest }) =>
    retry && {
      ...rest,
      members: source?.members ?? [],
      membersFile: source?.file,
      passive: { failures: passive.failures, retryAfterMs: passive.retryAfter },
      retry,
      timeouts: {
        connectMs: timeouts.connect,
        responseMs: timeouts.response,
        idleMs: timeouts.idle,
        keepAliveMs: timeouts.keepAlive,
        maxAgeMs: timeouts.maxAge,
      },
    },
)
