/**
 * Installs SmartEdge in each way that the guide names, in a clean folder, and has it serve there: a line for each way, and
 * exit code 1 when one does not. `bun scripts/try-installs.ts [WAY...]`. Ways by registry are left out where none answers,
 * and those that first fetch another package manager are tried by name alone: `bun scripts/try-installs.ts pnpm yarn`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readLog } from '../test/support/running-process.ts'

const root = resolve(import.meta.dirname, '..')
const bun = join(root, 'node_modules/.bin/bun')
/** Nobody waits longer for one step. */
const stepMs = 120_000
/** Managers that are not here already, as they were tried. */
const managers = { pnpm: 'pnpm@12.21.0', yarn: 'yarn@1.22.22' } as const

interface Way {
  readonly needsRegistry: boolean
  /** Only tried when it is named. */
  readonly byName?: true
  /** Into `folder`, which is empty; resolves to the command. */
  install(folder: string, tarball: string): Promise<readonly string[]>
}

const somebody = '{ "name": "somebody", "private": true }'
const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']

const ways: Readonly<Record<string, Way>> = {
  // What npm does by itself since version 11: scripts of dependencies do not run.
  'npm i': byManager((tarball) => ['npm', 'i', '--ignore-scripts', ...quietly, tarball]),
  'npm i -g': {
    needsRegistry: true,
    async install(folder, tarball) {
      const prefix = join(folder, 'with a space')
      await run(['npm', 'i', '-g', '--allow-scripts=bun', '--prefix', prefix, ...quietly, tarball], folder)
      return [join(prefix, 'bin/smartedge')]
    },
  },
  'bun add -g': {
    needsRegistry: true,
    async install(folder, tarball) {
      const cache = process.env['BUN_INSTALL_CACHE_DIR'] ?? join(homedir(), '.bun/install/cache')
      await run([bun, 'add', '-g', tarball], folder, { BUN_INSTALL: folder, BUN_INSTALL_CACHE_DIR: cache })
      return [join(folder, 'bin/smartedge')]
    },
  },
  npx: {
    needsRegistry: true,
    async install(_folder, tarball) {
      const command = ['npx', '--yes', ...quietly, '--package', tarball, 'smartedge']
      await run([...command, '--version'], tmpdir())
      return command
    },
  },
  'npm link': {
    needsRegistry: false,
    async install(folder) {
      const env = { npm_config_prefix: join(folder, 'prefix') }
      const project = join(folder, 'project')
      mkdirSync(project)
      writeFileSync(join(project, 'package.json'), somebody)
      await run(['npm', 'link', '--ignore-scripts', '--offline', ...quietly], root, env)
      await run(['npm', 'link', '--offline', ...quietly, 'smartedge'], project, env)
      return [join(project, 'node_modules/.bin/smartedge')]
    },
  },
  pnpm: {
    ...byManager((tarball) => ['npx', '--yes', managers.pnpm, 'add', '--allow-build=bun', tarball]),
    byName: true,
  },
  yarn: {
    // The engines that dependencies declare are for Node, which does not run them.
    ...byManager((file) => ['npx', '--yes', managers.yarn, 'add', '--ignore-engines', '--non-interactive', file]),
    byName: true,
  },
  'one file': {
    needsRegistry: false,
    async install(folder) {
      await run([bun, join(root, 'scripts/compile.ts'), join(folder, 'smartedge')], folder)
      return [join(folder, 'smartedge')]
    },
  },
}

function byManager(add: (tarball: string) => readonly string[]): Way {
  return {
    needsRegistry: true,
    async install(folder, tarball) {
      writeFileSync(join(folder, 'package.json'), somebody)
      await run(add(tarball), folder)
      return [join(folder, 'node_modules/.bin/smartedge')]
    },
  }
}

/** Resolves to what it says; rejects with all of it when it fails. */
async function run(command: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
  const surroundings = { ...process.env, ...env }
  const signal = AbortSignal.timeout(stepMs)
  const child = Bun.spawn([...command], { cwd, env: surroundings, stdout: 'pipe', stderr: 'pipe', signal })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code !== 0) throw new Error(`${command.join(' ')}: exit code ${code}\n${out}${err}`)
  return out
}

