import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { closedPort, freePorts } from '../support/ports.ts'

const root = resolve(import.meta.dir, '../..')
const main = join(root, 'cli/main.ts')
const deno = join(root, 'node_modules/.bin/deno')
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** Free a moment ago; nobody else on this machine is handed it soon. */
function configFile(config: object): string {
  const directory = mkdtempSync(join(tmpdir(), 'smartedge-e2e-'))
  cleanups.push(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'smartedge.config.json')
  writeFileSync(path, JSON.stringify(config))
  return path
}

interface Setup {
  readonly path: string
  readonly url: string
  readonly adminUrl: string
  readonly members: readonly number[]
}

function setup(): Setup {
  const [front, admin, ...members] = freePorts(4)
  const path = configFile({
    listeners: { web: { address: `127.0.0.1:${front}` } },
    admin: { address: `127.0.0.1:${admin}` },
    shutdownTimeout: '5s',
    pools: { web: { backends: members.map((port) => `http://localhost:${port}`), strategy: 'round-robin' } },
  })
  return { path, url: `http://127.0.0.1:${front}`, adminUrl: `http://127.0.0.1:${admin}`, members }
}

/** A login session of the tests' own, where tokens of admin APIs lie. */
const session = mkdtempSync(join(tmpdir(), 'smartedge-session-'))
afterAll(() => rmSync(session, { recursive: true }))

function spawn(command: string[], env: Record<string, string> = {}) {
  const surroundings = { ...process.env, XDG_RUNTIME_DIR: session, ...env }
  const child = Bun.spawn(command, { cwd: root, env: surroundings, stdout: 'pipe', stderr: 'pipe' })
  cleanups.push(async () => {
    child.kill('SIGKILL')
    await child.exited
  })
  return child
}

const smartedge = (...args: string[]) => spawn([process.execPath, main, ...args])

async function finished(child: ReturnType<typeof spawn>) {
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code }
}

/** Reads standard error, a JSON event a line, up to the event of that kind. */
async function event(child: ReturnType<typeof spawn>, kind: string): Promise<Record<string, unknown>> {
  let text = ''
  const reader = child.stderr.getReader()
  const decoder = new TextDecoder()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += decoder.decode(piece.value, { stream: true })
    const events = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const found = events.find((one) => one['event'] === kind)
    if (found) {
      reader.releaseLock()
      return found
    }
  }
  throw new Error(`ended without ${kind}: ${text}`)
}

describe('smartedge demo', () => {
  test('serves its members from this process until a signal ends it', async () => {
    const { path, url, adminUrl, members } = setup()
    const child = smartedge('demo', '-c', path)
    expect(await event(child, 'ready')).toMatchObject({ level: 'info', pools: 1, backends: 2 })
    const names = []
    for (let index = 0; index < 4; index++)
      names.push(((await (await fetch(url)).json()) as { backend: string }).backend)
    expect(names.sort()).toEqual([...members, ...members].map((port) => `origin-${port}`).sort())

    const status = await finished(smartedge('status', '--url', adminUrl))
    expect(status).toMatchObject({ code: 0, err: '' })
    expect(status.out).toContain('\n4 requests · ')

    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
    expect(await child.stdout.text()).toContain(`curl ${url}/ `)
  })

  test('names the member whose port is taken', async () => {
    const { path } = setup()
    const first = smartedge('demo', '-c', path)
    await event(first, 'ready')
    const { code, err } = await finished(smartedge('demo', '-c', path))
    expect(code).toBe(1)
    expect(err).toMatch(/^smartedge: a test backend cannot listen on 127\.0\.0\.1:\d+: already in use; [^\n]+\n$/)
  })
})

