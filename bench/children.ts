/**
 * Processes that a benchmark starts: pinned, logged to a file, and all ended before it returns.
 * Every process started here is stopped by `stop` or by `stopAll`, descendants included.
 */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinned } from './cores.ts'
import { processTree } from './proc.ts'

export interface ChildSpec {
  /** Names its log file. */
  readonly name: string
  readonly command: readonly string[]
  /** undefined: any core. */
  readonly cores: readonly number[] | undefined
  /** Working directory; undefined: the nursery's. */
  readonly directory?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Child {
  readonly pid: number
  readonly running: () => boolean
  /** The last `lines` lines of what it wrote to standard output and error. */
  readonly log: (lines: number) => string
  readonly stop: () => Promise<void>
}

export interface Nursery {
  readonly start: (spec: ChildSpec) => Child
  /** Ends what still runs; harmless when repeated. */
  readonly stopAll: () => Promise<void>
}

/** How long a process may take over SIGTERM before SIGKILL. */
const graceMs = 3000

/** `directory` takes the logs, and is the working directory of processes that name none. */
export function createNursery(directory: string): Nursery {
  const children = new Set<Child>()
  let serial = 0
  return {
    start(spec) {
      const child = startChild({ directory, ...spec }, join(directory, `${spec.name}-${++serial}.log`))
      children.add(child)
      return { ...child, stop: () => child.stop().then(() => void children.delete(child)) }
    },
    async stopAll() {
      await Promise.all([...children].map((child) => child.stop()))
      children.clear()
    },
  }
}

function startChild(spec: ChildSpec & { readonly directory: string }, logPath: string): Child {
  const log = openSync(logPath, 'w')
  const child = Bun.spawn([...pinned(spec.command, spec.cores)], {
    cwd: spec.directory,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  return {
    pid: child.pid,
    running: () => child.exitCode === null && child.signalCode === null,
    log: (lines) => readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    async stop() {
      const tree = processTree(child.pid)
      child.kill('SIGTERM')
      const ended = await Promise.race([child.exited.then(() => true), Bun.sleep(graceMs).then(() => false)])
      if (!ended) for (const pid of tree) kill(pid)
      await child.exited
    },
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended in the meantime.
  }
}
