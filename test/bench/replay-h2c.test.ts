/** The replaying backend of HTTP/2 as the process it is, asked by Node's client. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNursery, type Nursery } from '../../bench/children.ts'
import { type Backends, countAnswered, startBackends } from '../../bench/contest.ts'
import { bodyOf, listResponseFields, type Profile, profiles } from '../../bench/profile.ts'

const profile = profiles['body-1m'] as Profile
let directory = ''
let nursery: Nursery
let backends: Backends
let client: ClientHttp2Session

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'smartedge-test-'))
  nursery = createNursery(directory)
  const cores = { contestant: undefined, backends: undefined, load: undefined, loadProcesses: 1 }
  backends = await startBackends({ directory, nursery, cores }, { profile: profile.name, delaysMs: [0], isH2c: true })
  client = connect(`http://127.0.0.1:${backends.ports[0]}`)
})
afterAll(async () => {
  client.destroy()
  await nursery.stopAll()
  rmSync(directory, { recursive: true })
})

function ask(body: string | undefined): Promise<{ fields: IncomingHttpHeaders; content: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ fields: IncomingHttpHeaders; content: Buffer }>()
  const stream = client.request({ ':path': '/x', ':method': body === undefined ? 'GET' : 'POST' })
  const pieces: Buffer[] = []
  let fields: IncomingHttpHeaders = {}
  stream.on('response', (headers) => void (fields = headers))
  stream.on('data', (piece: Buffer) => void pieces.push(piece))
  stream.on('end', () => resolve({ fields, content: Buffer.concat(pieces) }))
  stream.on('error', reject)
  stream.end(body)
  return promise
}

test('a response is that of its profile, the first and each one after, within the windows of its client', async () => {
  for (const body of [undefined, 'x'.repeat(100_000), undefined, '']) {
    const { fields, content } = await ask(body)
    expect(Number(fields[':status'])).toBe(200)
    expect(content.equals(bodyOf(profile.responseBodyBytes))).toBe(true)
    for (const [name, value] of listResponseFields(profile))
      expect([fields[name.toLowerCase()]].flat()).toEqual([value])
  }
  expect(await countAnswered(backends)).toEqual([4])
})

test('many requests at once are all answered', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => ask(undefined)))
  for (const { content } of all) expect(content.length).toBe(profile.responseBodyBytes)
})