/** In a folder of its own: a request answered, a picture of it, and an end by Ctrl-C. Resolves to ms until it was ready. */
async function serves(command: readonly string[], folder: string): Promise<number> {
  mkdirSync(folder)
  const backend = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') })
  const config = {
    listeners: { web: { address: `unix:${join(folder, 'web')}` } },
    admin: { address: `unix:${join(folder, 'admin')}` },
    pools: { web: { backends: [`http://127.0.0.1:${backend.port}`] } },
  }
  writeFileSync(join(folder, 'smartedge.config.json'), JSON.stringify(config))
  // npx is found, and finds its cache, by ours; nothing else takes a thing of it.
  const { PATH = '', HOME = '' } = command.length > 1 ? process.env : { PATH: '/usr/bin:/bin', HOME: folder }
  const env = { PATH, HOME, XDG_STATE_HOME: folder }
  const begun = performance.now()
  // Of a group of its own, which Ctrl-C at a terminal goes to.
  const options = { cwd: folder, env, detached: true, stdout: 'ignore', stderr: 'pipe' } as const
  const child = Bun.spawn([...command, 'run'], options)
  const end = setTimeout(() => signal(child.pid, 'SIGKILL'), stepMs)
  const log = readLog(child.stderr)
  try {
    await log.event('ready')
    const readyMs = performance.now() - begun
    const answer = await (await fetch('http://edge/', { unix: join(folder, 'web') })).text()
    if (answer !== 'hello') throw new Error(`${command.join(' ')} answered ${answer.slice(0, 200)}`)
    const picture = await run([...command, 'top', '--once'], folder, env)
    if (!picture.includes('1 backend')) throw new Error(`${command.join(' ')} top --once drew:\n${picture}`)
    signal(child.pid, 'SIGINT')
    await log.event('stopped')
    await child.exited
    return readyMs
  } finally {
    clearTimeout(end)
    signal(child.pid, 'SIGKILL')
    await backend.stop(true)
  }
}

/** To all of a group, if there is anybody left. */
function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name)
  } catch {
    // They have ended.
  }
}

async function tryWay(name: string, way: Way, tarball: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-install-'))
  mkdirSync(join(folder, 'installed'))
  const begun = performance.now()
  try {
    const command = await way.install(join(folder, 'installed'), tarball)
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    const readyMs = await serves(command, join(folder, 'served'))
    process.stdout.write(`${name.padEnd(12)} installed in ${seconds} s, ready in ${readyMs.toFixed(0)} ms\n`)
    return true
  } catch (error) {
    process.stdout.write(`${name.padEnd(12)} FAILED: ${error instanceof Error ? error.message : String(error)}\n`)
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function hasRegistry(): Promise<boolean> {
  const signal = AbortSignal.timeout(10_000)
  const child = Bun.spawn(['npm', 'ping'], { stdout: 'ignore', stderr: 'ignore', signal })
  return (await child.exited) === 0
}

const named = process.argv.slice(2)
const unknown = named.find((name) => !(name in ways))
if (unknown !== undefined) throw new Error(`no way is called ${unknown}; known: ${Object.keys(ways).join(', ')}`)
const folder = mkdtempSync(join(tmpdir(), 'smartedge-packed-'))
try {
  const packed = await run(['npm', 'pack', '--silent', '--pack-destination', folder], root)
  const tarball = join(folder, packed.trim())
  const isOnline = await hasRegistry()
  const wanted = Object.entries(ways).filter(([name, { byName }]) =>
    named.length === 0 ? byName === undefined : named.includes(name),
  )
  const left = wanted.values()
  // Half of an install is waiting. What is left is shared by both.
  const lane = async (): Promise<void> => {
    for (const [name, way] of left) {
      if (way.needsRegistry && !isOnline) process.stdout.write(`${name.padEnd(12)} left out: no registry answers\n`)
      else if (!(await tryWay(name, way, tarball))) process.exitCode = 1
    }
  }
  await Promise.all([lane(), lane()])
} finally {
  rmSync(folder, { recursive: true })
}
