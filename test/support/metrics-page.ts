/** The page of metrics as tests read it. */
import { renderMetrics } from '../../core/report/metrics.ts'
import type { MetricFormat } from '../../core/report/prometheus.ts'
import type { EdgeView } from '../../core/report/view.ts'
import { fakeProcess } from './edge-view.ts'
import type { Family } from './metrics-parser.ts'

/** Of the sample of that name and exactly these labels; undefined: there is none. */
export const valueOf = (families: Family[], name: string, labels: Record<string, string> = {}): number | undefined =>
  families
    .flatMap((family) => family.samples)
    .find((sample) => sample.name === name && Bun.deepEquals(sample.labels, labels))?.value

/** All of it. */
export const pageOf = (edge: EdgeView, format: MetricFormat = 'text'): string =>
  [...renderMetrics({ edge, process: fakeProcess }, format)].join('')
