/** One backend as watchers see it: what it counted, turned into rates, shares and percentiles. */
import { percentilesOf, sparseOf } from './distribution.ts'
import type { BackendFrame } from './frame.ts'
import type { BackendCounters } from '../observe/counters.ts'
import { createMeter, type Meter } from './meter.ts'
import { createScaleWindow, type ScaleWindow } from './scale-window.ts'
import { scaleSize } from '../observe/scale.ts'
import { boundOf, effectiveWeightOf, reasonOf } from './snapshot.ts'
import type { BackendView } from './view.ts'

export interface BackendFeed {
  readonly meter: Meter<keyof BackendCounters>
  /** Takes in the counters at `at`, monotonic ms. To be called once before each `frame`. */
  read(at: number): void
  /** `poolShare` is the share of its pool's weight, `poolRequests` the pool's recent requests. */
  frame(pool: PoolSums, offsetMs: number): BackendFrame
  /** Adds the recent latencies to `sum`. */
  addRecent(sum: Float64Array): void
  turn(): void
  /** Nobody watches any more. */
  stop(): void
}

export interface PoolSums {
  readonly effectiveWeight: number
  readonly recentRequests: number
}

/** What counts as an error: an attempt that failed, or was answered so. */
export const backendErrors = ['failures', 'responses5xx'] as const
/** How an attempt ends. */
export const backendEnds = [
  'failures',
  'abandoned',
  'localFailures',
  'upgrades',
  'responses2xx',
  'responses3xx',
  'responses4xx',
  'responses5xx',
] as const

/** The kinds of error, in words. */
const errorKinds = [
  ['responses5xx', '5xx answers'],
  ['connectFailures', 'connect failures'],
  ['timeouts', 'time-outs'],
  ['resets', 'connections reset'],
  ['protocolErrors', 'protocol errors'],
] as const

const ewmaMs = 10_000

export function createBackendFeed(backend: BackendView): BackendFeed {
  const meter = createMeter<keyof BackendCounters>()
  const scale = countScale(backend)
  const average = createAverage(backend)
  return {
    meter,
    read(at) {
      meter.read(at, backend.counters)
      average.read(at)
    },
    frame({ effectiveWeight, recentRequests }, offsetMs) {
      const recent = new Float64Array(scaleSize)
      scale.addRecent(recent)
      const weight = effectiveWeightOf(backend)
      const errors = meter.recent(...backendErrors)
      return {
        id: backend.id,
        ...standingFrame(backend, offsetMs),
        zone: backend.zone ?? null,
        weight: backend.configuredWeight,
        effectiveWeight: weight,
        share: ratio(meter.recent('requests'), recentRequests),
        expectedShare: ratio(weight, effectiveWeight),
        inflight: backend.inflight,
        maxInflight: boundOf(backend),
        requestsPerSecond: tidy(meter.perSecond('requests')),
        errorsPerSecond: tidy(meter.perSecond(...backendErrors)),
        errorRatio: ratio(errors, meter.recent(...backendEnds)),
        errors,
        worstError: errors > 0 ? worstOf(meter) : null,
        retriesPerSecond: tidy(meter.perSecond('retries')),
        ewmaMs: average.valueMs(),
        latency: percentilesOf(recent) ?? null,
        check: checkOf(backend),
        histogram: sparseOf(scale.delta()),
      }
    },
    addRecent: (sum) => scale.addRecent(sum),
    turn() {
      meter.turn()
      scale.turn()
    },
    stop() {
      backend.latency.scale = undefined
    },
  }
}

function standingFrame({ standing, tier, use }: BackendView, offsetMs: number) {
  const { state, health, why, by, since, until, holds, ramp } = standing
  const wall = (at: number): number => Math.round(at + offsetMs)
  return {
    state,
    since: wall(since),
    reason: reasonOf(standing),
    why: why ?? null,
    until: until === undefined ? null : wall(until),
    by: by ?? null,
    holds: holds.map((hold) => ({
      by: hold.by,
      why: hold.why,
      since: wall(hold.since),
      until: hold.until === undefined ? null : wall(hold.until),
    })),
    use,
    tier,
    fullAt: ramp === undefined ? null : wall(ramp.until),
    health,
  }
}

const checkOf = ({ lastCheck }: BackendView): BackendFrame['check'] =>
  lastCheck ? { at: Math.round(lastCheck.at), passed: lastCheck.passed, detail: lastCheck.detail } : null

function countScale({ latency }: BackendView): ScaleWindow {
  latency.scale ??= new Uint32Array(scaleSize)
  return createScaleWindow(latency.scale)
}

function worstOf(meter: BackendFeed['meter']): string {
  let [worst, most] = ['', -1]
  for (const [name, words] of errorKinds) {
    const count = meter.recent(name)
    if (count > most) [worst, most] = [words, count]
  }
  return worst
}

/** Exponentially weighted by the time since the last value; the mean of what came between two readings counts as one. */
function createAverage({ latency }: BackendView) {
  let value: number | null = null
  let last: { at: number; count: number; sumMs: number } | undefined
  return {
    read(at: number) {
      const { buckets } = latency
      const count = buckets?.counts.reduce((sum, one) => sum + one, 0) ?? 0
      if (count === last?.count) return
      const now = { at, count, sumMs: buckets?.sumMs ?? 0 }
      if (last && count > last.count) {
        const mean = (now.sumMs - last.sumMs) / (count - last.count)
        const keep = Math.exp((last.at - at) / ewmaMs)
        value = value === null ? mean : value * keep + mean * (1 - keep)
      }
      last = now
    },
    valueMs: () => (value === null ? null : tidy(value)),
  }
}

/** Four digits: frames are sent often. */
export const tidy = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(4)) : 0)

/** 0 of nothing. */
export const ratio = (part: number, whole: number): number => (whole > 0 ? tidy(part / whole) : 0)
