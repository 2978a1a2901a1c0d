import { describe, expect, test } from 'bun:test'
import { generateLoad } from '../../../bench/load/generator.ts'
import type { LoadPlan } from '../../../bench/load/plan.ts'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import { selfSigned } from '../../support/authority.ts'

const surroundings = {
  clock: systemClock,
  random: seededRandom(1),
  turn: (task: () => void) => void setImmediate(task),
  cpuMs: () => 0,
}

const planFor = (port: number, changes: Partial<LoadPlan>): LoadPlan => ({
  host: '127.0.0.1',
  port,
  profile: 'headers-2',
  connections: 4,
  durationMs: 200,
  pace: { kind: 'closed' },
  reconnect: false,
  path: '/',
  targets: 1,
  idle: 0,
  ...changes,
})

const failed = ({ errors }: { readonly errors: object }): number =>
  Object.values(errors).reduce((sum: number, count: number) => sum + count, 0)

describe('load over TLS', () => {
  test.each([
    ['connections that stay', { tls: { resumes: false } }],
    ['a whole handshake for each request', { tls: { resumes: false }, reconnect: true }],
    ['sessions that are taken up', { tls: { resumes: true }, reconnect: true }],
  ])('is answered well: %s', async (_, changes) => {
    const { chain, key } = selfSigned({ names: ['a.test'] })
    using server = Bun.serve({ port: 0, tls: { cert: chain, key }, fetch: () => new Response('ok') })
    const report = await generateLoad(planFor(server.port!, changes), surroundings)
    expect(report.requests).toBeGreaterThan(8)
    expect(failed(report)).toBe(0)
    expect(report.resumed > 0).toBe(changes.tls.resumes)
  })

  test('that nobody shakes hands with has failed', async () => {
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { data: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') },
    })
    const report = await generateLoad(planFor(server.port, { tls: { resumes: false }, reconnect: true }), surroundings)
    server.stop(true)
    expect(report.requests).toBe(0)
    expect(report.errors.connect).toBeGreaterThan(0)
  })
})
