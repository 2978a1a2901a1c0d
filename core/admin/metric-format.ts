/** Which of the two formats whoever asks for metrics would rather have (RFC 9110 12.5.1). */
import type { MetricFormat } from '../report/prometheus.ts'
import { type Accepted, readAccepted } from './accepted.ts'

export const metricTypes: Readonly<Record<MetricFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** `accept`: the field's value; undefined: it was not sent. What is not asked for in so many words is text. */
export function metricFormat(accept: string | undefined): MetricFormat {
  const accepted = readAccepted(accept)
  const best = (holds: (one: Accepted) => boolean): number =>
    Math.max(0, ...accepted.filter(holds).map(({ quality }) => quality))
  const openmetrics = best(
    ({ name, version }) => name === 'application/openmetrics-text' && (version ?? '1.0.0') === '1.0.0',
  )
  return openmetrics > 0 && openmetrics >= best(({ name }) => name === 'text/plain') ? 'openmetrics' : 'text'
}
