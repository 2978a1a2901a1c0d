/** The backend of gRPC's benchmark as the process it is: by a client that others wrote, and by h2load. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNursery, type Nursery, type TalkingChild } from '../../bench/children.ts'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { GrpcClient } from '../support/grpc-client.ts'
import { message } from '../support/grpc-web.ts'
import { get, ping, PREFACE, settings, windowUpdate } from '../support/http2.ts'
import { freePorts } from '../support/ports.ts'
import { connectTo } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'

let directory = ''
let nursery: Nursery
let backend: TalkingChild
const [port = 0, other = 0] = freePorts(2)

beforeAll(async () => {
  if (Bun.which('h2load') === null) throw new Error('h2load is missing: apt-get install nghttp2-client')
  directory = mkdtempSync(join(tmpdir(), 'smartedge-test-'))
  nursery = createNursery(directory)
  const program = join(import.meta.dir, '../../bench/grpc-backend.ts')
  const command = [process.execPath, program, String(port), String(other)]
  backend = nursery.startTalking({ name: 'grpc', command, cores: undefined })
  await backend.ask('count')
})
afterAll(async () => {
  await nursery.stopAll()
  rmSync(directory, { recursive: true })
})

const counted = async (): Promise<number> => {
  const counts = JSON.parse(await backend.ask('count')) as Record<string, number>
  expect(new Set(Object.keys(counts))).toEqual(new Set([String(port), String(other)]))
  return counts[port] ?? 0
}

describe('the backend of gRPC’s benchmark', () => {
  test('answers calls, and counts them', async () => {
    using client = new GrpcClient(port)
    const before = await counted()
    for (const request of ['', 'x'.repeat(60_000)]) {
      const { code, message: answer } = await client.unary('Unary', request)
      expect([code, String(answer)]).toEqual(['OK', 'hello, caller'])
    }
    expect((await counted()) - before).toBe(2)
  })

  test('sends no more than the window of a connection lets it', async () => {
    await using client = await connectTo(port)
    const answers = (): number => client.text.split('grpc-status').length - 1
    const calls = Array.from({ length: 4000 }, (_, index) => get(2 * index + 1))
    client.send(PREFACE + settings() + calls.join('') + ping('all read'))
    await client.until(() => (client.text.includes('all read') ? true : undefined), 'the end of what has room')
    // Of 18 bytes each.
    expect(answers()).toBe(Math.floor(65_535 / 18))
    client.send(windowUpdate(0, 65_535))
    await turnUntil(() => answers() === 4000, 'the rest')
  })

  test('answers h2load, alone and behind SmartEdge', async () => {
    const config = { listeners: [{ ...tcpListener('web', 0), http2: true as const }] }
    await using edge = await startTestEdge([port], { config, pool: { protocol: 'h2c' } })
    writeFileSync(join(directory, 'message'), message('hello'))
    for (const target of [port, edge.port]) {
      const before = await counted()
      const fields = ['-H', 'content-type: application/grpc', '-H', 'te: trailers', '-d', join(directory, 'message')]
      const load = ['h2load', '-t1', '-c1', '-m100', '-n5000', ...fields, `http://127.0.0.1:${target}/t.T/Unary`]
      const child = Bun.spawn(load, { stdout: 'pipe', stderr: 'inherit' })
      expect(await child.stdout.text()).toContain('5000 succeeded, 0 failed, 0 errored')
      expect((await counted()) - before).toBe(5000)
    }
    expect(edge.counters.grpcResponses).toMatchObject({ OK: 5000, UNKNOWN: 0 })
  })
})