describe('smartedge run', () => {
  test('says in one line that its port is taken', async () => {
    const { path, url } = setup()
    const taken = Bun.serve({ hostname: '127.0.0.1', port: Number(new URL(url).port), fetch: () => new Response() })
    cleanups.push(() => taken.stop(true))
    const { code, err } = await finished(smartedge('run', '-c', path))
    expect(code).toBe(1)
    const messages = err.split('\n').filter((line) => line.startsWith('smartedge: '))
    expect(messages).toHaveLength(1)
    expect(messages[0]).toContain(new URL(url).port)
  })

  test.each([
    [
      'an option',
      { use: 'consistent-hash', options: { loadfactor: 2 } },
      /json:1:\d+: pools\.web\.strategy\.options\.loadfactor is not an option/,
    ],
    ['a file', './mine.ts', /(?<!json:1:\d+: .*)mine\.ts:1:\d+: pools\.web\.strategy cannot be used: /],
  ])(
    'ends with 78 and the one place of %s that its strategy refuses, as validate does',
    async (_title, strategy, line) => {
      const path = configFile({ pools: { web: { backends: [], strategy } } })
      writeFileSync(join(dirname(path), 'mine.ts'), 'export default {')
      for (const verb of ['run', 'validate']) {
        const { code, err } = await finished(smartedge(verb, '-c', path))
        const lines = err.split('\n').filter((one) => !one.startsWith('{'))
        expect([code, lines]).toEqual([78, [expect.stringMatching(line), expect.stringMatching(/^1 problem in /), '']])
      }
    },
  )

  test('warns once of what is hardly meant', async () => {
    const { path } = setup()
    const config: object = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(path, JSON.stringify({ ...config, routes: [] }))
    const child = smartedge('run', '-c', path)
    expect(await event(child, 'config-warning')).toMatchObject({
      level: 'warn',
      warnings: [expect.stringMatching(/^.*:1:\d+: warning: routes is empty, /)],
    })
  })

  test('ends with 78 and the place of each problem', async () => {
    const path = configFile({ pools: { web: { backend: [] } } })
    const { code, out, err } = await finished(smartedge('run', '-c', path))
    expect([code, out]).toEqual([78, ''])
    expect(err).toMatch(/smartedge\.config\.json:1:\d+: /)
  })
})

describe('the token of a running SmartEdge', () => {
  test('is found by every command of its user, on Deno too, and goes with it', async () => {
    const { path, adminUrl } = setup()
    const child = smartedge('run', '-c', path)
    const { ownToken } = await event(child, 'admin-listening')
    const { file } = ownToken as { file: string }
    expect(file).toStartWith(session)
    const change = ['strategy', 'use', 'web', 'nope', '--url', adminUrl]
    // Let in: the strategy is unknown.
    for (const command of [[process.execPath], [deno, 'run', '-A']])
      expect((await finished(spawn([...command, main, ...change]))).err).toContain('strategy must be')
    expect((await finished(spawn([process.execPath, main, ...change, '--token', 'x']))).err).toContain(
      'the token from --token is not its admin.token',
    )
    const elsewhere = { XDG_RUNTIME_DIR: path, HOME: path, XDG_STATE_HOME: path }
    expect((await finished(spawn([process.execPath, main, ...change], elsewhere))).err).toContain('it wants a token')
    expect(existsSync(file)).toBeTrue()
    child.kill('SIGTERM')
    expect([await child.exited, existsSync(file)]).toEqual([0, false])
  }, 20_000)
})

