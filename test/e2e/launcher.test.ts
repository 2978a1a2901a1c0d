import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { startFakeAdmin } from '../support/fake-admin.ts'
import { sampleFrames } from '../support/feed-frames.ts'
import { hostileFiles as hostile } from '../support/hostile-folder.ts'
import { freePorts } from '../support/ports.ts'

const root = resolve(import.meta.dir, '../..')
const launcher = join(root, 'bin/smartedge')
const bun = join(root, 'node_modules/.bin/bun')
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** An absolute folder that holds these files. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'smartedge-launcher-')))
  cleanups.push(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

/** Where what is kept for the user lies. */
const session = mkdtempSync(join(tmpdir(), 'smartedge-launcher-'))
afterAll(() => rmSync(session, { recursive: true }))

/** Nothing of this test's own environment but what finds programs. */
const environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', XDG_RUNTIME_DIR: session }

function spawn(command: readonly string[], cwd: string) {
  const child = Bun.spawn([...command], { cwd, env: environment, stdout: 'pipe', stderr: 'pipe' })
  cleanups.push(async () => {
    child.kill('SIGKILL')
    await child.exited
  })
  return child
}

async function outcome(command: readonly string[], cwd: string) {
  const child = spawn(command, cwd)
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code }
}

describe('the launcher', () => {
  /** A config that is valid where the variable holds a port. */
  const config = '{ "pools": { "web": { "backends": ["http://localhost:${BUN_CONFIG_MAX_HTTP_REQUESTS}"] } } }'

  test.each([
    [[], 0],
    [['env', 'BUN_CONFIG_MAX_HTTP_REQUESTS=512'], 0],
    [['env', 'BUN_CONFIG_MAX_HTTP_REQUESTS=70000'], 78],
  ])('lets Bun make thousands of requests at once, or as many as it is told: %j', async (before, expected) => {
    const cwd = await folderWith({ 'edge.json': config })
    const { code } = await outcome([...before, launcher, 'validate', '-c', 'edge.json'], cwd)
    expect(code).toBe(expected)
  })
})

describe('the launcher in a folder of a stranger', () => {
  test('reads nothing of what Bun would: preload, JSX settings, paths, .env', async () => {
    const admin = startFakeAdmin({ first: sampleFrames(2) })
    cleanups.push(() => admin.stop())
    const cwd = await folderWith(hostile)
    const { out, err, code } = await outcome([launcher, 'top', '--once', '--url', admin.url], cwd)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('localhost:8102 fails, localhost:8103 is slow')
  })

  test('fills no variable of the configuration from .env', async () => {
    const config = '{ "pools": { "web": { "backends": ["${MEMBER}"] } } }'
    const cwd = await folderWith({ ...hostile, 'smartedge.config.json': config })
    const { err, code } = await outcome([launcher, 'validate'], cwd)
    expect(code).toBe(78)
    expect(err).toContain('MEMBER')
    expect(err).toStartWith('smartedge.config.json:1:')
  })

  test('lets a strategy import what it is written against', async () => {
    const text = `import { defineStrategy } from 'smartedge/strategy'
import { drawPair } from 'smartedge/random'
export default defineStrategy({
  apiVersion: 1,
  name: typeof drawPair,
  parse: () => ({}),
  create: () => ({ pick: (candidates, { random }) => candidates[Math.floor(random() * candidates.length)] }),
})`
    const cwd = await folderWith({ 'plugins/mine.ts': text, 'tsconfig.json': '{}' })
    const { out, err } = await outcome([launcher, 'strategy', 'test', 'plugins/mine.ts'], cwd)
    expect(err).toBe('')
    expect(out).toStartWith('plugins/mine.ts (function)\n')
  })

  test('the dashboard is drawn without the launcher too', async () => {
    const admin = startFakeAdmin({ first: sampleFrames(2) })
    cleanups.push(() => admin.stop())
    const { 'tsconfig.json': tsconfig = '' } = hostile
    for (const files of [{}, { 'tsconfig.json': tsconfig.replace(/,"baseUrl".*\}\}/, '}}') }]) {
      const cwd = await folderWith(files)
      const main = join(root, 'cli/main.ts')
      const { err, code } = await outcome([bun, main, 'top', '--once', '--url', admin.url], cwd)
      expect([files, code, err]).toEqual([files, 0, ''])
    }
  })
})

