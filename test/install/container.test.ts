/** The image of packaging/Containerfile, built on a base that has glibc and nothing else, and run as process 1. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { firstProcess } from '../support/machine.ts'
import { freePorts } from '../support/ports.ts'
import { readLog } from '../support/running-process.ts'

const root = resolve(import.meta.dir, '../..')
const folder = mkdtempSync(join(tmpdir(), 'smartedge-container-'))
const storage = [`--root=${join(folder, 'storage')}`, `--runroot=${join(folder, 'run')}`, '--storage-driver=vfs']
const slow = 180_000

function run(...command: readonly string[]): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...command], { cwd: root })
  if (exitCode !== 0) throw new Error(`${command.join(' ')} failed:\n${stdout.toString()}${stderr.toString()}`)
  return stdout.toString().trim()
}

const buildah = (verb: string, ...words: readonly string[]): string => run('buildah', ...storage, verb, ...words)

/** What the first stage comes to, which takes a registry. */
function built(): string {
  const stage = join(folder, 'build')
  mkdirSync(join(stage, 'state/smartedge'), { recursive: true })
  run(process.execPath, join(root, 'scripts/compile.ts'), join(stage, 'src/dist/smartedge'))
  return stage
}

/** An image of the libraries that `program` loads. */
function base(program: string): string {
  const files = join(folder, 'base')
  for (const name of ['proc', 'dev', 'var/lib']) mkdirSync(join(files, name), { recursive: true })
  for (const [library] of run('ldd', program).matchAll(/\/\S+\.so\S*/g)) {
    mkdirSync(dirname(join(files, library)), { recursive: true })
    cpSync(library, join(files, library), { dereference: true })
  }
  const container = buildah('from', 'scratch')
  buildah('copy', '--quiet', container, files, '/')
  buildah('commit', '--quiet', container, 'localhost/base')
  return 'localhost/base'
}

interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Cmd: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly WorkingDir: string
  readonly Healthcheck: { readonly Test: readonly [kind: string, ...command: string[]] }
}

const canBuild = process.getuid?.() === 0 && Bun.which('buildah') !== null

describe.if(canBuild)('the image', () => {
  let image: ImageConfig
  let files = ''
  const [port = 0, admin = 0] = freePorts(2)
  beforeAll(() => {
    const stage = built()
    buildah(
      'build',
      '--isolation=chroot',
      '--format=docker',
      `--build-context=build=${stage}`,
      `--build-arg=BASE=${base(join(stage, 'src/dist/smartedge'))}`,
      '--file=packaging/Containerfile',
      '--tag=localhost/smartedge',
      '.',
    )
    const container = buildah('from', 'localhost/smartedge')
    image = (JSON.parse(buildah('inspect', container)) as { Docker: { config: ImageConfig } }).Docker.config
    files = buildah('mount', container)
    const config = {
      listeners: { web: { address: `127.0.0.1:${port}` } },
      admin: { address: `127.0.0.1:${admin}` },
      pools: { web: { backends: ['http://127.0.0.1:9'] } },
    }
    writeFileSync(join(files, image.WorkingDir, 'smartedge.config.json'), JSON.stringify(config))
  }, slow)
  afterAll(() => rmSync(folder, { recursive: true }))

  /** As process 1 of its namespace, to whom a signal that it has not asked for does nothing. */
  function start() {
    const [user = '', group = ''] = image.User.split(':')
    const mounts = `mount -t proc proc ${files}/proc && mount --bind /dev ${files}/dev`
    const become = `exec unshare --root=${files} --wd=${image.WorkingDir} --setgid=${group} --setuid=${user} "$@"`
    const command = ['sh', '-c', `${mounts} && ${become}`, 'sh', ...image.Entrypoint, ...image.Cmd]
    const namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child', ...command]
    const env = Object.fromEntries(image.Env.map((line) => line.split('=', 2) as [string, string]))
    return Bun.spawn(namespaces, { env, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
  }

  /** As the runtime would ask for its health. */
  const health = (first: string): number | null => {
    const [, ...command] = image.Healthcheck.Test
    const [user = '', group = ''] = image.User.split(':')
    const inside = ['nsenter', '--all', '--root', '--wd', `--setgid=${group}`, `--setuid=${user}`, `--target=${first}`]
    return Bun.spawnSync([...inside, ...command], { stderr: 'inherit' }).exitCode
  }

  test(
    'serves as a user without rights, tells its health, loads its files again and ends by signals',
    async () => {
      const child = start()
      const log = readLog(child.stderr)
      await log.event('ready')
      const first = firstProcess(child.pid)
      expect(run('stat', '--format=%u', `/proc/${first}`)).toBe('10001')
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(502)
      expect(health(first)).toBe(0)
      process.kill(Number(first), 'SIGHUP')
      await log.event('reloaded')
      process.kill(Number(first), 'SIGTERM')
      await log.event('stopped')
      expect(await child.exited).toBe(0)
    },
    slow,
  )
})
