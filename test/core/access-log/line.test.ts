import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { lineFormat } from '../../../core/access-log/line.ts'
import { defaultFields, lineFields, type LineFormat } from '../../../core/access-log/policy.ts'
import { Peer, plainFacts } from '../../../core/stream/peer.ts'
import { exchangeRecord, type RecordOptions } from '../../support/exchange-record.ts'
import { TRACE_ID, UNSAMPLED } from '../../support/tracing.ts'
import { configOf } from '../config/read-config.ts'

const at = Date.UTC(2026, 10, 26, 20, 45, 0, 123)
const json: LineFormat = { kind: 'json', fields: defaultFields }

const write = (format: LineFormat, options?: RecordOptions, hidden: readonly string[] = []): string =>
  lineFormat(format, hidden)(exchangeRecord(options), at)

/** As the config has it. */
function formatNamed(format: string): LineFormat {
  const config = configOf({ pools: { web: { backends: ['http://a'] } }, log: { access: { format } } })
  if (config.accessLog === undefined) throw new Error('no log')
  return config.accessLog.format
}

/** Lone surrogates and control characters among them. */
const anything = fc.array(fc.nat({ max: 0xffff })).map((codes) => String.fromCharCode(...codes))

describe('a line of the access log', () => {
  test('as JSON holds what is known', () => {
    expect(JSON.parse(write(json))).toEqual({
      time: '2026-11-26T20:45:00.123Z',
      client: '192.0.2.1',
      method: 'GET',
      target: '/a?b=1',
      status: 200,
      ending: 'answered',
      durationMs: 20,
      firstByteMs: 12.346,
      requestBytes: 0,
      responseBytes: 5,
      pool: 'web',
      backend: '127.0.0.1:8001',
      attempts: 1,
    })
  })

  test('as JSON is that of its own request, whatever those before it had', () => {
    const all = { kind: 'json', fields: lineFields } as const
    const one = lineFormat(all, [])
    for (let count = 0; count < 600; count += 1) {
      const record = exchangeRecord({
        request: `${count % 7 === 0 ? 'A'.repeat(count % 60) : 'GET'}X /${count % 5} HTTP/1.1\r\nHost: h${count % 300}\r\n\r\n`,
        address: `192.0.2.${count % 256}`,
        pool: count % 3 === 0 ? undefined : `p"${count % 4}`,
        requestBytes: count % 2,
        endedAt: count / 7,
      })
      expect(one(record, at + count)).toBe(lineFormat(all, [])(record, at + count))
    }
  })

  test.each([0, 0.001, 0.5, 0.999, 1, 12.34, 86_400_000.001])('as JSON tells how long %p ms took', (endedAt) => {
    expect(write({ kind: 'json', fields: ['durationMs'] }, { endedAt })).toBe(`{"durationMs":${endedAt}}`)
  })

  test('leaves out what there is not: no pool, no attempt, no address', () => {
    const line = write(json, {
      address: '',
      pool: undefined,
      attempts: [],
      ending: { kind: 'refused', status: 404, detail: 'no route matches this request' },
    })
    expect(JSON.parse(line)).toMatchObject({ status: 404, ending: 'refused', reason: 'no route matches this request' })
    expect(Object.keys(JSON.parse(line) as object)).not.toContain('client')
  })

  test('of what is no request holds who sent it and what was answered', () => {
    const record = {
      ...exchangeRecord({ attempts: [], pool: undefined, route: '', responseBytes: 52 }),
      line: { method: '', target: '', protocol: '' },
      ending: { kind: 'refused', status: 400, detail: 'a head must be one' },
    } as const
    expect(JSON.parse(lineFormat(json, [])(record, at))).toEqual({
      time: '2026-11-26T20:45:00.123Z',
      client: '192.0.2.1',
      status: 400,
      ending: 'refused',
      reason: 'a head must be one',
      durationMs: 20,
      requestBytes: 0,
      responseBytes: 52,
      attempts: 0,
    })
    expect(lineFormat(formatNamed('common'), [])(record, at)).toBe(
      '192.0.2.1 - - [26/Nov/2026:20:45:00 +0000] "- - -" 400 52',
    )
  })

  test.each([
    ['one that is recorded', `traceparent: ${UNSAMPLED}`, { traceId: 'a', spanId: 'b' }, 'a b'],
    ['one that is not', `traceparent: ${UNSAMPLED}`, { traceId: 'a', spanId: undefined }, 'a -'],
    ['its client’s', `traceparent: ${UNSAMPLED}`, undefined, `${TRACE_ID} -`],
    ['none, where that is nonsense', 'traceparent: x" 200', undefined, '- -'],
    ['none', 'a: b', undefined, '- -'],
  ])('tells of the trace of a request: %s', (_title, field, trace, line) => {
    const request = `GET / HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`
    expect(write(formatNamed('{trace_id} {span_id}'), { request, trace })).toBe(line)
  })

  test.each([
    [Buffer.from('a-b:1'), 'a-b:1'],
    [Buffer.from([0, 255, 10]), '00ff0a'],
    [Buffer.from('a b'), '612062'],
    [undefined, '-'],
  ])('tells of a PROXY header: %j', (uniqueId, shown) => {
    const peer = new Peer({ ...plainFacts('192.0.2.1'), proxied: { by: '10.0.0.1', route: undefined, uniqueId } })
    const client = { peer, readHead: exchangeRecord().client.readHead }
    const line = lineFormat(formatNamed('{client} {proxy} {uniqueId}'), [])({ ...exchangeRecord(), client }, at)
    expect(line).toBe(`192.0.2.1 10.0.0.1 ${shown}`)
    expect(write(formatNamed('{proxy} {uniqueId}'), {})).toBe('- -')
  })

  const CALL = 'POST /a.B/C HTTP/1.1\r\nHost: a\r\ncontent-type: application/grpc\r\n\r\n'
  const [attempt] = exchangeRecord().attempts
  test.each<[string, string | undefined, RecordOptions]>([
    ['that was answered', 'NOT_FOUND', { request: CALL, attempts: [{ ...attempt!, grpcStatus: 5 }] }],
    ['that was answered well', 'OK', { attempts: [{ ...attempt!, grpcStatus: 0 }] }],
    ['with a status of its own', 'status 77', { attempts: [{ ...attempt!, grpcStatus: 77 }] }],
    [
      'that was answered at last',
      'OK',
      {
        attempts: [
          { ...attempt!, grpcStatus: 14 },
          { ...attempt!, grpcStatus: 0 },
        ],
      },
    ],
    [
      'that was refused',
      'UNAVAILABLE',
      { request: CALL, attempts: [], ending: { kind: 'refused', status: 503, detail: 'no backend' } },
    ],
    ['that its client gave up', undefined, { request: CALL, ending: { kind: 'abandoned' } }],
    ['that was cut', undefined, { request: CALL, ending: { kind: 'truncated', status: 200 } }],
    ['that is none', undefined, {}],
    ['that is none, and was refused', undefined, { ending: { kind: 'refused', status: 503, detail: 'no backend' } }],
  ])('tells where it is asked what a call of gRPC has come to: one %s', (_, grpcStatus, options) => {
    const line = write({ kind: 'json', fields: ['requestBytes', 'grpcStatus'] }, options)
    expect(JSON.parse(line)).toEqual({ requestBytes: 0, ...(grpcStatus && { grpcStatus }) })
    expect(write(json, options)).not.toContain('grpc')
  })

  test('names the rule that refused, and who it was', () => {
    const line = write(json, {
      ending: { kind: 'refused', status: 429, detail: 'too often', reason: 'rate' },
      subject: { key: 'user ann' },
    })
    expect(JSON.parse(line)).toMatchObject({ status: 429, reason: 'rate', user: 'ann' })
  })

  test('names whoever a token is for, and lets no name pass for what stands behind it', () => {
    const subject = { key: 'token ["https://id.example","x [26/Nov/2026:00:00:00 +0000] \\"GET"]' }
    expect(JSON.parse(write({ kind: 'json', fields: ['user'] }, { subject }))).toEqual({
      user: 'x [26/Nov/2026:00:00:00 +0000] "GET',
    })
    expect(write(formatNamed('{user} [{status}]'), { subject })).toBe(
      'x\\x20\\x5b26/Nov/2026:00:00:00\\x20+0000\\x5d\\x20\\x22GET [200]',
    )
  })

  test('hides secrets of the page that led here', () => {
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nReferer: https://b/?token=x&c=1\r\n\r\n'
    expect(write(formatNamed('{header:referer}'), { request })).toBe('https://b/?token=***&c=1')
  })

  test('tells of a client that left as nginx does', () => {
    expect(JSON.parse(write(json, { ending: { kind: 'abandoned' } }))).toMatchObject({
      status: 499,
      ending: 'abandoned',
    })
  })

  test('tells whom a trusted proxy speaks for, and nobody else’s word', () => {
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n'
    const client = (isTrusted: boolean): unknown =>
      JSON.parse(
        write(
          { kind: 'json', fields: ['client'] },
          { request, isTrusted: (address) => isTrusted && address === '192.0.2.1' },
        ),
      )
    expect([client(true), client(false)]).toEqual([{ client: '198.51.100.7' }, { client: '192.0.2.1' }])
  })

  test('may have fields of the request, and an order of its own', () => {
    const request = 'GET / HTTP/1.0\r\nHost: a.example\r\nUser-Agent: curl/8 "x"\\\xe9\r\n\r\n'
    expect(
      write({ kind: 'json', fields: ['host', 'header:user-agent', 'header:x', 'protocol', 'scheme'] }, { request }),
    ).toBe('{"host":"a.example","header:user-agent":"curl/8 \\"x\\"\\\\\\u00e9","protocol":"HTTP/1.0","scheme":"http"}')
  })

  test.each([
    ['common', '192.0.2.1 - - [26/Nov/2026:20:45:00 +0000] "GET /a?b=1 HTTP/1.1" 200 5'],
    ['combined', '192.0.2.1 - - [26/Nov/2026:20:45:00 +0000] "GET /a?b=1 HTTP/1.1" 200 5 "-" "-"'],
    ['{method}: {status} é', 'GET: 200 \xc3\xa9'],
  ])('as %s', (format, line) => expect(write(formatNamed(format))).toBe(line))

  test('as text keeps each value where it is, whatever a client sends', () => {
    const request = 'GET /"\\ HTTP/1.1\r\nHost: a\r\nReferer: a" 200 1\\\tb\xe9\x80\r\n\r\n'
    expect(write(formatNamed('"{target}" "{header:referer}"'), { request })).toBe(
      '"/\\x22\\x5c" "a\\x22 200 1\\x5c\\x09b\\xe9\\x80"',
    )
  })

  test.each(['json', 'combined', '{target}{header:x}{user}'])(
    'as %s is one line of ASCII, whatever there is',
    (name) => {
      const format = formatNamed(name)
      fc.assert(
        fc.property(anything, anything, (target, user) => {
          const record = exchangeRecord({ subject: { key: `user ${user}` } })
          const line = lineFormat(format, [])({ ...record, line: { ...record.line, target } }, at)
          expect(line).toMatch(/^[ -~]*$/)
          if (format.kind === 'json') expect(JSON.parse(line)).toMatchObject({ status: 200 })
        }),
      )
    },
  )

  test('holds no secret', () => {
    const request =
      'GET /?token=t1&a=b&API_KEY=k2&%74oken=t3&email=e4&x=token=ok&code=c5 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s6\r\nX-Mail: e7\r\n\r\n'
    const fields = ['target', 'header:authorization', 'header:x-mail'] as const
    expect(JSON.parse(write({ kind: 'json', fields }, { request }, ['email', 'x-mail']))).toEqual({
      target: '/?token=***&a=b&API_KEY=***&%74oken=***&email=***&x=token=ok&code=***',
      'header:authorization': '***',
      'header:x-mail': '***',
    })
  })

  test.each([
    ['/?', '/?'],
    ['/?token', '/?token'],
    ['/?token=', '/?token=***'],
    ['/?=token', '/?=token'],
    ['/?a=1;token=x;b=2', '/?a=1;token=***;b=2'],
    ['/p;token=x/q?a', '/p;token=***?a'],
    [
      '/?X-Amz-Signature=1&access_key=2&keyed=3&pwd=4&monkey=5',
      '/?X-Amz-Signature=***&access_key=***&keyed=3&pwd=***&monkey=5',
    ],
    ['/?%=1&%E9token=2', '/?%=1&%E9token=***'],
    ['*', '*'],
  ])('writes the target %j as %j', (target, written) => {
    const request = `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`
    expect(JSON.parse(write({ kind: 'json', fields: ['target'] }, { request }))).toEqual({ target: written })
  })
})
