/**
 * What the longest of fields cost where their members are looked at: a cookie as affinity key, X-Forwarded-For of a trusted
 * peer, TE and Connection; each fills a head of 60 KB. Run: `bun bench/micro/long-fields.ts`.
 */
import { bench, do_not_optimize, run } from 'mitata'
import { systemClock } from '../../core/clock.ts'
import { RequestContext } from '../../core/exchange/pick-context.ts'
import { acceptsTrailers } from '../../core/forward/rewrite-request.ts'
import { ProtocolError } from '../../core/errors.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import type { Affinity } from '../../core/pool/policy.ts'

const limits = { maxHeadBytes: 65_536, maxTargetBytes: 61_440, maxFields: 256 }
const LENGTH = 60_000
const head = new RequestHead(limits.maxFields)
const client = {
  address: '10.0.0.1',
  isTrusted: true,
  isTrustedProxy: (address: string) => address.startsWith('10.'),
  scheme: 'http' as const,
  forwardedFields: Buffer.alloc(0),
}

const withLine = (name: string, unit: string): Buffer =>
  Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${name}: ${unit.repeat(LENGTH / unit.length)}\r\n\r\n`, 'latin1')

function keyOf(bytes: Buffer, affinity: Affinity): string | undefined {
  head.parse(bytes, 0, bytes.length, limits)
  return new RequestContext(
    head,
    client,
    { services: { clock: systemClock, random: () => 0.5 }, geo: undefined, affinity: [affinity] },
    0,
  ).key
}

function parses(bytes: Buffer): boolean {
  try {
    return head.parse(bytes, 0, bytes.length, limits) > 0
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return false
  }
}

const cookie = { kind: 'cookie', name: 'session' } as const
const query = { kind: 'query', name: 'session' } as const
const longQuery = Buffer.from(`GET /?${'a&'.repeat(30_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'latin1')
const [plain, pairs, long] = [withLine('X', 'a'), withLine('Cookie', 'a=1; '), withLine('Cookie', 'session=abcdefgh; ')]
const [strangers, proxies, commas] = [
  withLine('X-Forwarded-For', '203.0.113.7, '),
  withLine('X-Forwarded-For', '10.0.0.1, '),
  withLine('X-Forwarded-For', ','),
]
const [codings, options] = [withLine('TE', 'gzip, '), withLine('Connection', 'a,')]

bench('a field that nobody looks at', () => do_not_optimize(keyOf(plain, { kind: 'path' })))
bench('Cookie without the one looked for', () => do_not_optimize(keyOf(pairs, cookie)))
bench('Cookie with it in front', () => do_not_optimize(keyOf(long, cookie)))
bench('a query without the one looked for', () => do_not_optimize(keyOf(longQuery, query)))
bench('X-Forwarded-For of clients', () => do_not_optimize(keyOf(strangers, { kind: 'client' })))
bench('X-Forwarded-For of proxies', () => do_not_optimize(keyOf(proxies, { kind: 'client' })))
bench('X-Forwarded-For of nobody', () => do_not_optimize(keyOf(commas, { kind: 'client' })))
bench('TE without trailers', () => {
  head.parse(codings, 0, codings.length, limits)
  do_not_optimize(acceptsTrailers(head))
})
bench('Connection', () => do_not_optimize(parses(options)))

await run()
