import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'

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
