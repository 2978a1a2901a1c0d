/** Which of the two formats whoever asks for metrics would rather have (RFC 9110 12.5.1). */
import type { MetricFormat } from '../report/prometheus.ts'

export const metricTypes: Readonly<Record<MetricFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** `accept`: the field's value; undefined: it was not sent. What is not asked for in so many words is text. */
export function metricFormat(accept: string | undefined): MetricFormat {
  const ranges = (accept ?? '').toLowerCase().split(',').map(readRange)
  const best = (holds: (range: Range) => boolean): number =>
    Math.max(0, ...ranges.filter(holds).map(({ quality }) => quality))
  const openmetrics = best(
    ({ type, version }) => type === 'application/openmetrics-text' && (version ?? '1.0.0') === '1.0.0',
  )
  return openmetrics > 0 && openmetrics >= best(({ type }) => type === 'text/plain') ? 'openmetrics' : 'text'
}

interface Range {
  readonly type: string
  readonly version: string | undefined
  /** 0..1; 0: not at all. */
  readonly quality: number
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim())
  const valueOf = (name: string): string | undefined =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1)
  const quality = Number(valueOf('q') ?? 1)
  return { type, version: valueOf('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 }
}
