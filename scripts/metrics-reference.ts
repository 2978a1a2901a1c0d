/** The metrics that there are -> the table in docs/metrics.md. Pure. */
import type { DescribedMetric, MetricLabel } from '../core/report/metric-group.ts'

export function renderMetricsTable(metrics: readonly DescribedMetric[]): string {
  const rows = metrics.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${unitOf(name)} | ${labels.map(labelText).join(', ')} | ${help} |`,
  )
  return ['| metric | type | unit | labels | what |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

/** Whatever is counted has none: names of metrics end in their unit (prometheus.io/docs/practices/naming). */
const unitOf = (name: string): string => /_(bytes|seconds)(?:_total)?$/.exec(name)?.[1] ?? ''

const labelText = ({ name, values }: MetricLabel): string =>
  values === undefined ? `\`${name}\`` : `\`${name}\` (${values.map((value) => `\`${value}\``).join(' ')})`
