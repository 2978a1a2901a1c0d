/** Cost of reading a head with 2 and with 13 fields, and a chunked body. Run: `bun bench/micro/head.ts`. */
import { bench, do_not_optimize, run, summary } from 'mitata'
import { ChunkedReader } from '../../core/http1/chunked-reader.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'

const limits = { maxHeadBytes: 65_536, maxTargetBytes: 16_384, maxFields: 256 }
const headOf = (...lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')

const small = headOf('GET /hello HTTP/1.1', 'Host: 127.0.0.1:8080', 'Connection: keep-alive')
const usual = headOf(
  'GET /api/v1/users/42/orders?limit=20&after=1234 HTTP/1.1',
  'Host: shop.example.com',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101',
  'Accept: application/json',
  'Accept-Language: en-GB,en;q=0.5',
  'Accept-Encoding: gzip, br',
  'Referer: https://shop.example.com/me',
  'Cookie: session=0123456789abcdef',
  'Connection: keep-alive',
  'Sec-Fetch-Dest: empty',
  'Sec-Fetch-Mode: cors',
  'Sec-Fetch-Site: same-origin',
  'Cache-Control: no-cache',
  'DNT: 1',
)
const answer = headOf(
  'HTTP/1.1 200 OK',
  'Server: origin',
  'Date: Sat, 21 Nov 2026 12:00:00 GMT',
  'Content-Type: application/json; charset=utf-8',
  'Content-Length: 1234',
  'Connection: keep-alive',
  'Cache-Control: private, max-age=0',
  'ETag: "0123456789abcdef"',
  'Last-Modified: Sat, 21 Nov 2026 11:00:00 GMT',
  'Vary: Accept-Encoding',
  'X-Frame-Options: DENY',
  'X-Content-Type-Options: nosniff',
  'Strict-Transport-Security: max-age=63072000',
  'Set-Cookie: a=b; Path=/; HttpOnly',
)
const request = new RequestHead(limits.maxFields)
const response = new ResponseHead(limits.maxFields)

// Without it the first benchmark would pay for compiling the parsers.
for (let count = 0; count < 100_000; count += 1) {
  const bytes = count % 2 === 0 ? small : usual
  request.parse(bytes, 0, bytes.length, limits)
  response.parse(answer, 0, answer.length, limits)
}

summary(() => {
  for (const [name, bytes] of [
    ['2 fields', small],
    ['13 fields', usual],
  ] as const) {
    bench(`request, ${name}, ${bytes.length} B`, () => do_not_optimize(request.parse(bytes, 0, bytes.length, limits)))
  }
  bench(`response, 13 fields, ${answer.length} B`, () =>
    do_not_optimize(response.parse(answer, 0, answer.length, limits)),
  )
})

const sink = {
  forwarded: 0,
  onBody(_: Buffer, start: number, end: number) {
    this.forwarded += end - start
  },
}
const chunk = (size: number): string => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`

summary(() => {
  for (const [name, count, size] of [
    ['one chunk of 100 B', 1, 100],
    ['64 chunks of 16 B', 64, 16],
    ['16 chunks of 4 KiB', 16, 4096],
  ] as const) {
    const body = Buffer.from(`${chunk(size).repeat(count)}0\r\n\r\n`, 'latin1')
    for (const keepChunks of [true, false]) {
      bench(`${name}, ${keepChunks ? 'kept' : 'decoded'}`, () =>
        do_not_optimize(new ChunkedReader(limits, keepChunks).read(body, 0, body.length, sink)),
      )
    }
  }
})

await run()
