/** Latencies in an HDR histogram: 1 µs to 60 s, three digits. Never forgets an outlier within that range. */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'

const maxUs = 60_000_000

export interface Latencies {
  /** Beyond the range the nearest bound is taken. */
  record(us: number): void
  encode(): string
  percentileUs(percent: number): number
}

const wrap = (histogram: Histogram): Latencies => ({
  record: (us) => histogram.recordValue(Math.max(1, Math.min(maxUs, Math.round(us)))),
  encode: () => encodeIntoCompressedBase64(histogram),
  percentileUs: (percent) => (histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percent)),
})

const create = (): Histogram =>
  build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: maxUs,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  })

export const createLatencies = (): Latencies => wrap(create())

/** All values of several encoded histograms. Throws on text that is none. */
export function mergeLatencies(encoded: readonly string[]): Latencies {
  const merged = create()
  for (const each of encoded) merged.add(decodeFromCompressedBase64(each))
  return wrap(merged)
}
