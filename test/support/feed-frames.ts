/**
 * Frames as a balancer would send them, from a script and a seed: two pools, one backend that fails, one that is slow,
 * one that is drained. The same each time.
 */
import { scaleBoundsMs, scaleIndex } from '../../core/observe/scale.ts'
import type { BackendFrame, Frame, Hello, PoolFrame } from '../../core/report/frame.ts'
import { type Random, seededRandom } from '../../core/random.ts'

export const sampleStart = Date.UTC(2026, 10, 21, 12, 0, 0)

export const sampleHello: Hello = {
  protocol: 1,
  version: '0.1.0',
  pid: 4242,
  windowMs: 10_000,
  boundsMs: scaleBoundsMs,
}

export interface BackendScript {
  readonly id: string
  readonly medianMs: number
  readonly requestsPerSecond: number
  readonly errorRatio?: number
  readonly state?: string
  readonly reason?: string
  readonly weight?: number
}

export const backendFrame = (overrides: Partial<BackendFrame> = {}): BackendFrame => ({
  id: 'localhost:8101',
  state: 'healthy',
  since: sampleStart - 3_600_000,
  reason: null,
  why: null,
  until: null,
  by: null,
  holds: [],
  use: 'used',
  tier: 0,
  fullAt: null,
  health: 'healthy',
  zone: null,
  weight: 1,
  effectiveWeight: 1,
  share: 0.25,
  expectedShare: 0.25,
  inflight: 3,
  maxInflight: null,
  requestsPerSecond: 100,
  errorsPerSecond: 0,
  errorRatio: 0,
  errors: 0,
  worstError: null,
  retriesPerSecond: 0,
  ewmaMs: 8,
  latency: { count: 1000, p50Ms: 8, p95Ms: 14, p99Ms: 20, p999Ms: 31 },
  check: { at: sampleStart - 1000, passed: true, detail: '200 OK' },
  histogram: [],
  ...overrides,
})

export const poolFrame = (
  name: string,
  backends: readonly BackendFrame[],
  overrides: Partial<PoolFrame> = {},
): PoolFrame => {
  const sum = (read: (backend: BackendFrame) => number) => backends.reduce((total, one) => total + read(one), 0)
  const ended = sum((one) => one.requestsPerSecond)
  return {
    name,
    strategy: {
      use: 'p2c',
      file: null,
      version: null,
      nsPerPick: 84,
      faults: 0,
      lastFault: null,
      swappedAt: sampleStart - 60_000,
      reverted: false,
      revertedBecause: null,
    },
    requestsPerSecond: ended,
    errorsPerSecond: sum((one) => one.errorsPerSecond),
    errorRatio: ended > 0 ? sum((one) => one.errorRatio * one.requestsPerSecond) / ended : 0,
    retriesPerSecond: 0,
    inflight: sum((one) => one.inflight),
    maxInflight: null,
    waiting: 0,
    queuedPerSecond: 0,
    turnedAwayPerSecond: 0,
    usable: backends.filter((one) => one.effectiveWeight > 0).length,
    degraded: null,
    deploy: null,
    sourceAway: null,
    latency: { count: 4000, p50Ms: 9, p95Ms: 40, p99Ms: 260, p999Ms: 310 },
    backends,
    ...overrides,
  }
}

export const frameOf = (pools: readonly PoolFrame[], overrides: Partial<Frame> = {}): Frame => {
  const sum = (read: (pool: PoolFrame) => number) => pools.reduce((total, one) => total + read(one), 0)
  const requestsPerSecond = sum((pool) => pool.requestsPerSecond)
  return {
    at: sampleStart,
    uptimeMs: 8_040_000,
    phase: 'serving',
    shedding: false,
    certificates: null,
    intervalMs: 250,
    process: { residentBytes: 61_000_000, cpuRatio: 0.21 },
    totals: {
      requests: 1_234_567,
      requestsPerSecond,
      errorsPerSecond: sum((pool) => pool.errorsPerSecond),
      errorRatio:
        requestsPerSecond > 0 ? sum((pool) => pool.errorRatio * pool.requestsPerSecond) / requestsPerSecond : 0,
      retriesPerSecond: 1.5,
      refusedPerSecond: 0,
      shedPerSecond: 0,
      inflight: sum((pool) => pool.inflight),
      connections: 64,
      tunnels: 0,
      bytesFromClientsPerSecond: 182_000,
      bytesToClientsPerSecond: 2_400_000,
      latency: { count: 5000, p50Ms: 8.2, p95Ms: 41, p99Ms: 262, p999Ms: 310 },
    },
    pools,
    routes: [
      {
        match: 'GET api.example.com/v1/*',
        pool: 'api',
        requestsPerSecond: requestsPerSecond * 0.2,
        refusalsPerSecond: 12,
      },
      { match: '*', pool: 'web', requestsPerSecond: requestsPerSecond * 0.8, refusalsPerSecond: 0 },
    ],
    generation: {
      number: 42,
      at: sampleStart - 60_000,
      origin: 'file',
      summary: 'web: weight of localhost:8104 1 -> 2',
    },
    reload: { at: sampleStart - 60_000, ok: true, origin: 'watch', problems: [] },
    ...overrides,
  }
}

