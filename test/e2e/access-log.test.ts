import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import type { FieldName } from '../../core/access-log/policy.ts'
import { anyRequest, startTestEdge } from '../support/edge.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const backendOf = ({ port }: { readonly port: number }) => ({ backends: [`http://127.0.0.1:${port}`] })

/** So many requests on one connection; their statuses. */
async function askMany({ port }: RunningProcess, times: number): Promise<number[]> {
  await using client = await connectTo(port)
  const statuses: number[] = []
  for (let left = times; left > 0; left -= 1) statuses.push((await ask(client, get('/x?token=hush'))).status)
  return statuses
}

const linesOf = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []

/** An edge that writes these fields of each request; time stands still but for what the log needs. */
async function logged(fields: readonly FieldName[]) {
  const path = `${temporaryFolder()}/access.log`
  const backend = startRawBackend({ answer: answering(ok()) })
  const edge = await startTestEdge([backend.port], {
    config: {
      accessLog: { path, format: { kind: 'json', fields }, always: undefined, sampleRatio: 1, hidden: [] },
      routes: [{ match: { ...anyRequest, path: '/here' }, pool: 'web', priority: 5 }],
    },
  })
  return {
    edge,
    /** The first line, as written for what is sent; `then`: what has to happen until there is an answer. */
    async lineFor(bytes: string, then: () => void = () => undefined): Promise<{ line: unknown; body: string }> {
      await using client = await connectTo(edge.port)
      client.send(bytes)
      await turnUntil(() => edge.counters.bytesFromClients > 0, 'what is sent')
      then()
      const { body } = await nextResponse(client, bytes.slice(0, bytes.indexOf(' ')))
      edge.clock.advance(100)
      await turnUntil(() => linesOf(path).length > 0, 'a line')
      return { line: JSON.parse(linesOf(path)[0] ?? '') as unknown, body }
    },
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

describe('the access log of an edge', () => {
  const fields = ['client', 'method', 'target', 'status', 'ending', 'responseBytes'] as const
  test.each([
    [400, 'no head', 'GET / HTTP/1.1\r\nA : b\r\n\r\n'],
    [400, 'TLS', '\x16\x03\x01\x02\x00\x01\r\n\r\n'],
    [414, 'a long target', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    [431, 'many fields', `GET / HTTP/1.1\r\nHost: a\r\n${'a: b\r\n'.repeat(300)}\r\n`],
    [505, 'another version', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'],
  ])('has a line for a head that is answered %p: %s', async (status, _title, bytes) => {
    await using log = await logged(fields)
    const { line, body } = await log.lineFor(bytes)
    expect(line).toEqual({ client: '127.0.0.1', status, ending: 'refused', responseBytes: body.length })
    expect(body.length).toBeGreaterThan(10)
  })

  test('has a line for a head that came too slowly', async () => {
    await using log = await logged(['status', 'reason'])
    const { line } = await log.lineFor('GET / HT', () => log.edge.clock.advance(11_000))
    expect(line).toMatchObject({ status: 408 })
  })

  test.each([
    ['GET /none HTTP/1.1\r\nHost: a\r\n\r\n', true],
    ['GET /none HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n', true],
    ['HEAD /none HTTP/1.1\r\nHost: a\r\n\r\n', false],
  ])('counts the bytes of answers of our own to %j', async (request, hasBody) => {
    await using log = await logged(['status', 'responseBytes'])
    const { line, body } = await log.lineFor(request)
    expect(line).toEqual({ status: 404, responseBytes: body.length })
    expect(body.length > 0).toBe(hasBody)
  })
})

describe('the access log of a process', () => {
  test('goes to a file, on in a new one behind SIGUSR1, and is whole when the process has ended', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await startProcess({
      pool: backendOf(backend),
      config: { log: { access: { to: 'access.log' } } },
    })
    await edge.event('ready')
    const path = edge.files.path('access.log')
    expect(await askMany(edge, 3)).toEqual([200, 200, 200])
    await turnUntil(() => linesOf(path).length === 3, 'three lines')
    const [first = ''] = linesOf(path)
    expect(JSON.parse(first)).toMatchObject({ method: 'GET', target: '/x?token=***', status: 200, pool: 'web' })
    renameSync(path, `${path}.1`)
    edge.child.kill('SIGUSR1')
    while (linesOf(path).length === 0) await askMany(edge, 1)
    await askMany(edge, 5)
    edge.child.kill('SIGTERM')
    expect(await edge.child.exited).toBe(0)
    expect([...linesOf(`${path}.1`), ...linesOf(path)]).toHaveLength(backend.requests.length)
  }, 20_000)

  test('that cannot be opened is a problem of the configuration', async () => {
    await using edge = await startProcess({
      pool: { backends: ['http://127.0.0.1:1'] },
      config: { log: { access: { to: '/none/access.log' } } },
    })
    expect(await edge.child.exited).toBe(78)
    expect(edge.lines().join()).toContain('log.access.to cannot write to /none/access.log: its folder does not exist')
  }, 20_000)

  test.each(['&', 'token=1&', '?;=%'])(
    'tells a query of a megabyte in one line: %s',
    async (piece) => {
      await using backend = startRawBackend({ answer: answering(ok()) })
      await using edge = await startProcess({
        pool: backendOf(backend),
        config: {
          log: { access: { to: 'access.log', fields: ['target', 'status'] } },
          limits: { head: '1MiB', target: '1MiB' },
          tracing: { endpoint: 'http://127.0.0.1:1/v1/traces', sample: 1 },
        },
      })
      await edge.event('ready')
      await using client = await connectTo(edge.port)
      const query = piece.repeat(Math.floor(1_000_000 / piece.length))
      expect((await ask(client, get(`/?${query}&token=hush`))).status).toBe(200)
      expect((await ask(client, get('/'))).status).toBe(200)
      const path = edge.files.path('access.log')
      await turnUntil(() => linesOf(path).length === 2, 'two lines')
      const { target, status } = JSON.parse(linesOf(path)[0] ?? '') as { target: string; status: number }
      expect([status, target.includes('hush'), target.slice(-10)]).toEqual([200, false, '&token=***'])
    },
    30_000,
  )

  test('on a full disk loses lines, which is told, and no request', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await startProcess({
      pool: backendOf(backend),
      config: { log: { access: { to: '/dev/full' } } },
    })
    await edge.event('ready')
    expect(new Set(await askMany(edge, 20))).toEqual(new Set([200]))
    expect(await edge.event('access-log-away')).toMatchObject({ to: '/dev/full', reason: 'the disk is full' })
    expect(await askMany(edge, 20)).toHaveLength(20)
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/smartedge_access_log_lost_total\{cause="failure"\} [1-9]/)
  }, 20_000)

  test('that runs out of room has whole lines behind the one that was cut, and counts the others', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await startProcess({
      pool: backendOf(backend),
      config: { log: { access: { to: 'access.log' } } },
      shell: 'ulimit -S -f 8;',
    })
    await edge.event('ready')
    const path = edge.files.path('access.log')
    while (!edge.lines().join().includes('access-log-away')) await askMany(edge, 20)
    expect(await edge.event('access-log-away')).toMatchObject({ reason: 'it is as large as a file may be' })
    const cut = readFileSync(path, 'utf8')
    Bun.spawnSync(['prlimit', `--pid=${edge.child.pid}`, '--fsize=unlimited'])
    while (readFileSync(path, 'utf8').length <= cut.length) await askMany(edge, 1)
    edge.child.kill('SIGTERM')
    expect(await edge.child.exited).toBe(0)
    const isWhole = (line: string): boolean => line.startsWith('{') && line.endsWith('}')
    expect(cut.endsWith('\n')).toBe(false)
    const cutLine = linesOf(path).indexOf(cut.slice(cut.lastIndexOf('\n') + 1))
    expect(linesOf(path).map(isWhole).indexOf(false)).toBe(cutLine)
    expect(linesOf(path).slice(cutLine + 1).length).toBeGreaterThan(0)
    expect(
      linesOf(path)
        .slice(cutLine + 1)
        .every(isWhole),
    ).toBe(true)
  }, 20_000)

  test('whose folder goes and comes back goes on, and holds up no request', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await startProcess({
      pool: backendOf(backend),
      config: { log: { access: { to: 'logs/access.log' } } },
      files: { 'logs/.keep': '' },
    })
    await edge.event('ready')
    rmSync(edge.files.path('logs'), { recursive: true })
    edge.child.kill('SIGUSR1')
    while (!edge.lines().join().includes('access-log-away')) expect(await askMany(edge, 1)).toEqual([200])
    expect(await edge.event('access-log-away')).toMatchObject({ reason: 'its folder does not exist' })
    mkdirSync(edge.files.path('logs'))
    edge.child.kill('SIGUSR1')
    const path = edge.files.path('logs/access.log')
    while (linesOf(path).length === 0) expect(await askMany(edge, 1)).toEqual([200])
  }, 20_000)

  test('into a pipe that nobody reads holds up no request', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    // What is written for each request fills any pipe within 60 of them.
    const format = `{status}${'x'.repeat(3000)}`
    await using edge = await startProcess({
      pool: backendOf(backend),
      config: { log: { access: { format } } },
      stdout: 'pipe',
    })
    await edge.event('ready')
    expect(new Set(await askMany(edge, 300))).toEqual(new Set([200]))
    edge.child.kill('SIGTERM')
    expect(await edge.child.exited).toBe(0)
  }, 20_000)
})
