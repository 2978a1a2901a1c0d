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
  /** Settles when it has ended, for whatever reason. */
  readonly ended: Promise<void>
  /** The last `lines` lines of what it wrote, without its answers to `ask`; long ones are cut. */
  readonly log: (lines: number) => string
  readonly stop: () => Promise<void>
}

/** A program of ours that answers each line on standard input with one line. */
export interface TalkingChild extends Child {
  /** One question at a time. Rejects when the program ends instead of answering. */
  readonly ask: (line: string) => Promise<string>
}

export interface Nursery {
  readonly start: (spec: ChildSpec) => Child
  readonly startTalking: (spec: ChildSpec) => TalkingChild
  /** Ends what still runs; harmless when repeated. */
  readonly stopAll: () => Promise<void>
  /** The same, and from now on every start throws. */
  readonly close: () => Promise<void>
}

/** How long a process may take over SIGTERM before SIGKILL. */
const graceMs = 3000
/** Characters of a log line that are shown. */
const maxLineLength = 300

/** `directory` takes the logs, and is the working directory of processes that name none. */
export function createNursery(directory: string): Nursery {
  const children = new Set<Child>()
  let serial = 0
  let isClosed = false
  const adopt = <C extends Child>(child: C): C => {
    children.add(child)
    void child.ended.then(() => children.delete(child))
    return child
  }
  const logPath = (spec: ChildSpec): string => {
    if (isClosed) throw new Error(`${spec.name} is not started any more`)
    return join(directory, `${spec.name}-${++serial}.log`)
  }
  const stopAll = async (): Promise<void> => {
    await Promise.all([...children].map((child) => child.stop()))
  }
  return {
    start: (spec) => adopt(startChild({ directory, ...spec }, logPath(spec))),
    startTalking: (spec) => adopt(startTalkingChild({ directory, ...spec }, logPath(spec))),
    stopAll,
    close() {
      isClosed = true
      return stopAll()
    },
  }
}

type PlacedSpec = ChildSpec & { readonly directory: string }

function startChild(spec: PlacedSpec, logPath: string): Child {
  const log = openSync(logPath, 'w')
  const child = Bun.spawn([...pinned(spec.command, spec.cores)], { ...settings(spec), stdio: ['ignore', log, log] })
  closeSync(log)
  return handleOf(child, logPath)
}

function startTalkingChild(spec: PlacedSpec, logPath: string): TalkingChild {
  const log = openSync(logPath, 'w')
  const child = Bun.spawn([...pinned(spec.command, spec.cores)], { ...settings(spec), stdio: ['pipe', 'pipe', log] })
  closeSync(log)
  const lines = readLines(child.stdout)
  return {
    ...handleOf(child, logPath),
    async ask(line) {
      void child.stdin.write(`${line}\n`)
      await child.stdin.flush()
      const { value } = await lines.next()
      if (value === undefined) throw new Error(`${spec.name} ended without an answer`)
      return value
    },
  }
}

const settings = (spec: PlacedSpec) => ({ cwd: spec.directory, env: { ...process.env, ...spec.env } })

function handleOf(child: Bun.Subprocess, logPath: string): Child {
  const running = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    pid: child.pid,
    running,
    ended: child.exited.then(() => undefined),
    log: (lines) => lastLines(readFileSync(logPath, 'utf8'), lines),
    async stop() {
      const tree = processTree(child.pid)
      child.kill('SIGTERM')
      await Promise.race([child.exited, Bun.sleep(graceMs)])
      // Its own children too, should it have left without them.
      for (const pid of tree) if (pid !== child.pid || running()) kill(pid)
      await child.exited
    },
  }
}

/** A process in trouble may write megabytes, and lines without end. */
const lastLines = (text: string, count: number): string =>
  text
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => (line.length > maxLineLength ? `${line.slice(0, maxLineLength)} …` : line))
    .join('\n')

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const parts = (text + decoder.decode(chunk, { stream: true })).split('\n')
    text = parts.pop() ?? ''
    yield* parts
  }
  return undefined
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended in the meantime.
  }
}
