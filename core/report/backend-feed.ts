/** One backend as watchers see it: what it counted, turned into rates, shares and percentiles. */
import { percentilesOf, sparseOf } from './distribution.ts'
import type { BackendFrame } from './frame.ts'
import { BackendLatency } from '../observe/histogram.ts'
import { createMeter, type Meter } from './meter.ts'
import { createScaleWindow, type ScaleWindow } from './scale-window.ts'
import { scaleSize } from '../observe/scale.ts'
import { reasonOf } from './snapshot.ts'
import type { BackendView, StandingView } from './view.ts'

export interface BackendFeed {
  readonly meter: Meter
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

/** Order of the counters in the meter. */
export const backendCounter = { requests: 0, errors: 1, ended: 2, retries: 3 } as const

/** Beside those: the kinds of error, in words. */
const errorKinds = [
  ['5xx answers', (backend) => backend.counters.responses[5] ?? 0],
  ['connect failures', (backend) => backend.counters.connectFailures],
  ['time-outs', (backend) => backend.counters.timeouts],
  ['connections reset', (backend) => backend.counters.resets],
  ['protocol errors', (backend) => backend.counters.protocolErrors],
] as const satisfies readonly (readonly [string, (backend: BackendView) => number])[]
const firstKind = 4

const ewmaMs = 10_000

export function createBackendFeed(backend: BackendView): BackendFeed {
  const meter = createMeter()
  const scale = countScale(backend)
  const average = createAverage(backend)
  return {
    meter,
    read(at) {
      meter.read(at, countersOf(backend))
      average.read(at)
    },
    frame({ effectiveWeight, recentRequests }, offsetMs) {
      const recent = new Float64Array(scaleSize)
      scale?.addRecent(recent)
      const weight = effectiveWeightOf(backend)
      const errors = meter.recent(backendCounter.errors)
      return {
        id: backend.id,
        ...standingFrame(backend.standing, offsetMs),
        zone: backend.zone ?? null,
        weight: backend.configuredWeight,
        effectiveWeight: weight,
        share: ratio(meter.recent(backendCounter.requests), recentRequests),
        expectedShare: ratio(weight, effectiveWeight),
        inflight: backend.inflight,
        requestsPerSecond: tidy(meter.perSecond(backendCounter.requests)),
        errorsPerSecond: tidy(meter.perSecond(backendCounter.errors)),
        errorRatio: ratio(errors, meter.recent(backendCounter.ended)),
        errors,
        worstError: errors > 0 ? worstOf(meter) : null,
        retriesPerSecond: tidy(meter.perSecond(backendCounter.retries)),
        ewmaMs: average.valueMs(),
        latency: percentilesOf(recent) ?? null,
        check: checkOf(backend),
        histogram: scale ? sparseOf(scale.delta()) : [],
      }
    },
    addRecent: (sum) => scale?.addRecent(sum),
    turn() {
      meter.turn()
      scale?.turn()
    },
    stop() {
      if (backend.latency instanceof BackendLatency) backend.latency.scale = undefined
    },
  }
}

/** 0 while it takes no new requests. */
export const effectiveWeightOf = ({ standing }: BackendView): number => (standing.usable ? standing.weight : 0)

function standingFrame(standing: StandingView, offsetMs: number) {
  const { state, health, why, since, until } = standing
  return {
    state,
    since: Math.round(since + offsetMs),
    reason: reasonOf(standing),
    why: why ?? null,
    until: until === undefined ? null : Math.round(until + offsetMs),
    health,
  }
}

const checkOf = ({ lastCheck }: BackendView): BackendFrame['check'] =>
  lastCheck ? { at: Math.round(lastCheck.at), passed: lastCheck.passed, detail: lastCheck.detail } : null

function countScale({ latency }: BackendView): ScaleWindow | undefined {
  if (!(latency instanceof BackendLatency)) return undefined
  latency.scale ??= new Uint32Array(scaleSize)
  return createScaleWindow(latency.scale)
}

function countersOf(backend: BackendView): number[] {
  const { requests, failures, abandoned, retries, responses } = backend.counters
  const answered = responses.reduce((sum, count) => sum + count, 0)
  const errors = failures + (responses[5] ?? 0)
  return [requests, errors, answered + failures + abandoned, retries, ...errorKinds.map(([, read]) => read(backend))]
}

function worstOf(meter: Meter): string {
  let [worst, most] = ['', -1]
  errorKinds.forEach(([words], index) => {
    const count = meter.recent(firstKind + index)
    if (count > most) [worst, most] = [words, count]
  })
  return worst
}

/** Exponentially weighted by time; the mean of what came between two readings counts as one value. */
function createAverage({ latency }: BackendView) {
  let value: number | null = null
  let last: { at: number; count: number; sumMs: number } | undefined
  return {
    read(at: number) {
      const buckets = latency instanceof BackendLatency ? latency.buckets : undefined
      const count = buckets?.counts.reduce((sum, one) => sum + one, 0) ?? 0
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
