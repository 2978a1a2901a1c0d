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
import { deployPhases, holdOwners } from '../report/view.ts'
import { count, list, nullOr, number, object, text, time, truth } from './answer-schema.ts'

/** Of each counter, with its words. */
const counted = (specs: CounterSpecs): Record<string, object> =>
  grouped<object>(specs, (_, { help }) => ({ ...count, description: help }), object)

const backend = object({
  id: text,
  state: { enum: ['unchecked', 'healthy', 'unhealthy', 'draining'] },
  since: time,
  reason: nullOr(text),
  why: nullOr(text),
  until: nullOr(time),
  by: nullOr({ enum: holdOwners }),
  holds: list(object({ by: { enum: holdOwners }, why: text, since: time, until: nullOr(time) })),
  use: { enum: ['used', 'trial', 'overruled', 'spare', 'out'] },
  health: { enum: ['unchecked', 'healthy', 'unhealthy'] },
  tier: count,
  slowStart: nullOr(object({ since: time, until: time, why: text })),
  weight: number,
  effectiveWeight: number,
  zone: nullOr(text),
  inflight: count,
  maxInflight: nullOr(count),
  ...counted(backendLedger.specs),
  lastCheck: nullOr(object({ at: time, passed: truth, elapsedMs: number, detail: text })),
  latency: nullOr(
    object({ count, meanMs: number, p50Ms: number, p95Ms: number, p99Ms: number, p999Ms: number, maxMs: number }),
  ),
})

const strategyVersion = object({
  name: text,
  file: nullOr(text),
  version: nullOr(text),
  since: nullOr(time),
  reverted: truth,
  revertedBecause: nullOr(text),
  faults: count,
  swaps: count,
  lastFault: nullOr(text),
  pickNs: nullOr(count),
})

const sticky = object({ ...counted(stickyLedger.specs), sessions: nullOr(count) })

const source = object({
  source: text,
  state: { enum: ['waiting', 'present', 'away'] },
  away: nullOr(object({ since: time, reason: text })),
  members: count,
  knownAt: nullOr(time),
  ageMs: number,
  skipped: count,
  reasons: list(text),
  held: nullOr(object({ members: count, until: time })),
  ...counted(sourceLedger.specs),
})

const limit = object({
  route: nullOr(text),
  pool: nullOr(text),
  name: text,
  kind: { enum: ['rate', 'in-flight', 'connections'] },
  keys: count,
  evicted: count,
  ...counted(limitLedger.specs),
})

const reload = object({
  generation: object({ number: count, at: time, origin: text, summary: text }),
  lastReload: nullOr(object({ at: time, ok: truth, origin: text, problems: list(text) })),
  reloads: object(counted(reloadLedger.specs)),
})

const certificate = object({
  names: list(text),
  issuer: text,
  kind: { enum: ['ecdsa', 'rsa'] },
  notAfter: time,
  fingerprint: text,
})

const fleet = object({
  source: text,
  node: text,
  presence: { enum: ['waiting', 'present', 'away'] },
  away: nullOr(object({ since: time, reason: text })),
  generation: nullOr(count),
  since: time,
  offered: nullOr(object({ generation: nullOr(count), percent: number })),
  state: { enum: ['current', 'waiting', 'refused'] },
  reason: nullOr(text),
})

export const statusSchema = object({
  version: text,
  runtime: text,
  pid: count,
  startedAt: time,
  uptimeMs: count,
  phase: { enum: ['starting', 'serving', 'draining'] },
  process: object({ residentBytes: count, cpuSeconds: number }),
  listeners: list(
    object({
      name: text,
      address: text,
      engine: { enum: ['own', 'serve'] },
      http3: truth,
      certificates: nullOr(list(certificate)),
      missing: list(text),
    }),
  ),
  counters: object(counted(edgeLedger.specs)),
  overload: nullOr(object({ shedding: truth, lagMs: number })),
  pools: list(
    object({
      name: text,
      strategy: text,
      strategyVersion: nullOr(strategyVersion),
      sources: list(source),
      degraded: nullOr(object({ cause: { enum: ['restraint', 'panic', 'nobody-left'] }, detail: text })),
      sticky: nullOr(sticky),
      deploy: nullOr(object({ id: count, phase: { enum: deployPhases }, over: truth, since: time, detail: text })),
      inflight: count,
      maxInflight: nullOr(count),
      ...counted(poolLedger.specs),
      backends: list(backend),
    }),
  ),
  providers: list(
    object({
      provider: text,
      state: { enum: ['waiting', 'present', 'away'] },
      away: nullOr(object({ since: time, reason: text })),
      routes: count,
      pools: count,
      skipped: count,
      reasons: list(text),
    }),
  ),
  limits: list(limit),
  reload: nullOr(reload),
  fleet: nullOr(fleet),
})
