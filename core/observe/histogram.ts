/**
 * Latencies of one backend: percentiles over the newest one to two windows, and Prometheus buckets since the start.
 * Built on HdrHistogram in WASM, two significant digits, 1 µs to 10 minutes. Windows, because a percentile over a week
 * says nothing about now, and because 32-bit counts would wrap after a day at 50,000 requests a second.
 *
 * Measured (`bun bench/micro/latency.ts`, Bun 1.4.5, 2 shared x64 cores, 2026-11-21): a value 20 ns, buckets included;
 * a summary 16 µs; 30 KiB for each backend that had traffic, nothing for one that had none.
 */
import { build, type Histogram, initWebAssembly } from 'hdr-histogram-js'
import { createBuckets, type LatencyBuckets } from './buckets.ts'
import { scaleIndex } from './scale.ts'
import type { Cancel, Clock } from '../clock.ts'

/** Over the newest one to two windows. Percentiles are within 1 % of the true value, never below it. */
export interface LatencySummary {
  readonly count: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

/** Which window is open now; shared by all backends of a process. */
export interface LatencyWindow {
  readonly generation: number
}

/** One minute: long enough for a p99 at ten requests a second, short enough to show a change. */
export const windowMs = 60_000
/** Ten minutes; in µs it still fits 31 bits, which makes rounding one instruction. */
const longestMs = 600_000

/** Loads the WASM module; await it once before the first `record`. Harmless when called again. */
export const prepareHistograms = (): Promise<void> => initWebAssembly()

/** Opens a new window every `windowMs` until cancelled. */
export function startLatencyWindow(clock: Clock): { readonly window: LatencyWindow; readonly stop: Cancel } {
  const window = { generation: 0 }
  let cancel: Cancel
  const turn = () => {
    window.generation++
    cancel = clock.after(windowMs, turn)
  }
  cancel = clock.after(windowMs, turn)
  return { window, stop: () => cancel() }
}

const createHistogram = (): Histogram =>
  build({
    useWebAssembly: true,
    bitBucketSize: 32,
    numberOfSignificantValueDigits: 2,
    lowestDiscernibleValue: 1,
    highestTrackableValue: longestMs * 1000,
    autoResize: false,
  })

// Both windows are added up here when somebody asks; one for the process is enough, as asking is synchronous.
let sum: Histogram | undefined

/** A `LatencyRecorder` (`core/backend`) by shape. */
export class BackendLatency {
  /** Undefined until the first value. */
  buckets: LatencyBuckets | undefined
  /** Counts on the watchers' scale; the feed puts it here while somebody watches, and takes it away after. */
  scale: Uint32Array | undefined
  readonly #window: LatencyWindow
  #generation: number
  #current: Histogram | undefined
  #previous: Histogram | undefined

  constructor(window: LatencyWindow) {
    this.#window = window
    this.#generation = window.generation
  }

  /**
   * Counts one value. Below 0 counts as 0, beyond ten minutes as ten minutes, NaN not at all: a clock that misbehaves
   * must not take a request down with it.
   */
  record(elapsedMs: number): void {
    if (Number.isNaN(elapsedMs)) return
    const boundedMs = Math.min(Math.max(elapsedMs, 0), longestMs)
    if (this.#generation !== this.#window.generation) this.#turn()
    this.#current ??= createHistogram()
    const micros = (boundedMs * 1000 + 0.5) | 0
    this.#current.recordValue(micros)
    if (this.scale !== undefined) this.#count(this.scale, micros)
    this.buckets ??= createBuckets()
    this.buckets.record(boundedMs)
  }

  /** undefined when the newest two windows saw no value. */
  summary(): LatencySummary | undefined {
    if (this.#generation !== this.#window.generation) this.#turn()
    sum ??= createHistogram()
    sum.reset()
    if (this.#current) sum.add(this.#current)
    if (this.#previous) sum.add(this.#previous)
    return sum.totalCount > 0 ? summarize(sum) : undefined
  }

  /** Gives the memory back; to be called when the backend is gone. Recording again is allowed and starts afresh. */
  release(): void {
    this.#current?.destroy()
    this.#previous?.destroy()
    this.#current = undefined
    this.#previous = undefined
  }

  #count(scale: Uint32Array, micros: number): void {
    const index = scaleIndex(micros)
    scale[index] = (scale[index] ?? 0) + 1
  }

  #turn(): void {
    const skipped = this.#window.generation - this.#generation > 1
    this.#generation = this.#window.generation
    const oldest = this.#previous
    this.#previous = this.#current
    this.#current = oldest
    this.#current?.reset()
    if (skipped) this.#previous?.reset()
  }
}

function summarize(histogram: Histogram): LatencySummary {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000
  return {
    count: histogram.totalCount,
    meanMs: Math.round(histogram.mean) / 1000,
    p50Ms: at(50),
    p95Ms: at(95),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: histogram.maxValue / 1000,
  }
}
