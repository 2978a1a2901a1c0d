/**
 * Prometheus text exposition, format 0.0.4, and nothing else: pure, numbers in, text out. Which metrics there are stands
 * in `metrics.ts`; names follow prometheus.io/docs/practices/naming, `promtool check metrics` is the judge.
 */

export type MetricType = 'counter' | 'gauge' | 'histogram'

/** Label names and values in the order they are written. Names must be valid, values may be anything. */
export type Labels = Readonly<Record<string, string>>

/** Writes one metric after another; `text` is the whole page. */
export interface MetricPage {
  /** Begins a metric: its samples follow, up to the next call of this. */
  family(name: string, type: MetricType, help: string): void
  sample(labels: string, value: number): void
  /** `counts` per bucket, not cumulative, the last one above every bound; bounds in the metric's own unit. */
  histogram(labels: string, bounds: readonly number[], counts: ArrayLike<number>, sum: number): void
  text(): string
}

export function createMetricPage(): MetricPage {
  const lines: string[] = []
  let current = ''
  const write = (suffix: string, labels: string, value: number) => {
    lines.push(`${current}${suffix}${labels && `{${labels}}`} ${formatValue(value)}`)
  }
  return {
    family(name, type, help) {
      current = name
      lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`)
    },
    sample: (labels, value) => write('', labels, value),
    histogram(labels, bounds, counts, sum) {
      const prefix = labels && `${labels},`
      let total = 0
      for (let index = 0; index <= bounds.length; index++) {
        total += counts[index] ?? 0
        const bound = bounds[index]
        write('_bucket', `${prefix}le="${bound === undefined ? '+Inf' : formatValue(bound)}"`, total)
      }
      write('_sum', labels, sum)
      write('_count', labels, total)
    },
    text: () => `${lines.join('\n')}\n`,
  }
}

/** `{ pool: 'a"b' }` -> `pool="a\"b"`, to be made once for a backend's many samples. */
export const formatLabels = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')

const escapeLabel = (value: string): string =>
  // Backslash first: the other two add backslashes of their own. A lone surrogate has no UTF-8.
  value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
