/** What tracing adds to a request, by what becomes of it: `bun bench/micro/tracing.ts`. */
import { randomFillSync } from 'node:crypto'
import { bench, do_not_optimize, run } from 'mitata'
import { hiding } from '../../core/access-log/hide.ts'
import { createIdentify } from '../../core/forward/identify.ts'
import { encodeSpan } from '../../core/trace/otlp.ts'
import { spansOf } from '../../core/trace/spans.ts'
import { TraceIds } from '../../core/trace/trace-ids.ts'
import { createTracing } from '../../core/trace/tracing.ts'
import { exchangeRecord } from '../../test/support/exchange-record.ts'
import { parseRequest } from '../../test/support/http1-heads.ts'
import { peerAt } from '../../test/support/peer-at.ts'
import { tracingPolicy, TRACEPARENT, UNSAMPLED } from '../../test/support/tracing.ts'

const identity = createIdentify(() => false)(peerAt('192.0.2.1'))
/** As a browser sends them. */
const usual = [
  'Host: shop.example',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language: en-US,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Cookie: session=0123456789abcdef0123456789abcdef',
]
const rules = { route: 'GET /v1/*', path: '/v1/*', isHidden: hiding([]) }

/** The decision, and what its one attempt says; of a recorded one its spans, too. */
function tracing(sampleRatio: number, ...lines: string[]): () => void {
  const head = parseRequest(['GET /v1/users/17/orders?page=2 HTTP/1.1', ...usual, ...lines, '', ''].join('\r\n'))
  const record = exchangeRecord()
  const traced = createTracing({
    policy: tracingPolicy({ sampleRatio }),
    route: undefined,
    ids: new TraceIds(randomFillSync),
    onRecorded: (recorded) => {
      for (const span of spansOf(recorded, rules, 1_795_734_080_000)) do_not_optimize(encodeSpan(span))
    },
  })
  return () => {
    const trace = traced.begin(head, identity)
    const spanId = trace?.attempt().spanId
    if (spanId === undefined) return
    trace?.end({ ...record, attempts: record.attempts.map((attempt) => ({ ...attempt, spanId })) })
  }
}

bench('unrecorded, of no trace', tracing(1e-9))
bench('unrecorded, of a trace that is not', tracing(1e-9, `traceparent: ${UNSAMPLED}`))
bench('recorded, with two spans', tracing(1e-9, `traceparent: ${TRACEPARENT}`))
await run()
