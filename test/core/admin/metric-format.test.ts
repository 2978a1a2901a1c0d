import { expect, test } from 'bun:test'
import { metricFormat } from '../../../core/admin/metric-format.ts'

test.each([
  // Prometheus 2.42 and 3.
  [
    'openmetrics',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  ],
  [
    'openmetrics',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
  ],
  ['openmetrics', 'Application/OpenMetrics-Text; version=1.0.0'],
  ['openmetrics', 'application/openmetrics-text'],
  ['openmetrics', 'text/plain; q=0.5, application/openmetrics-text; q=0.5'],
  ['text', 'application/openmetrics-text; version=0.0.1'],
  ['text', 'application/openmetrics-text; q=0'],
  ['text', 'application/openmetrics-text; q=0.4, text/plain'],
  ['text', 'application/openmetrics-text; q=nonsense'],
  ['text', 'application/openmetrics-text; q=-1'],
  ['text', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['text', '*/*'],
  ['text', ''],
  ['text', undefined],
  ['text', ',;=,;;q=1,'.repeat(1000)],
] as const)('%s is what is sent to %p', (format, accept) => {
  expect(metricFormat(accept)).toBe(format)
})
