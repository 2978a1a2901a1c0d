/**
 * Keeps strategies from hanging this process: a thread looks whether their calls return, and ends the process when one has
 * not for five seconds, since nothing else could. It remembers the version, which the next start leaves out.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Emit } from '../../core/observe/events.ts'
import type { Home } from '../../core/own-files.ts'
import { CallMarks, markBytes } from '../../core/strategy/call-marks.ts'
import type { StrategyGuard } from '../../core/strategy/host.ts'
import { StrategyWatch, type WatchedVersion } from '../../core/strategy/watch.ts'
import { isSame, readHungVersions } from '../../core/watchdog/hung-versions.ts'
import type { LogStyle } from './event-log.ts'

export interface WatchdogOptions {
  /** Where hung versions are remembered. */
  readonly home: Home
  /** How its last word is written. */
  readonly style: LogStyle
  readonly emit: Emit
  readonly freeDescriptors: () => number | undefined
  /** Between two looks; a call that is seen in five more hangs. */
  readonly everyMs?: number
}

export interface Watchdog extends StrategyGuard {
  stop(): void
}

/** To the thread, once. */
export interface WatchdogStart {
  readonly memory: SharedArrayBuffer
  /** Where `NamedCalls` come. */
  readonly port: MessagePort
  readonly home: Home
  readonly style: LogStyle
  readonly everyMs: number
}

/** From now on, calls of `owner` are calls of `version`. */
export interface NamedCalls {
  readonly owner: number
  readonly version: WatchedVersion
}

/** As many as a strategy file wants: near the limit Bun ends the process rather than go without a thread. */
const wantedDescriptors = 32

/** Costs nothing while all strategies are shipped ones: then there is no thread. */
export function createWatchdog(options: WatchdogOptions): Watchdog {
  const { home, style, emit, freeDescriptors, everyMs = 1000 } = options
  const memory = new SharedArrayBuffer(markBytes)
  const names = new Map<number, WatchedVersion>()
  const { versions, ignored } = readHungVersions(home)
  if (ignored !== undefined) emit({ kind: 'state-ignored', ...ignored })
  let worker: Worker | undefined
  let toWorker: MessagePort | undefined
  let isShort = false

  function begin(): void {
    // At a breakpoint a call takes as long as somebody thinks.
    if (process.execArgv.some((flag) => flag.startsWith('--inspect'))) return
    const isRich = (freeDescriptors() ?? wantedDescriptors) >= wantedDescriptors
    if (!isRich && !isShort) tell('no thread could be begun for it: too few files can be opened')
    isShort = !isRich
    if (!isRich) return
    worker = new Worker(new URL('./watchdog-worker.ts', import.meta.url), { smol: true, name: 'watchdog' })
    worker.unref()
    worker.addEventListener('error', ({ message }) => tell(message))
    const { port1, port2: port } = new MessageChannel()
    toWorker = port1
    // The process's own environment is no plain object.
    const start: WatchdogStart = { memory, port, home: { ...home, env: { ...home.env } }, style, everyMs }
    worker.postMessage(start, [port])
    for (const [owner, version] of names) post({ owner, version })
  }

  const tell = (what: string): void =>
    emit({ kind: 'fault', detail: `nobody looks whether strategies return from their calls: ${what}` })

  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a thread
  const post = (named: NamedCalls): void => toWorker?.postMessage(named)

  function onNamed(owner: number, version: WatchedVersion): void {
    names.set(owner, version)
    if (toWorker !== undefined) post({ owner, version })
    else if (!version.isShipped) begin()
  }

  return {
    watch: new StrategyWatch(new CallMarks(memory), onNamed),
    hangs(file, version) {
      const hung = versions.find((one) => isSame(one, { file, version }))
      return (
        hung && `version ${version} did not return from ${hung.call} on ${hung.at}; it is tried again once it changes`
      )
    },
    stop() {
      worker?.terminate()
      toWorker?.close()
    },
  }
}
