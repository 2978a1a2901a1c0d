import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { type RunningProcess, startProcess } from '../support/running-process.ts'

const root = join(import.meta.dir, '../..')
const main = join(root, 'cli/main.ts')
const runtimes = [
  ['Bun', [process.execPath]],
  ['Deno', [join(root, 'node_modules/.bin/deno'), 'run', '-A']],
] as const

const configured = { pool: { backends: [] }, config: { clients: { store: 'clients.sqlite' } } }

/** A command line of a runtime beside the configuration of `edge`, with something on standard input. */
async function command(edge: RunningProcess, runtime: readonly string[], words: readonly string[], input = '') {
  const child = Bun.spawn([...runtime, main, ...words], {
    cwd: edge.files.folder,
    env: { ...process.env, XDG_STATE_HOME: edge.files.path('state') },
    stdin: new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code }
}

const keyIn = (text: string): string => /sek_[\w-]{43}/.exec(text)?.[0] ?? ''

describe.each(runtimes)('client commands on %s', (_name, runtime) => {
  test('change the database of a running SmartEdge, which tells of it and never of a key', async () => {
    await using edge = await startProcess(configured)
    await edge.event('ready')
    const run = (...words: string[]) => command(edge, runtime, words)
    expect((await run('plan', 'set', 'gold', '--rate', '1000/m')).code).toBe(0)
    const added = await run('client', 'add', 'Acme Ltd', '--id', 'acme', '--plan', 'gold')
    expect([added.code, added.err, keyIn(added.out)]).toEqual([0, '', expect.stringMatching(/^sek_/)])
    expect((await run('client', 'show', 'acme')).out).toContain('rate         1000/m, by its plan\n')
    const changed = await run('client', 'set', 'acme', '--rate', '5/s', '--note', 'x')
    expect([changed.code, changed.err]).toEqual([0, ''])
    expect((await run('client', 'list')).out).toContain('5/s')
    expect((await run('client', 'remove', 'acme', '--yes')).code).toBe(0)
    const told = ['plan gold added', 'client acme added', 'client acme changed', 'client acme removed']
    for (const what of told)
      expect(await edge.event('client-changed')).toMatchObject({ from: 'cli from 127.0.0.1', what })
    expect(edge.lines().join('\n')).not.toContain(keyIn(added.out))
  }, 60_000)

  test('import what they export, through standard input too', async () => {
    await using edge = await startProcess(configured)
    await edge.event('ready')
    const run = (words: string, input?: string) => command(edge, runtime, words.split(' '), input)
    const many = Array.from({ length: 3000 }, (_, at) => JSON.stringify({ id: `c${at}`, name: `Client "${at}"` }))
    expect(await run('client import -', many.with(2000, '{"name":5}').join('\n'))).toEqual({
      code: 1,
      out: '',
      err:
        'standard input:2001:1: name must be a text of 1 to 200 characters without control characters such as "Acme Ltd", got 5\n' +
        'smartedge: nothing was imported\n',
    })
    const imported = await run('client import - --json', many.join('\n'))
    const { keys } = JSON.parse(imported.out) as { readonly keys: readonly { readonly key: string }[] }
    expect([imported.code, keys.length]).toEqual([0, 3000])
    const exported = await run('client export --format csv')
    expect([exported.code, exported.err, exported.out.trimEnd().split('\n').length]).toEqual([0, '', 3001])
    expect(exported.out).not.toContain(keys[0]?.key ?? '')
    const again = await run('client import - --format csv --replace', exported.out)
    expect(again).toEqual({ code: 0, out: '0 clients added, 3,000 replaced\n', err: '' })
  }, 60_000)
})

test('a client gets in with its key at once, and no more once it is switched off, renewed or removed', async () => {
  await using backend = startRawBackend({ answer: answering(ok()) })
  await using edge = await startProcess({
    pool: { backends: [`http://127.0.0.1:${backend.port}`] },
    config: { clients: {}, routes: [{ pool: 'web', access: { apiKey: { header: 'x-api-key' } } }] },
  })
  await edge.event('ready')
  const [, bun] = runtimes[0]
  const run = (words: string) => command(edge, bun, words.split(' '))
  const comeWith = async (key: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${edge.port}/`, { headers: { 'x-api-key': key } })).status
  expect(await comeWith('sek_nobody')).toBe(401)
  const key = keyIn((await run('client add Acme --id acme')).out)
  expect(await comeWith(key)).toBe(200)
  await run('client set acme --disable')
  expect(await comeWith(key)).toBe(403)
  await run('client set acme --enable')
  expect(await comeWith(key)).toBe(200)
  const next = keyIn((await run('client set acme --new-key')).out)
  expect([await comeWith(key), await comeWith(next)]).toEqual([401, 200])
  await run('client remove acme --yes')
  expect(await comeWith(next)).toBe(401)
}, 60_000)

test('clients are there again after a kill, for the API of the next process', async () => {
  await using edge = await startProcess(configured)
  await edge.event('ready')
  const [, bun] = runtimes[0]
  await command(edge, bun, ['client', 'add', 'Acme', '--id', 'acme'])
  edge.child.kill('SIGKILL')
  await edge.child.exited
  await using next = edge.again()
  await next.event('ready')
  expect((await command(next, bun, ['client', 'list'])).out).toContain('\n  acme    Acme')
}, 60_000)
