/** What the admin API tells: reading changes nothing. */
import { hideSecrets } from '../secrets.ts'
import { metricFormat, metricTypes } from './metric-format.ts'
import { problem } from './problem.ts'
import type { Routes } from './route.ts'
import { sliced } from './sliced.ts'
import { json } from './whole.ts'

export const readRoutes: Routes = {
  'GET /health': {
    summary: 'Whether the process answers at all; 200 as long as it does.',
    need: 'public',
    answer: () => json({ status: 'ok' }),
  },
  'GET /ready': {
    summary: 'Whether new traffic should be sent here: 200 when it should, 503 with the reason when not.',
    need: 'public',
    answer({ source }) {
      const readiness = source.ready()
      return readiness.kind === 'ready' ? json({ status: 'ready' }) : problem(503, readiness.reason)
    },
  },
  'GET /metrics': {
    summary: 'Metrics for Prometheus: its text format, or OpenMetrics for whoever accepts that.',
    contentType: metricTypes.text,
    async answer({ source, request, turn }) {
      const format = metricFormat(request.field('accept'))
      return sliced(await source.metrics(format), turn, metricTypes[format])
    },
  },
  'GET /api/status': {
    summary: 'Listeners, counters, pools and backends at this instant.',
    schema: 'StatusSnapshot',
    answer: ({ source }) => json(source.status()),
  },
  'GET /api/events': {
    summary:
      'Server-sent events: hello, then a frame of rates and percentiles up to 4 times a second, and every event.',
    contentType: 'text/event-stream; charset=utf-8',
    answer: ({ source, request }) => source.events(request),
  },
  'GET /api/config': {
    summary: 'The configuration in force, defaults filled in, durations in ms, sizes in bytes, secrets as ***.',
    answer: ({ source }) => json(hideSecrets(source.config())),
  },
}