/** What a quarter of a second brings: a log-normal spread around the median. */
function countsOf(script: BackendScript, random: Random): number[] {
  const counts = new Map<number, number>()
  const answers = Math.round(script.requestsPerSecond / 4)
  for (let index = 0; index < answers; index++) {
    const normal = random() + random() + random() + random() - 2
    const step = scaleIndex(Math.round(script.medianMs * 1000 * Math.exp(normal * 0.7)))
    counts.set(step, (counts.get(step) ?? 0) + 1)
  }
  return [...counts].toSorted(([one], [other]) => one - other).flat()
}

function scripted(script: BackendScript, at: number, wave: number, random: Random): BackendFrame {
  const { id, medianMs, errorRatio = 0, state = 'healthy', reason = null, weight = 1 } = script
  const requestsPerSecond = Math.round(script.requestsPerSecond * wave)
  const isUsable = state === 'healthy'
  return backendFrame({
    id,
    state,
    reason,
    why: state === 'draining' ? 'told to drain' : reason,
    health: state === 'draining' ? 'healthy' : state,
    weight,
    effectiveWeight: isUsable ? weight : 0,
    inflight: Math.round((requestsPerSecond * medianMs) / 1000),
    requestsPerSecond,
    errorsPerSecond: requestsPerSecond * errorRatio,
    errorRatio,
    errors: Math.round(requestsPerSecond * errorRatio * 10),
    worstError: errorRatio > 0 ? '5xx answers' : null,
    ewmaMs: medianMs * 1.1,
    latency:
      requestsPerSecond > 0
        ? {
            count: requestsPerSecond * 8,
            p50Ms: medianMs,
            p95Ms: medianMs * 2.2,
            p99Ms: medianMs * 3,
            p999Ms: medianMs * 3.8,
          }
        : null,
    check: {
      at: at - 1200,
      passed: state !== 'unhealthy',
      detail: state === 'unhealthy' ? 'connection refused' : '200 OK',
    },
    histogram: isUsable ? countsOf({ ...script, requestsPerSecond }, random) : [],
  })
}

const sickScript: Readonly<Record<string, readonly BackendScript[]>> = {
  web: [
    { id: 'localhost:8101', medianMs: 8, requestsPerSecond: 420 },
    { id: 'localhost:8102', medianMs: 9, requestsPerSecond: 400, errorRatio: 0.48 },
    { id: 'localhost:8103', medianMs: 210, requestsPerSecond: 60 },
    { id: 'localhost:8104', medianMs: 8, requestsPerSecond: 810, weight: 2 },
  ],
  api: [
    { id: '10.0.0.1:80', medianMs: 24, requestsPerSecond: 180 },
    { id: '10.0.0.2:80', medianMs: 26, requestsPerSecond: 0, state: 'draining' },
  ],
}

export const wellScript: typeof sickScript = {
  web: (sickScript['web'] ?? []).map(({ id, weight = 1 }) => ({
    id,
    weight,
    medianMs: 8,
    requestsPerSecond: 400 * weight,
  })),
}

const healed = (script: BackendScript): BackendScript => ({
  ...script,
  errorRatio: 0,
  medianMs: Math.min(script.medianMs, 24),
  requestsPerSecond: script.medianMs > 100 ? 400 : script.requestsPerSecond,
})

/** Sick only for the last 25 s. `seconds` of frames, four a second, up to `sampleStart`; the load goes up and down. */
export function sampleFrames(seconds: number, script = sickScript, seed = 7): Frame[] {
  const random = seededRandom(seed)
  return Array.from({ length: seconds * 4 }, (_, index) => {
    const at = sampleStart - seconds * 1000 + (index + 1) * 250
    const wave = 0.75 + 0.25 * Math.sin(index / 23) + 0.05 * random()
    const isSick = at > sampleStart - 25_000
    const pools = Object.entries(script).map(([name, list]) => {
      const backends = list.map((one) => scripted(isSick ? one : healed(one), at, wave, random))
      const requests = backends.reduce((sum, one) => sum + one.requestsPerSecond, 0)
      const weights = backends.reduce((sum, one) => sum + one.effectiveWeight, 0)
      return poolFrame(
        name,
        backends.map((one) => ({
          ...one,
          share: requests > 0 ? one.requestsPerSecond / requests : 0,
          expectedShare: weights > 0 ? one.effectiveWeight / weights : 0,
        })),
      )
    })
    const frame = frameOf(pools, { at })
    const latency =
      isSick && script === sickScript
        ? frame.totals.latency
        : { count: 5000, p50Ms: 8.2, p95Ms: 22, p99Ms: 38 + 8 * wave, p999Ms: 60 }
    return { ...frame, totals: { ...frame.totals, latency } }
  })
}
