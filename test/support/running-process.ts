/** `smartedge run` as a process of its own, in a folder of its own: what it logs, and how it ends. */
import { freePorts } from './ports.ts'
import { type StrategyFiles, strategyFiles } from './strategy-files.ts'

export type LoggedEvent = Readonly<Record<string, unknown>>

export interface RunningProcess {
  readonly child: Bun.Subprocess
  readonly files: StrategyFiles
  readonly port: number
  readonly adminUrl: string
  /** The next event of this kind, after those taken before; rejects when standard error ends without. */
  event(kind: string): Promise<LoggedEvent>
  /** All lines so far. */
  lines(): readonly string[]
  /** Another one in the same folder, with the same configuration, once this one has ended. */
  again(): RunningProcess
  [Symbol.asyncDispose](): Promise<void>
}

export interface ProcessOptions {
  /** How SmartEdge is called; absent: as these sources. */
  readonly command?: readonly string[]
  /** The pool, and what else the configuration is to hold; listener and admin API are there. */
  readonly pool: object
  readonly config?: object
  /** Files of its folder, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** Behind `run -c FILE`. */
  readonly args?: readonly string[]
  /** Before the command, such as `ulimit -n 128;` */
  readonly shell?: string
  readonly env?: Readonly<Record<string, string>>
  /** Descriptors that it finds as 3 and up. */
  readonly given?: readonly number[]
  /** 'pipe': nobody reads it; absent: it goes nowhere. */
  readonly stdout?: 'pipe'
}

const main = new URL('../../cli/main.ts', import.meta.url).pathname

/** Resolves as soon as it has been started: wait for its `ready`. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const files = await strategyFiles()
  for (const [name, text] of Object.entries(options.files ?? {})) await files.write(name, text)
  const [port = 0, admin = 0] = freePorts(2)
  const config = {
    listeners: { web: { address: `127.0.0.1:${port}` } },
    admin: { address: `127.0.0.1:${admin}` },
    pools: { web: options.pool },
    ...options.config,
  }
  await files.write('smartedge.config.json', JSON.stringify(config))
  const spawn = (end: () => Promise<void>): RunningProcess => {
    const child = spawnIn(files, options)
    const log = readLog(child.stderr)
    return {
      child,
      files,
      port,
      adminUrl: `http://127.0.0.1:${admin}`,
      event: (kind) => log.event(kind),
      lines: () => log.lines,
      again: () => spawn(async () => undefined),
      async [Symbol.asyncDispose]() {
        child.kill('SIGKILL')
        await child.exited
        await end()
      },
    }
  }
  return spawn(() => files[Symbol.asyncDispose]())
}

const sources = [process.execPath, main]

function spawnIn(files: StrategyFiles, options: ProcessOptions) {
  const { command: called = sources, args = [], shell = '', env, stdout = 'ignore', given = [] } = options
  const command = [...called, 'run', '-c', files.path('smartedge.config.json'), ...args]
  return Bun.spawn(['/bin/sh', '-c', `${shell} exec "$@"`, 'sh', ...command], {
    cwd: files.folder,
    env: { ...process.env, XDG_STATE_HOME: files.path('state'), ...env },
    stdio: ['ignore', stdout, 'pipe', ...given],
  })
}

/** What it logs, read as it comes. `event`: as of a RunningProcess. */
export function readLog(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const lines: string[] = []
  let taken = 0
  let hasEnded = false
  let wake = Promise.withResolvers<void>()
  const woken = (): void => {
    wake.resolve()
    wake = Promise.withResolvers()
  }
  void (async () => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const piece of stream) {
      const parts = (rest + decoder.decode(piece, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
      woken()
    }
    hasEnded = true
    woken()
  })()
  return {
    lines,
    async event(kind: string): Promise<LoggedEvent> {
      for (;;) {
        while (taken < lines.length) {
          const event = parsed(lines[(taken += 1) - 1] ?? '')
          if (event['event'] === kind) return event
        }
        if (hasEnded) throw new Error(`ended without ${kind}:\n${lines.join('\n')}`)
        await wake.promise
      }
    },
  }
}

function parsed(line: string): LoggedEvent {
  try {
    return JSON.parse(line) as LoggedEvent
  } catch {
    return {}
  }
}
