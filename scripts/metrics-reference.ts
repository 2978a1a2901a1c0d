/** The metrics that there are -> the table in docs/metrics.md. Pure. */
import type { DescribedMetric, MetricLabel } from '../core/report/metric-group.ts'

export function renderMetricsTable(metrics: readonly DescribedMetric[]): string {
  const rows = metrics.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.map(labelText).join(', ')} | ${help} |`,
  )
  return ['| metric | type | labels | what |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

const labelText = ({ name, values }: MetricLabel): string =>
  values === undefined ? `\`${name}\`` : `\`${name}\` (${values.map((value) => `\`${value}\``).join(' ')})`
