import { describe, expect, test } from 'bun:test'
import { GRPC_UNARY, parseH2load, renderH2load, requestNamed } from '../../bench/h2load.ts'
import type { LoadPlan } from '../../bench/load/plan.ts'

const plan: LoadPlan = {
  host: '127.0.0.1',
  port: 4001,
  profile: 'headers-13',
  connections: 8,
  durationMs: 600,
  pace: { kind: 'closed' },
  reconnect: false,
  path: '/api/items',
  targets: 1,
  idle: 0,
  streams: 16,
}
const request = requestNamed('headers-13')

const summary = `spawning thread #0: 8 total client(s).
finished in 600.00ms, 13333.33 req/s, 5.55MB/s
requests: 8057 total, 8120 started, 8057 done, 8000 succeeded, 57 failed, 50 errored, 3 timeout
status codes: 8000 2xx, 1 3xx, 2 4xx, 4 5xx
traffic: 555.20KB (568528) total, 375.00KB (384000) headers (space savings 51.02%), 39.06KB (40000) data
`

describe('h2load', () => {
  test('is given every field of the profile but Host, in lower case', () => {
    const command = renderH2load(plan, request, undefined)
    const fields = command.filter((_, index) => command[index - 1] === '-H')
    expect(fields).toHaveLength(12)
    for (const field of fields) expect(field).toMatch(/^(?!host)[a-z-]+: ./)
    expect(command).toContain('http://127.0.0.1:4001/api/items?id=0')
    for (const each of ['-c8', '-m16', '--duration=600ms']) expect(command).toContain(each)
  })

  test('sends a body from its file, and speaks TLS where that is asked for', () => {
    const upload = requestNamed('upload-1k')
    expect(upload.body).toHaveLength(1024)
    const command = renderH2load({ ...plan, tls: { resumes: false } }, upload, '/tmp/x/body').join(' ')
    expect(command).toEndWith('-d /tmp/x/body https://127.0.0.1:4001/api/items?id=0')
    expect(command).not.toContain('content-length')
  })

  test.each([{ pace: { kind: 'open', ratePerSecond: 1 } as const }, { reconnect: true }, { idle: 1 }])(
    'is not asked for %p',
    (changes) => expect(() => renderH2load({ ...plan, ...changes }, request, undefined)).toThrow('full speed'),
  )

  test('calls gRPC as its clients do', () => {
    const call = requestNamed(GRPC_UNARY)
    expect(call.fields).toContainEqual(['content-type', 'application/grpc'])
    expect(call.fields).toContainEqual(['te', 'trailers'])
    // One message, not compressed, and its length.
    expect(call.body?.readUInt32BE(1)).toBe((call.body?.length ?? 0) - 5)
    expect(() => requestNamed('nothing')).toThrow('no profile nothing')
  })

  test('is understood by its summary', () => {
    expect(parseH2load(summary)).toEqual({
      requests: 8000,
      elapsedMs: 600,
      errors: { connect: 0, cut: 50, status: 7, malformed: 0, unanswered: 3 },
    })
    expect(parseH2load(summary.replace('600.00ms', '2.50s'))?.elapsedMs).toBe(2500)
  })

  test.each(['', '-D: value error 0.6', summary.slice(0, 200)])('is not understood as %p', (output) => {
    expect(parseH2load(output)).toBeUndefined()
  })
})
