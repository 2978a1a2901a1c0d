/**
 * The two text formats that Prometheus reads, 0.0.4 and OpenMetrics 1.0, and nothing else: numbers in, text out, a slice
 * at a time. Which metrics there are stands in `metrics.ts`; names follow prometheus.io/docs/practices/naming, `promtool
 * check metrics` is the judge of the one, the parser of Prometheus' Python client that of the other.
 */
import { bucketBoundsMs, type BucketCounts } from '../observe/buckets.ts'

export type MetricFormat = 'text' | 'openmetrics'

/** `info`: always 1, its labels tell. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'info'

/** What stands above the samples of a metric. */
export interface MetricHead {
  /** As its samples have it: that of a counter ends in `_total`, that of an info in `_info`. */
  readonly name: string
  readonly type: MetricType
  readonly help: string
}

/** Label names and values in the order they are written. Names must be valid, values may be anything. */
export type Labels = Readonly<Record<string, string>>

/** Writes one metric after another. */
export interface MetricPage {
  /** Begins a metric: its samples follow, up to the next call of this. One that has none is left out. */
  metric(head: MetricHead): void
  sample(labels: string, value: number): void
  /** Of times; in seconds, as its metric's name must say. */
  histogram(labels: string, counts: BucketCounts): void
  /** Whether there is enough of it to be sent on. */
  readonly isFull: boolean
  /** What has been written since the last call. */
  take(): string
  /** The rest of it. */
  end(): string
}

/** Characters: a quarter of a millisecond's work, and a write or two. */
const SLICE_LENGTH = 64 * 1024

export function createMetricPage(format: MetricFormat): MetricPage {
  const headLines = HEAD_LINES[format]
  let text = ''
  let current: MetricHead = { name: '', type: 'gauge', help: '' }
  let isBegun = true
  const begin = (): void => {
    if (isBegun) return
    isBegun = true
    text += headLines(current)
  }
  const write = (suffix: string, labels: string, value: number): void => {
    begin()
    text += `${current.name}${suffix}${labels && `{${labels}}`} ${formatValue(value)}\n`
  }
  const take = (): string => {
    const taken = text
    text = ''
    return taken
  }
  return {
    metric(head) {
      current = head
      isBegun = false
    },
    sample: (labels, value) => write('', labels, value),
    histogram(labels, { counts, sumMs }) {
      begin()
      const start = `${current.name}_bucket{${labels && `${labels},`}le="`
      let total = 0
      for (const [index, end] of BUCKET_ENDS.entries()) {
        total += counts[index] ?? 0
        text += `${start}${end}${total}\n`
      }
      write('_sum', labels, sumMs / 1000)
      write('_count', labels, total)
    },
    get isFull() {
      return text.length >= SLICE_LENGTH
    },
    take,
    end: () => take() + (format === 'openmetrics' ? '# EOF\n' : ''),
  }
}

/**
 * How the line of each bucket goes on behind `le="`, up to its number. OpenMetrics wants whole bounds told as `1.0`, and
 * whoever asks for either format is to get the same series.
 */
const BUCKET_ENDS: readonly string[] = [
  ...bucketBoundsMs.map((bound) => (bound % 1000 === 0 ? `${bound / 1000}.0` : String(bound / 1000))),
  '+Inf',
].map((bound) => `${bound}"} `)

const HEAD_LINES: Readonly<Record<MetricFormat, (head: MetricHead) => string>> = {
  text: ({ name, type, help }) =>
    `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type === 'info' ? 'gauge' : type}\n`,
  openmetrics({ name, type, help }) {
    const family = name.replace(FAMILY_SUFFIX[type] ?? '', '')
    const unit = /_(bytes|seconds)$/.exec(family)?.[1]
    const unitLine = unit === undefined ? '' : `# UNIT ${family} ${unit}\n`
    return `# TYPE ${family} ${type}\n${unitLine}# HELP ${family} ${escapeHelp(help).replaceAll('"', '\\"')}\n`
  },
}

/** What samples of that type have behind the name of their family. */
const FAMILY_SUFFIX: { readonly [Type in MetricType]?: RegExp } = { counter: /_total$/, info: /_info$/ }

const escapeHelp = (help: string): string => help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

/** `{ pool: 'a"b' }` -> `pool="a\"b"`, to be made once for a backend's many samples. */
export const formatLabels = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')

/** Of those that stand together; each may be empty. */
export const joinLabels = (labels: string, others: string): string =>
  labels === '' ? others : others === '' ? labels : `${labels},${others}`

const escapeLabel = (value: string): string =>
  // Backslash first: the other two add backslashes of their own. A lone surrogate has no UTF-8.
  value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
