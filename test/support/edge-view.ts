/** An edge as status and metrics see it, without sockets: every field overridable, nothing moves on its own. */
import type { FleetStatus } from '../../core/report/fleet-status.ts'
import { backendLedger, edgeLedger, poolLedger } from '../../core/observe/counters.ts'
import { forgetfulLatencies } from './make-backend.ts'
import type { BackendView, CostlyProcessView, EdgeView, PoolView, StandingView } from '../../core/report/view.ts'

export const fakeFleet = (facts: Partial<FleetStatus> = {}): FleetStatus => ({
  source: 'etcd://a/edge',
  node: 'web-1',
  presence: 'present',
  away: null,
  generation: 7,
  since: '2026-01-01T00:00:00.000Z',
  offered: { generation: 7, percent: 100 },
  state: 'current',
  reason: null,
  ...facts,
})

export const fakeProcess: CostlyProcessView = {
  version: '1.2.3',
  runtime: 'bun 1.4.5',
  pid: 42,
  startedAt: Date.UTC(2026, 0, 1),
  residentBytes: 50_000_000,
  cpuSeconds: 1.5,
  heapBytes: 20_000_000,
  openDescriptors: 64,
  maxDescriptors: 1024,
}

/** Healthy since 0, with a weight of 1. */
export const fakeStanding = (overrides: Partial<StandingView> = {}): StandingView => ({
  holds: [],
  by: undefined,
  why: undefined,
  since: 0,
  until: undefined,
  state: 'healthy',
  health: 'healthy',
  ramp: undefined,
  ...overrides,
})

/** Held out by its checks. */
export const downStanding = (why: string, overrides: Partial<StandingView> = {}): StandingView =>
  heldStanding({ by: 'checks', why, state: 'unhealthy', health: 'unhealthy', ...overrides })

/** Held out by one thing alone. */
export function heldStanding(overrides: Partial<StandingView>): StandingView {
  const standing = fakeStanding(overrides)
  const { by = 'checks', why = '', since, until } = standing
  return { ...standing, holds: [{ by, why, since, until }] }
}

export const fakeBackend = (overrides: Partial<BackendView> = {}): BackendView => ({
  id: '10.0.0.1:80',
  configuredWeight: 1,
  weight: 1,
  tier: 0,
  use: overrides.standing === undefined || overrides.standing.holds.length === 0 ? 'used' : 'out',
  zone: undefined,
  inflight: 0,
  maxInflight: Infinity,
  standing: fakeStanding(),
  facts: { breaker: { kind: 'closed' } },
  lastCheck: undefined,
  counters: backendLedger.create(),
  latency: forgetfulLatencies(),
  ...overrides,
})

export const fakePool = (backends: readonly BackendView[], overrides: Partial<PoolView> = {}): PoolView => ({
  name: 'web',
  strategy: 'p2c',
  inflight: 0,
  maxInflight: Infinity,
  counters: poolLedger.create(),
  backends,
  ...overrides,
})

export const fakeEdge = (backends: readonly BackendView[], overrides: Partial<EdgeView> = {}): EdgeView => ({
  phase: 'serving',
  listeners: [{ name: 'web', address: '127.0.0.1:8080' }],
  counters: edgeLedger.create(),
  pools: [fakePool(backends)],
  ...overrides,
})
