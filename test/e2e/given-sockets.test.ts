/** Sockets that systemd gives: served where they are, left to the next one at the end. The test stands in for it. */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { listenAt } from '../support/given-socket.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const pool = { backends: ['http://127.0.0.1:9'] }
/** What we start is one process down from us; Bun's sockets cannot be given. */
const env = { LISTEN_PID: String(process.pid), LISTEN_FDS: '1', SMARTEDGE_TRANSPORT: '' }

async function end(edge: RunningProcess): Promise<void> {
  edge.child.kill('SIGTERM')
  expect(await edge.child.exited).toBe(0)
}

describe.if(process.platform === 'linux').each([[], ['--supervised']])('run %s', (...args: string[]) => {
  test('serves a port that it was given, and who comes while nobody serves is served by the next', async () => {
    const { fd, port } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const config = { listeners: { web: { address: `127.0.0.1:${port}` } } }
    await using edge = await startProcess({ pool, config, args, env, given: [fd] })
    await edge.event('ready')
    const ask = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`)).status
    expect(await ask()).toBe(502)
    await end(edge)
    const waiting = ask()
    await using next = edge.again()
    expect(await waiting).toBe(502)
    await end(next)
  }, 60_000)

  test('turns nobody away while it is started again under load', async () => {
    const { fd, port } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const config = { listeners: { web: { address: `127.0.0.1:${port}` } } }
    await using edge = await startProcess({ pool, config, args, env, given: [fd] })
    await edge.event('ready')
    const answers: number[] = []
    const over = new AbortController()
    const asking = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted) {
        const { status } = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
        answers.push(status)
      }
    })
    await end(edge)
    await using next = edge.again()
    await next.event('ready')
    const before = answers.length
    while (answers.length < before + 8) await Bun.sleep(5)
    over.abort()
    await Promise.all(asking)
    expect(new Set(answers)).toEqual(new Set([502]))
    await end(next)
  }, 60_000)

  test('serves all that it was given under one name, whatever their addresses', async () => {
    const at = () => listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const [one, other, web] = [at(), at(), at()]
    const config = {
      listeners: { a: { address: 'systemd:a' }, web: { address: ['systemd:web', `127.0.0.1:${one.port}`] } },
    }
    const named = { ...env, LISTEN_FDS: '3', LISTEN_FDNAMES: 'b:a:web' }
    await using edge = await startProcess({ pool, config, args, env: named, given: [one.fd, other.fd, web.fd] })
    await edge.event('ready')
    for (const { port } of [one, other, web]) expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(502)
    await end(edge)
  }, 60_000)

  test('serves a Unix socket that it was given, whose file stays', async () => {
    const path = join(temporaryFolder(), 'web')
    const { fd } = listenAt({ kind: 'unix', path })
    const config = { listeners: { web: { address: `unix:${path}` } } }
    await using edge = await startProcess({ pool, config, args, env, given: [fd] })
    await edge.event('ready')
    const ask = async (): Promise<number> => (await fetch('http://edge/', { unix: path })).status
    expect(await ask()).toBe(502)
    await end(edge)
    const waiting = ask()
    await using next = edge.again()
    expect(await waiting).toBe(502)
    await end(next)
  }, 60_000)
})

describe.if(process.platform === 'linux')('a given port', () => {
  test('is let go by a reload, and taken again', async () => {
    const { fd, port } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const given = { listeners: { web: { address: `127.0.0.1:${port}` } } }
    await using edge = await startProcess({ pool, config: given, env, given: [fd] })
    await edge.event('ready')
    const text = await Bun.file(edge.files.path('smartedge.config.json')).text()
    const save = async (config: string): Promise<void> => {
      await edge.files.write('smartedge.config.json', config)
      edge.child.kill('SIGHUP')
      await edge.event('reloaded')
    }
    await save(text.replace(`127.0.0.1:${port}`, `127.0.0.1:${edge.port}`))
    expect((await fetch(`http://127.0.0.1:${edge.port}/`)).status).toBe(502)
    const waiting = fetch(`http://127.0.0.1:${port}/`)
    await save(text)
    expect((await waiting).status).toBe(502)
    await end(edge)
  }, 60_000)

  test('that nobody has given under that name is told', async () => {
    const { fd } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const config = { listeners: { web: { address: 'systemd:web' } } }
    await using edge = await startProcess({ pool, config, env: { ...env, LISTEN_FDNAMES: 'other' }, given: [fd] })
    expect(await edge.child.exited).toBe(1)
    expect(edge.lines().join('\n')).toContain('listeners.web.address: systemd:web is not there')
  }, 60_000)

  test('is told of as in use by a process that was not meant', async () => {
    const { fd, port } = listenAt({ kind: 'ip', address: '127.0.0.1', port: 0 })
    const config = { listeners: { web: { address: `127.0.0.1:${port}` } } }
    const meant = { ...env, LISTEN_PID: '1' }
    await using edge = await startProcess({ pool, config, env: meant, given: [fd] })
    expect(await edge.child.exited).toBe(1)
    expect(edge.lines().join('\n')).toContain(`127.0.0.1:${port} is already in use`)
  }, 60_000)
})
