/**
 * PostgreSQL and Redis as real processes for tests and for trying things out: each on a free port of 127.0.0.1, its data
 * in a temporary folder, killed as a machine kills and started again on the same data. Debian's packages
 * (`postgresql-15`, `redis-server`) have them. As a program it starts both and serves until it is ended.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { freePorts } from '../test/support/ports.ts'

export interface Service {
  /** With user and password, as a config would have it. */
  readonly url: string
  /** SIGKILL, in the middle of whatever it does; resolves when it has gone. */
  kill(): Promise<void>
  /** On the same data and port; resolves when it serves. Rejects with what it said when it ends instead. */
  restart(): Promise<void>
  /** Ends it and takes its data away. */
  [Symbol.asyncDispose](): Promise<void>
}

const PASSWORD = 'for-tests-only'

/** What PostgreSQL does not run as root for. */
const SERVICE_USER = 'postgres'

/** Rejects with a sentence for a person when there is none to start. */
export async function startPostgres(): Promise<Service> {
  const bin = findPostgres()
  const folder = serviceFolder()
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, PASSWORD, { mode: 0o644 })
  const [port = 0] = freePorts(1)
  await run(
    ...asServiceUser(join(bin, 'initdb'), [
      `--pgdata=${data}`,
      `--pwfile=${passwordFile}`,
      '--username=smartedge',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
    ]),
  )
  const command = asServiceUser(join(bin, 'postgres'), [
    `-D${data}`,
    `--port=${port}`,
    '--listen_addresses=127.0.0.1',
    '--unix_socket_directories=',
    '--shared_buffers=8MB',
    '--fsync=off',
  ])
  const url = `postgres://smartedge:${PASSWORD}@127.0.0.1:${port}/postgres`
  return serve({ command, folder, url, readySays: 'database system is ready to accept connections' })
}

/** Rejects with a sentence for a person when there is none to start. */
export async function startRedis(): Promise<Service> {
  const program = Bun.which('redis-server')
  if (program === null) throw new Error('redis-server is not installed: apt-get install redis-server')
  const folder = serviceFolder()
  const [port = 0] = freePorts(1)
  const command = asServiceUser(program, [
    `--port ${port}`,
    '--bind 127.0.0.1',
    `--dir ${folder}`,
    `--requirepass ${PASSWORD}`,
    '--appendonly yes',
  ])
  return serve({
    command,
    folder,
    url: `redis://:${PASSWORD}@127.0.0.1:${port}`,
    readySays: 'Ready to accept connections',
  })
}

/** Debian keeps its programs out of PATH. */
function findPostgres(): string {
  const found = Bun.which('initdb')
  const folders = [...globSync('/usr/lib/postgresql/*/bin'), ...(found === null ? [] : [join(found, '..')])]
  const bin = folders.findLast((folder) => existsSync(join(folder, 'initdb')))
  if (bin === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql-15')
  return bin
}

/** One that the service's user may write. */
function serviceFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge-service-')))
  if (!isRoot()) return folder
  chmodSync(folder, 0o755)
  const [uid = 0, gid = 0] = ['-u', '-g'].map((which) => Number(spawnSync('id', [which, SERVICE_USER]).stdout))
  chownSync(folder, uid, gid)
  return folder
}

const isRoot = (): boolean => process.getuid?.() === 0

/** It ends with the process that started it, however that ends. */
function asServiceUser(program: string, args: readonly string[]): [program: string, args: string[]] {
  const user = isRoot() ? [`--reuid=${SERVICE_USER}`, `--regid=${SERVICE_USER}`, '--clear-groups'] : []
  return Bun.which('setpriv') === null
    ? [program, [...args]]
    : ['setpriv', [...user, '--pdeathsig=KILL', program, ...args]]
}

/** Rejects with what it said, unless it ends well. */
async function run(program: string, args: readonly string[]): Promise<void> {
  const child = Bun.spawn([program, ...args], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
  const said = await child.stderr.text()
  if ((await child.exited) !== 0) throw new Error(`${[program, ...args].join(' ')} failed: ${said}`)
}

/** What PostgreSQL says while its other processes are still ending, a moment behind the one that was killed. */
const OTHERS_STILL_END = 'pre-existing shared memory block'
const MOST_TRIES = 50

interface Plan {
  readonly command: readonly [program: string, args: string[]]
  readonly folder: string
  readonly url: string
  /** Stands in the line by which it tells that it serves. */
  readonly readySays: string
}

async function serve({ command, folder, url, readySays }: Plan): Promise<Service> {
  let child: ChildProcess
  const start = async (): Promise<void> => {
    child = spawn(...command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    await untilReady(child, readySays)
  }
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const restart = async (): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await start()
      } catch (error) {
        if (tries === MOST_TRIES || !String(error).includes(OTHERS_STILL_END)) throw error
        await wait(100)
      }
    }
  }
  await start()
  return {
    url,
    kill,
    restart,
    async [Symbol.asyncDispose]() {
      await kill()
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
    },
  }
}

/** Reads on behind it, too: a pipe that is full would stop the service. */
function untilReady(child: ChildProcess, says: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const said: string[] = []
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue
    createInterface({ input }).on('line', (line) => {
      if (said.length < 100) said.push(line)
      if (line.includes(says)) resolve()
    })
  }
  child.on('error', reject)
  child.on('exit', () => reject(new Error(`${child.spawnfile} ended before it served:\n${said.join('\n')}`)))
  return promise
}

if (import.meta.main) {
  await using stack = new AsyncDisposableStack()
  for (const start of [startPostgres, startRedis]) process.stdout.write(`${stack.use(await start()).url}\n`)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
