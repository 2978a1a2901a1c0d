/** `smartedge top`: the dashboard of a running balancer, or one frame of it as text or JSON. A client process. */
import type { Cancel, Clock } from '../../core/clock.ts'
import type { Frame, Hello } from '../../core/observe/frame.ts'
import { type AdminTarget, adminTarget, askAdmin } from '../admin-client.ts'
import { exitCode } from '../exit-codes.ts'
import { type FeedUpdate, watchFeed } from '../feed-client.ts'
import type { ServiceIo } from '../service-io.ts'
import { requestOf } from '../ui/commands.ts'
import { initialState } from '../ui/state.ts'
import { createStore, type Store } from '../ui/store.ts'
import { createTheme, lookOf } from '../ui/theme.ts'
import type { Effect } from '../ui/update.ts'
import { report } from './status.ts'

export interface TopOptions {
  readonly url?: string
  readonly token?: string
  /** One frame, then the end. */
  readonly once?: boolean
  /** With `once`: the frame as JSON. */
  readonly json?: boolean
  /** Nothing can be changed from the screen. */
  readonly readOnly?: boolean
  /** Draw with ASCII alone, whatever the terminal says. */
  readonly ascii?: boolean
}

export interface TopServices {
  readonly io: ServiceIo
  readonly clock: Clock
  readonly stdinIsTty: boolean
}

export async function top({ io, clock, stdinIsTty }: TopServices, options: TopOptions): Promise<number> {
  let target: AdminTarget
  try {
    target = adminTarget(options, io.env)
  } catch (error) {
    return fail(io, error instanceof Error ? error.message : String(error), exitCode.usage)
  }
  if (options.json && !options.once) return fail(io, 'top --json needs --once', exitCode.usage)
  // React and Ink look at it when they are loaded: their development builds are several times slower.
  process.env['NODE_ENV'] = 'production'
  if (options.once) return await showOnce({ io, clock, target, options })
  if (!io.isTty || !stdinIsTty)
    return fail(io, 'top needs a terminal; try "smartedge top --once" or "smartedge status --watch"', exitCode.usage)
  return await showTerminal({ io, clock, target, options })
}

function fail(io: ServiceIo, reason: string, code: number): number {
  io.stderr(`smartedge: ${reason}\n`)
  return code
}

interface Session {
  readonly io: ServiceIo
  readonly clock: Clock
  readonly target: AdminTarget
  readonly options: TopOptions
}

const themeFor = ({ io, options }: Session) => {
  const look = lookOf(io.env, io.color)
  return createTheme({ palette: look.palette, ascii: look.ascii || options.ascii === true })
}

const stateFor = ({ clock, target, options }: Session) =>
  initialState({ url: target.url, readOnly: options.readOnly === true, now: clock.wallTime() })

type Ending = { readonly kind: 'quit' } | { readonly kind: 'failed'; readonly code: number; readonly line: string }

/** The screen until it is left. Resolves to the exit code. */
async function showTerminal(session: Session): Promise<number> {
  const { io, clock, target } = session
  const { openTerminal } = await import('../ui/run.tsx')
  const ended = Promise.withResolvers<Ending>()
  let hasFrame = false
  const store: Store = createStore(stateFor(session), (effect) => void carryOut(effect))
  const first = Promise.withResolvers<void>()
  const stopWatch = watchFeed({
    target,
    clock,
    onUpdate(update) {
      hasFrame ||= update.kind === 'frame'
      // A balancer that was never there is a wrong address, not a lost connection.
      if (update.kind === 'lost' && !hasFrame) ended.resolve({ kind: 'failed', ...unreachable(io, target, update) })
      store.send(update)
      if (hasFrame) first.resolve()
    },
  })
  const stopTicking = tickEverySecond(clock, store)
  const early = await Promise.race([first.promise, ended.promise])
  const terminal = early === undefined ? openTerminal(store, themeFor(session)) : undefined
  const stopSignals = io.onSignal((signal) => ended.resolve({ kind: 'failed', code: exitCode[signal], line: '' }))
  io.onFault((error) => {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    ended.resolve({ kind: 'failed', code: exitCode.failure, line: `smartedge: ${told}\n` })
  })
  const crashed = terminal?.closed.catch((error: unknown) => {
    ended.resolve({ kind: 'failed', code: exitCode.failure, line: `smartedge: the screen failed: ${String(error)}\n` })
  })

  async function carryOut(effect: Effect): Promise<void> {
    switch (effect.kind) {
      case 'quit':
        ended.resolve(
          effect.reason === undefined
            ? { kind: 'quit' }
            : { kind: 'failed', code: exitCode.failure, line: `smartedge: ${target.url} refused: ${effect.reason}\n` },
        )
        return
      case 'suspend':
        await terminal?.suspend(() => stopUntilContinued(clock))
        return
      case 'send': {
        const { path, ...request } = requestOf(effect.command)
        store.send({ kind: 'answer', command: effect.command, answer: await askAdmin(target, path, request) })
      }
    }
  }

  const ending = await ended.promise
  stopWatch()
  stopTicking()
  stopSignals()
  terminal?.close()
  await crashed
  if (ending.kind === 'quit') return exitCode.ok
  if (ending.line !== '') io.stderr(ending.line)
  return ending.code
}