describe('the launcher by any name', () => {
  test('starts through links, relative and absolute ones', async () => {
    const folder = await folderWith({ 'node_modules/.bin/other': '' })
    const link = join(folder, 'node_modules/.bin/smartedge')
    await symlink('../smartedge/bin/smartedge', link)
    await symlink(root, join(folder, 'node_modules/smartedge'))
    await symlink(link, join(folder, 'se'))
    const version = /^\d+\.\d+\.\d+\n$/
    for (const command of [[link], ['node_modules/.bin/smartedge'], ['./se'], ['sh', 'se']]) {
      const { out, err, code } = await outcome([...command, '--version'], folder)
      expect([command, code, err, version.test(out)]).toEqual([command, 0, '', true])
    }
  })

  /** An installed package with another program, which as it stands tells the Bun that runs it. */
  async function installed(program = 'console.log(process.execPath, process.argv.slice(2).join(" "))') {
    const folder = await folderWith({ 'node_modules/smartedge/cli/main.ts': program })
    await cp(join(root, 'bin'), join(folder, 'node_modules/smartedge/bin'), { recursive: true })
    return folder
  }
  const inside = 'node_modules/smartedge/bin/smartedge'

  test('runs the Bun beside it, with the arguments as they came', async () => {
    const folder = await installed()
    await mkdir(join(folder, 'node_modules/bun/bin'), { recursive: true })
    await symlink(await realpath(bun), join(folder, 'node_modules/bun/bin/bun.exe'))
    const { out, err, code } = await outcome([inside, 'a b', '--config=x', '-c', '*'], folder)
    expect([code, err]).toEqual([0, ''])
    expect(out).toEndWith(' a b --config=x -c *\n')
  })

  test('finds the binary of the platform where install scripts did not run', async () => {
    const folder = await installed()
    const stub = join(folder, 'node_modules/bun/bin/bun.exe')
    await mkdir(dirname(stub), { recursive: true })
    await writeFile(stub, 'echo "its postinstall script was not run" >&2; exit 1\n')
    await chmod(stub, 0o755)
    const own = join(folder, 'node_modules/@oven/bun-here/bin')
    await mkdir(own, { recursive: true })
    expect(await outcome([inside], folder)).toMatchObject({ code: 1, err: 'its postinstall script was not run\n' })
    await symlink(await realpath(bun), join(own, 'bun'))
    expect(await outcome([inside], folder)).toMatchObject({ code: 0, err: '' })
  })

  test('takes a package that nobody installed for missing, and downloads none', async () => {
    const folder = await installed('await import(process.argv[2] ?? "")')
    await mkdir(join(folder, 'node_modules/bun/bin'), { recursive: true })
    await symlink(await realpath(bun), join(folder, 'node_modules/bun/bin/bun.exe'))
    const other = await folderWith({ 'plugin.ts': `import 'is-odd'` })
    const { err, code } = await outcome([join(folder, inside), join(other, 'plugin.ts')], other)
    expect(code).toBe(1)
    expect(err).toContain("Cannot find package 'is-odd'")
  })

  test('says what is missing where there is no Bun', async () => {
    const folder = await installed()
    const { out, err, code } = await outcome([inside], folder)
    expect([code, out]).toEqual([1, ''])
    expect(err).toStartWith(`smartedge: the package bun is not installed beside ${folder}/node_modules/smartedge; `)
  })
})

describe('the launcher as a service', () => {
  async function serving() {
    const [front, admin, member] = freePorts(3)
    const config = {
      listeners: { web: { address: `127.0.0.1:${front}` } },
      admin: { address: `127.0.0.1:${admin}` },
      pools: { web: { backends: [`http://127.0.0.1:${member}`] } },
    }
    const cwd = await folderWith({ 'smartedge.config.json': JSON.stringify(config) })
    const child = spawn([launcher, 'run'], cwd)
    for await (const piece of child.stderr) if (Buffer.from(piece).includes('"ready"')) break
    return { child, adminUrl: `http://127.0.0.1:${admin}` }
  }

  test('is the balancer itself: its process id, its answer to SIGTERM', async () => {
    const { child, adminUrl } = await serving()
    const { pid } = (await (await fetch(`${adminUrl}/api/status`)).json()) as { pid: number }
    expect(pid).toBe(child.pid)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  })

  test('dies of the signal that kills it', async () => {
    const { child } = await serving()
    child.kill('SIGKILL')
    await child.exited
    expect(child.signalCode).toBe('SIGKILL')
  })
})
