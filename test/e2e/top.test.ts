import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FakeAdmin, type FakeAdminOptions, startFakeAdmin } from '../support/fake-admin.ts'
import { sampleFrames } from '../support/feed-frames.ts'
import { toldExplanation } from '../support/told-explanation.ts'
import { onTerminal as spawnOnTerminal } from '../support/on-terminal.ts'

const main = new URL('../../cli/main.ts', import.meta.url).pathname
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

function startAdmin(options: FakeAdminOptions = {}): FakeAdmin {
  const admin = startFakeAdmin({ first: sampleFrames(2), ...options })
  endings.push(() => admin.stop())
  return admin
}

const enter = '\u001B[?1049h'
const leave = '\u001B[?1049l'

/** Codes that set a colour, and what is not ASCII. */
const colour = new RegExp(String.raw`\x1b\[[\d;]*[34][0-8][;m]`)
const beyondAscii = /[\u0080-\u{10ffff}]/u

const open = (url: string, env: Record<string, string> = {}) => onTerminal(['top', '--url', url], env)

/** A verb of the command line on a terminal of its own. */
function onTerminal(args: readonly string[], env: Record<string, string> = {}) {
  const shown = spawnOnTerminal([process.execPath, main, ...args], { env })
  endings.push(() => shown.child.kill('SIGKILL'))
  return shown
}

describe('top on a terminal', () => {
  test('draws on the alternate screen and gives the old one back at q', async () => {
    const { child, until, type, all } = open(startAdmin().url)
    await until('localhost:8102 fails')
    expect(all()).toContain(enter)
    type('q')
    expect(await child.exited).toBe(0)
    expect(all().lastIndexOf(leave)).toBeGreaterThan(all().lastIndexOf(enter))
    expect(all()).toEndWith('\u001B[?25h')
  }, 20_000)

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'gives the screen back when %s ends it',
    async (signal, code) => {
      const { child, until, all } = open(startAdmin().url)
      await until('localhost:8102 fails')
      child.kill(signal)
      expect(await child.exited).toBe(code)
      expect(all()).toContain(leave)
    },
    20_000,
  )

  test('drains the sick backend with two keys, and says so', async () => {
    const admin = startAdmin()
    const { child, until, type } = open(admin.url)
    await until('localhost:8102 fails')
    type('d')
    await until('Drain localhost:8102 in web?')
    type('y')
    await until('localhost:8102 drains: generation 43.')
    expect(admin.asked).toEqual(['PATCH /api/pools/web/backends/localhost%3A8102 {"state":"draining"}'])
    type('q')
    await child.exited
  }, 20_000)

  test('fetches what was explained while that screen is open, and nothing before', async () => {
    const sampling = { rate: 0.01, kept: 1, keep: 200, seen: 99 }
    const admin = startAdmin({
      answer: (_, path) =>
        Response.json({ sampling, explanations: path.includes('after') ? [] : [toldExplanation({ target: '/why' })] }),
    })
    const { child, until, type } = open(admin.url)
    await until('localhost:8102 fails')
    expect(admin.asked).toEqual([])
    type('7')
    await until('Why: p2c: the less busy of two drawn by weight.')
    expect(admin.asked[0]).toBe('GET /api/explain?last=100')
    type('q')
    expect(await child.exited).toBe(0)
  }, 20_000)

  test('says that the connection is lost and goes on when it is back', async () => {
    const admin = startAdmin()
    const { child, until, type } = open(admin.url)
    await until('localhost:8102 fails')
    admin.cut()
    await until('Lost: ')
    await until('localhost:8102 fails')
    expect(admin.streams).toHaveLength(2)
    type('q')
    expect(await child.exited).toBe(0)
  }, 20_000)

  test('follows the size of the window', async () => {
    const { child, until, type } = open(startAdmin().url)
    await until('localhost:8102 fails')
    child.terminal?.resize(59, 19)
    await until('smartedge top needs 60x20, this is 59x19')
    child.terminal?.resize(120, 40)
    await until('in flight')
    type('q')
    await child.exited
  }, 20_000)

  test('uses neither colours nor other than ASCII where told so', async () => {
    const { child, until, type, all } = open(startAdmin().url, { LANG: 'C', NO_COLOR: '1' })
    await until('localhost:8102 fails')
    type('q')
    await child.exited
    expect(all()).not.toMatch(colour)
    expect(all()).not.toMatch(beyondAscii)
  }, 20_000)

  test('ends with one line when nobody is there, the screen untouched', async () => {
    const { child, all } = open('http://127.0.0.1:1')
    expect(await child.exited).toBe(69)
    expect(all()).toContain('nothing listens there')
    expect(all()).not.toContain(enter)
  }, 20_000)

  test('takes keys that come faster than they are read, and no pasted ones', async () => {
    const admin = startAdmin()
    const { child, until, type } = open(admin.url)
    await until('localhost:8102 fails')
    type('\u001B[200~dy\u001B[201~')
    type('ry')
    await until('Reloaded: generation 43.')
    // What it would change is asked of the balancer, too.
    expect(admin.asked.toSorted()).toEqual(['POST /api/config/plan', 'POST /api/reload'])
    type('q')
    await child.exited
  }, 20_000)
})

/** The path of a configuration that `run --top` can serve. */
async function configFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'smartedge-top-'))
  endings.push(() => rm(folder, { recursive: true }))
  const config = join(folder, 'smartedge.config.json')
  const parts = {
    listeners: { web: { address: '127.0.0.1:0' } },
    admin: { address: '127.0.0.1:0', token: 'hunter2' },
    pools: { web: { backends: ['http://127.0.0.1:1'] } },
  }
  await Bun.write(config, JSON.stringify(parts))
  return config
}

describe('run --top', () => {
  test('serves on when its dashboard fails, and says so', async () => {
    const { child, until } = onTerminal(['run', '--top', '-c', await configFile()])
    await until('Overview')
    const { stdout } = Bun.spawnSync(['pgrep', '-P', String(child.pid)])
    process.kill(Number(stdout.toString()), 'SIGABRT')
    await until('the dashboard ended with exit code 134; serving goes on')
    expect(child.exitCode).toBeNull()
    child.kill('SIGTERM')
    await until('stopped, nothing was cut')
    expect(await child.exited).toBe(0)
  }, 20_000)

  test('shows the dashboard, and ends with it', async () => {
    const { child, until, type, all } = onTerminal(['run', '--top', '-c', await configFile()])
    await until('Overview')
    type('q')
    expect(await child.exited).toBe(0)
    expect(Bun.stripANSI(all())).toContain('dashboard left: finishing')
    expect(Bun.stripANSI(all())).not.toContain('SIGTERM')
    expect(Bun.stripANSI(all())).toContain('stopped, nothing was cut')
    expect(all().lastIndexOf(leave)).toBeGreaterThan(all().lastIndexOf(enter))
  }, 20_000)
})

describe('top on Deno', () => {
  test('draws the same picture', async () => {
    const url = startAdmin().url
    const deno = new URL('../../node_modules/.bin/deno', import.meta.url).pathname
    const child = Bun.spawn([deno, 'run', '--allow-all', main, 'top', '--once', '--url', url], {
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' },
      stderr: 'pipe',
    })
    endings.push(() => child.kill('SIGKILL'))
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    expect([await child.exited, err]).toEqual([0, ''])
    expect(out).toContain('localhost:8102 fails, localhost:8103 is slow')
  }, 30_000)
})
