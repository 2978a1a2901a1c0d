/** What a line of the access log costs, in the formats there are: `bun bench/micro/access-log.ts`. */
import { bench, run } from 'mitata'
import { accessLog } from '../../core/access-log/access-log.ts'
import { defaultFields, type LineFormat } from '../../core/access-log/policy.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { exchangeRecord } from '../../test/support/exchange-record.ts'

/** Of several clients, answered by four backends, each in a time of its own. */
const records = Array.from({ length: 16 }, (_, index) => {
  const request = `GET /v1/users/${index * 37}/orders?page=${index}&sort=-created HTTP/1.1\r\nHost: a\r\n\r\n`
  const plain = exchangeRecord({ request, address: `192.0.2.${index}`, endedAt: 10 + index * 1.377 })
  const backend = `127.0.0.1:800${index & 3}`
  const attempts = plain.attempts.map((attempt) => ({ ...attempt, backend, respondedAt: 3 + index * 1.333 }))
  return { ...plain, attempts, responseBytes: 1000 + index * 333 }
})
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
  let seen = 0
  const observe = accessLog({
    policy: { path: undefined, format, always: undefined, sampleRatio: 1, hidden: [] },
    write: (line) => void lines.push(line),
    wallTime: () => clock.wallTime(),
    random: seededRandom(1),
  })
  return () => {
    seen += 1
    observe(records[seen & 15] as (typeof records)[number])
    if (lines.length < 256) return
    Buffer.from(lines.join('\n'), 'latin1')
    lines = []
  }
}

bench('json', logging({ kind: 'json', fields: defaultFields }))
bench('common', logging(text))
await run()
