/** Every quantity that a benchmark reports: its name for people, how it is written, and which way is better. Pure. */

export interface Metric {
  readonly label: string
  /** In words, for the notes below a table. */
  readonly meaning: string
  readonly format: (value: number) => string
  /** Whether a ratio to nginx says something. */
  readonly compares: boolean
  /** Which way is better; none: it says under which condition the others were measured. */
  readonly better: 'more' | 'less' | 'none'
}

const fixed = (digits: number) => (value: number) => value.toFixed(digits)
const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const milliseconds = (us: number): string => (us / 1000).toFixed(us < 10_000 ? 2 : 1)

/** Keys hold the unit in which values are kept; labels the one in which they are shown. */
export const metrics = {
  requestsPerSecond: {
    label: 'req/s',
    meaning: 'requests answered per second',
    format: count,
    compares: true,
    better: 'more',
  },
  cpuUs: {
    label: 'CPU µs/req',
    meaning: 'CPU time of all its threads and processes for each request, kernel included',
    format: fixed(1),
    compares: true,
    better: 'less',
  },
  p50Us: {
    label: 'p50 ms',
    meaning: 'latency from the intended send time',
    format: milliseconds,
    compares: false,
    better: 'less',
  },
  p99Us: { label: 'p99 ms', meaning: 'the same, 99 of 100', format: milliseconds, compares: true, better: 'less' },
  p999Us: {
    label: 'p99.9 ms',
    meaning: 'the same, 999 of 1,000',
    format: milliseconds,
    compares: true,
    better: 'less',
  },
  ratePerSecond: {
    label: 'offered/s',
    meaning: 'requests intended per second',
    format: count,
    compares: false,
    better: 'none',
  },
  agedRatio: {
    label: 'behind/before',
    meaning: 'CPU time for each request behind the mixed traffic over that before it, in the same process',
    format: (value: number) => `${value.toFixed(2)}×`,
    compares: false,
    better: 'less',
  },
  memoryBytes: {
    label: 'MB',
    meaning: 'memory of all its processes, shared pages counted once',
    format: (bytes: number) => (bytes / 1e6).toFixed(0),
    compares: false,
    better: 'less',
  },
  idleBytes: {
    label: 'KiB/conn',
    meaning: 'memory gained for each idle client connection',
    format: (bytes: number) => (bytes / 1024).toFixed(2),
    compares: true,
    better: 'less',
  },
  startMs: {
    label: 'start ms',
    meaning: 'from the start of the process until it accepts connections',
    format: count,
    compares: true,
    better: 'less',
  },
  healthyRatio: {
    label: 'p99/healthy',
    meaning: 'p99 over that of the same contestant while all backends are well, in the same round',
    format: (value: number) => `${value.toFixed(2)}×`,
    compares: false,
    better: 'less',
  },
  attempts: {
    label: 'attempts/req',
    meaning: 'requests that backends got for each one of the clients',
    format: fixed(2),
    compares: false,
    better: 'less',
  },
  recoveryMs: {
    label: 'recovery ms',
    meaning: 'from the return of the backends to the first of twenty good answers in a row',
    format: count,
    compares: false,
    better: 'less',
  },
  grownBytes: {
    label: 'grown MB',
    meaning: 'memory gained, all rounds',
    format: (bytes: number) => (bytes / 1e6).toFixed(1),
    compares: false,
    better: 'less',
  },
  faultyShare: {
    label: 'faulty %',
    meaning: 'share of requests that the failing backend got',
    format: (ratio: number) => (ratio * 100).toFixed(1),
    compares: false,
    better: 'less',
  },
  slowShare: {
    label: 'slow %',
    meaning: 'share of requests that the slow backend got',
    format: (ratio: number) => (ratio * 100).toFixed(1),
    compares: false,
    better: 'less',
  },
  skew: {
    label: 'skew %',
    meaning: 'how far the backend served most wrongly is from its share by weight',
    format: (ratio: number) => (ratio * 100).toFixed(1),
    compares: false,
    better: 'less',
  },
  membersLiveMs: {
    label: 'members live ms',
    meaning: 'from saving the config until the new member has its first request, median of the saves; known to 5 ms',
    format: fixed(0),
    compares: true,
    better: 'less',
  },
  strategyLiveMs: {
    label: 'strategy live ms',
    meaning: 'the same, from saving a strategy file until a request goes where only the new version sends it',
    format: fixed(0),
    compares: false,
    better: 'less',
  },
  saves: { label: 'saves', meaning: 'files saved, all rounds', format: count, compares: false, better: 'none' },
  kills: { label: 'kills', meaning: 'backends killed, all rounds', format: count, compares: false, better: 'none' },
  resumedShare: {
    label: 'resumed %',
    meaning: 'share of handshakes that took up a session of before',
    format: (ratio: number) => (ratio * 100).toFixed(1),
    compares: false,
    better: 'more',
  },
  failedShare: {
    label: 'failed %',
    meaning: 'requests without a good answer, of all',
    format: (ratio: number) => (ratio * 100).toFixed(2),
    compares: false,
    better: 'less',
  },
  failed: {
    label: 'failed',
    meaning: 'requests without a good answer, all rounds',
    format: count,
    compares: false,
    better: 'less',
  },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics

/** Whether rounds add up: a failure in one of three rounds is a failure, not a median of none. */
export const isTotal = (name: MetricName): boolean => ['failed', 'saves', 'kills', 'grownBytes'].includes(name)