describe('client commands', () => {
  test('run on Deno from the same sources', async () => {
    const { path, adminUrl } = setup()
    const child = smartedge('demo', '-c', path)
    await event(child, 'ready')
    const { out, err, code } = await finished(spawn([deno, 'run', '-A', main, 'status', '--json', '--url', adminUrl]))
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({ phase: 'serving', pools: [{ name: 'web', strategy: 'round-robin' }] })
  })

  test('end with 69 on Deno too when nothing listens', async () => {
    const url = `http://127.0.0.1:${closedPort()}`
    const { err, code } = await finished(spawn([deno, 'run', '-A', main, 'status', '--url', url]))
    expect(code).toBe(69)
    expect(err).toStartWith(`smartedge: no admin API at ${url} (nothing listens there)`)
  })

  test('that need Bun say so on Deno, in one line', async () => {
    for (const verb of ['run', 'demo', 'origins', 'bench']) {
      const { err, code } = await finished(spawn([deno, 'run', '-A', main, verb]))
      expect([verb, code]).toEqual([verb, 1])
      expect(err).toMatch(new RegExp(`^smartedge: ${verb} runs on Bun only: [^\\n]+\\n$`))
    }
  })

  test('give everything to a slow reader before they end', async () => {
    const { code, out } = await finished(
      spawn(['sh', '-c', `"$0" "$1" schema | (sleep 0.1; cat)`, process.execPath, main]),
    )
    expect(code).toBe(0)
    expect(() => JSON.parse(out)).not.toThrow()
  })

  test('do not complain about a reader that leaves early', async () => {
    const { err } = await finished(spawn(['sh', '-c', `"$0" "$1" schema | head -c 10`, process.execPath, main]))
    expect(err).toBe('')
  })
})

describe('a question', () => {
  const status = { pools: [{ name: 'web', backends: [{ id: 'a:80', state: 'healthy' }] }], reload: null }

  test.each([
    ['y\r', 0, ['PATCH /api/pools/web/backends/a%3A80']],
    ['\r', 1, []],
    ['\u0004', 1, []],
  ])('is asked on the terminal; %j ends it with %d', async (keys, code, expected) => {
    const asked: string[] = []
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch({ method, url }) {
        if (method === 'GET') return Response.json(status)
        asked.push(`${method} ${new URL(url).pathname}`)
        return Response.json({ generation: { number: 2 } })
      },
    })
    cleanups.push(() => server.stop(true))
    let seen = ''
    const command = [process.execPath, main, 'backend', 'drain', 'a', '--url', `127.0.0.1:${server.port}`]
    const child = Bun.spawn(command, {
      cwd: root,
      terminal: {
        data(terminal, bytes) {
          const before = seen
          seen += new TextDecoder().decode(bytes)
          if (!before.includes('[y/N]') && seen.includes('[y/N]')) terminal.write(keys)
        },
      },
    })
    cleanups.push(() => child.kill('SIGKILL'))
    expect(await child.exited).toBe(code)
    expect(seen).toContain('a:80 is the last usable backend of web')
    expect(asked).toEqual(expected)
  })
})

describe('a terminal without UTF-8', () => {
  test('gets ASCII from every command, and programs get what is', async () => {
    const posix = { LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }
    const run = async (...args: string[]) => await finished(spawn([process.execPath, main, ...args], posix))
    for (const args of [
      ['--help'],
      ['backend', '--help'],
      ['bench', '--help'],
      ['strategy', 'test', 'random'],
      ['nope'],
    ]) {
      const { out, err } = await run(...args)
      expect(out + err).toMatch(/^[\n\x20-\x7e]+$/)
    }
    const { out } = await run('schema')
    expect(out).toContain('’')
  }, 20_000)

  test('gets the status in ASCII', async () => {
    const { path, adminUrl } = setup()
    const child = smartedge('demo', '-c', path)
    await event(child, 'ready')
    const status = [process.execPath, main, 'status', '--url', adminUrl]
    expect((await finished(spawn(status, { LC_ALL: 'C' }))).out).toMatch(/^[\n\x20-\x7e]+$/)
    expect((await finished(spawn(status, { LC_ALL: 'C.UTF-8' }))).out).toContain(' · ')
  })
})

describe('npm start', () => {
  test('runs a named configuration for real, without origins', async () => {
    const { path, url } = setup()
    const child = spawn([join(root, 'scripts/start.sh'), '-c', path])
    await event(child, 'ready')
    expect((await fetch(url)).status).toBeGreaterThanOrEqual(502)
    child.kill('SIGINT')
    expect(await child.exited).toBe(0)
  })
})
