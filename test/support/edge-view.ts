/** An edge as status and metrics see it, without sockets: every field overridable, nothing moves on its own. */
import { backendLedger, edgeLedger } from '../../core/observe/counters.ts'
import { forgetfulLatencies } from './make-backend.ts'
import type { BackendView, EdgeView, ProcessView, StandingView } from '../../core/report/view.ts'

export const fakeProcess: ProcessView = {
  version: '1.2.3',
  runtime: 'bun 1.4.5',
  pid: 42,
  startedAt: Date.UTC(2026, 0, 1),
  residentBytes: 50_000_000,
  cpuSeconds: 1.5,
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
  standing: fakeStanding(),
  lastCheck: undefined,
  counters: backendLedger.create(),
  latency: forgetfulLatencies(),
  ...overrides,
})

export const fakeEdge = (backends: readonly BackendView[], overrides: Partial<EdgeView> = {}): EdgeView => ({
  phase: 'serving',
  listeners: [{ name: 'web', address: '127.0.0.1:8080' }],
  counters: edgeLedger.create(),
  pools: [{ name: 'web', strategy: 'p2c', backends }],
  ...overrides,
})