/** The line and the code of `status`, which says the same of the same. */
function unreachable(io: ServiceIo, target: AdminTarget, { reason }: FeedUpdate & { kind: 'lost' }) {
  let line = ''
  const code = report({ ...io, stderr: (text) => void (line += text) }, target, { kind: 'unreachable', reason })
  return { code, line }
}

function tickEverySecond(clock: Clock, store: Store): Cancel {
  let cancel: Cancel
  const tick = (): void => {
    store.send({ kind: 'tick', now: clock.wallTime() })
    cancel = clock.after(1000, tick)
  }
  cancel = clock.after(1000, tick)
  return () => cancel()
}

/**
 * As Ctrl-Z does where no program reads the keys: the whole job stops, npm above it too, and the shell takes over until
 * `fg`. Where there is no shell to do so the kernel ignores it; then this is a short pause.
 */
async function stopUntilContinued(clock: Clock): Promise<void> {
  process.kill(0, 'SIGTSTP')
  await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
}

/** While the process is stopped its timers are, too: long enough for the signal to arrive, and for nothing else. */
const pauseMs = 100

/** Enough frames for rates over a whole second. */
const framesNeeded = 5
const onceMs = 15_000

/** One frame on standard output. Resolves to the exit code. */
async function showOnce(session: Session): Promise<number> {
  const { io, clock, target, options } = session
  const store = createStore(stateFor(session), () => undefined)
  const seen = await watchBriefly({ clock, target, store })
  if (seen.kind === 'lost') return report(io, target, { kind: 'unreachable', reason: seen.reason })
  if (seen.kind === 'refused') return report(io, target, seen)
  if (options.json) {
    const { version, pid } = seen.hello
    io.stdout(`${JSON.stringify({ version, pid, ...seen.frame }, null, 2)}\n`)
    return exitCode.ok
  }
  const { frameText } = await import('../ui/frame-text.tsx')
  const theme = io.isTty ? themeFor(session) : createTheme({ palette: 'none', ascii: options.ascii === true })
  io.stdout(
    `${frameText(store.state(), theme, { columns: sizeIn(io.env['COLUMNS'], 80), rows: sizeIn(io.env['LINES'], 24) })}\n`,
  )
  return exitCode.ok
}

type Brief =
  | { readonly kind: 'seen'; readonly frame: Frame; readonly hello: Hello }
  | (FeedUpdate & { readonly kind: 'lost' })
  | (FeedUpdate & { readonly kind: 'refused' })

async function watchBriefly({
  clock,
  target,
  store,
}: {
  clock: Clock
  target: AdminTarget
  store: Store
}): Promise<Brief> {
  const done = Promise.withResolvers<Brief>()
  let hello: Hello | undefined
  let frames = 0
  const stop = watchFeed({
    target,
    clock,
    onUpdate(update) {
      store.send(update)
      if (update.kind === 'lost' || update.kind === 'refused') done.resolve(update)
      if (update.kind === 'hello') hello = update.hello
      if (update.kind !== 'frame' || hello === undefined) return
      frames += 1
      // A large balancer sends a frame a second or less: then two are enough.
      if (frames >= (update.frame.intervalMs >= 1000 ? 2 : framesNeeded))
        done.resolve({ kind: 'seen', frame: update.frame, hello })
    },
  })
  const cancel = clock.after(onceMs, () => done.resolve({ kind: 'lost', reason: 'it sent nothing', retryMs: 0 }))
  const seen = await done.promise
  cancel()
  stop()
  return seen
}

/** What a shell says of its window, as far as the screens can use it. */
function sizeIn(text: string | undefined, smallest: number): number {
  const size = /^\d{1,4}$/.test(text ?? '') ? Number(text) : smallest
  return Math.max(smallest, size)
}
