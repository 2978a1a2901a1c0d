/** What a line of the access log costs, in the formats there are: `bun bench/micro/access-log.ts`. */
import { bench, run } from 'mitata'
import { accessLog } from '../../core/access-log/access-log.ts'
import { defaultFields, type LineFormat } from '../../core/access-log/policy.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { exchangeRecord } from '../../test/support/exchange-record.ts'

const record = exchangeRecord({ request: 'GET /v1/users/17/orders?page=2&sort=-created HTTP/1.1\r\nHost: a\r\n\r\n' })
const text: LineFormat = {
  kind: 'text',
  parts: [
    { field: 'client' },
    ' - - [',
    { field: 'localTime' },
    '] "',
    { field: 'method' },
    ' ',
    { field: 'target' },
    ' ',
    { field: 'protocol' },
    '" ',
    { field: 'status' },
    ' ',
    { field: 'responseBytes' },
  ],
}

/** Written out as the sink does it: a batch in one text, then in bytes. */
function logging(format: LineFormat): () => void {
  let lines: string[] = []
  const observe = accessLog({
    policy: { path: undefined, format, always: undefined, sampleRatio: 1, hidden: [] },
    write: (line) => void lines.push(line),
    wallTime: () => clock.wallTime(),
    random: seededRandom(1),
  })
  return () => {
    observe(record)
    if (lines.length < 256) return
    Buffer.from(lines.join('\n'), 'latin1')
    lines = []
  }
}

bench('json', logging({ kind: 'json', fields: defaultFields }))
bench('common', logging(text))
await run()
