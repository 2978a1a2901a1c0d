/** JSON Schema of `StatusSnapshot` (`core/report/snapshot.ts`): change both together, a test holds them to it. */
import {
  backendLedger,
  edgeLedger,
  limitLedger,
  poolLedger,
  reloadLedger,
  sourceLedger,
  stickyLedger,
} from '../observe/counters.ts'
import { type CounterSpecs, grouped } from '../observe/ledger.ts'

import { holdOwners } from '../report/view.ts'

const number = { type: 'number' }
const count = { type: 'integer', minimum: 0 }
const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }

/** Every property required, none besides them unless a later version adds some. */
const object = (properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
})
const list = (items: object) => ({ type: 'array', items })
const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] })
/** Of each counter, with its words. */
const counted = (specs: CounterSpecs): Record<string, object> =>
  grouped<object>(specs, (_, { help }) => ({ ...count, description: help }), object)

const backend = object({
  id: text,
  state: { enum: ['unchecked', 'healthy', 'unhealthy', 'draining'] },
  since: time,
  reason: orNull(text),
  why: orNull(text),
  until: orNull(time),
  by: orNull({ enum: holdOwners }),
  holds: list(object({ by: { enum: holdOwners }, why: text, since: time, until: orNull(time) })),
  use: { enum: ['used', 'trial', 'overruled', 'spare', 'out'] },
  health: { enum: ['unchecked', 'healthy', 'unhealthy'] },
  tier: count,
  slowStart: orNull(object({ since: time, until: time, why: text })),
  weight: number,
  effectiveWeight: number,
  zone: orNull(text),
  inflight: count,
  maxInflight: orNull(count),
  ...counted(backendLedger.specs),
  lastCheck: orNull(object({ at: time, passed: { type: 'boolean' }, elapsedMs: number, detail: text })),
  latency: orNull(
    object({ count, meanMs: number, p50Ms: number, p95Ms: number, p99Ms: number, p999Ms: number, maxMs: number }),
  ),
})

const strategyVersion = object({
  name: text,
  file: orNull(text),
  version: orNull(text),
  since: orNull(time),
  reverted: { type: 'boolean' },
  revertedBecause: orNull(text),
  faults: count,
  swaps: count,
  lastFault: orNull(text),
  pickNs: orNull(count),
})

const sticky = object({ ...counted(stickyLedger.specs), sessions: orNull(count) })

const source = object({
  source: text,
  state: { enum: ['waiting', 'present', 'away'] },
  away: orNull(object({ since: time, reason: text })),
  members: count,
  knownAt: orNull(time),
  ageMs: number,
  skipped: count,
  reasons: list(text),
  held: orNull(object({ members: count, until: time })),
  ...counted(sourceLedger.specs),
})

const limit = object({
  route: orNull(text),
  pool: orNull(text),
  name: text,
  kind: { enum: ['rate', 'in-flight', 'connections'] },
  keys: count,
  evicted: count,
  ...counted(limitLedger.specs),
})

const reload = object({
  generation: object({ number: count, at: time, origin: text, summary: text }),
  lastReload: orNull(object({ at: time, ok: { type: 'boolean' }, origin: text, problems: list(text) })),
  reloads: object(counted(reloadLedger.specs)),
})

export const statusSchema = object({
  version: text,
  runtime: text,
  pid: count,
  startedAt: time,
  uptimeMs: count,
  phase: { enum: ['starting', 'serving', 'draining'] },
  process: object({ residentBytes: count, cpuSeconds: number }),
  listeners: list(object({ name: text, address: text })),
  counters: object(counted(edgeLedger.specs)),
  overload: orNull(object({ shedding: { type: 'boolean' }, lagMs: number })),
  pools: list(
    object({
      name: text,
      strategy: text,
      strategyVersion: orNull(strategyVersion),
      sources: list(source),
      degraded: orNull(object({ cause: { enum: ['restraint', 'panic', 'nobody-left'] }, detail: text })),
      sticky: orNull(sticky),
      inflight: count,
      maxInflight: orNull(count),
      ...counted(poolLedger.specs),
      backends: list(backend),
    }),
  ),
  limits: list(limit),
  reload: orNull(reload),
})
