/** `smartedge top`: the dashboard of a running balancer, or one frame of it as text or JSON. A client process. */
import type { Cancel, Clock } from '../../core/clock.ts'
import { stackOf } from '../../core/errors.ts'
import { askAdmin } from '../client/admin-client.ts'
import { report, targetsOrReport } from '../client/admin-failure.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { AdminTarget } from '../client/admin-target.ts'
import type { FeedUpdate } from '../../core/view/follow.ts'
import { watchFeed } from '../client/feed-client.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { requestOf } from '../../core/view/commands.ts'
import { printable } from '../text/text.ts'
import { createStore, type Store } from '../top/store.ts'
import { problemOf, showOnce } from '../top/top-once.ts'
import { type Session, stateFor, themeFor, type TopOptions } from '../top/top-session.ts'
import type { Terminal } from '../top/run.tsx'
import type { Effect } from '../top/update.ts'

export interface TopServices {
  readonly io: ServiceIo
  readonly clock: Clock
  readonly stdinIsTty: boolean
}

export async function top({ io, clock, stdinIsTty }: TopServices, options: TopOptions): Promise<number> {
  const found = targetsOrReport(io, options)
  if (typeof found === 'number') return found
  const [first, ...others] = found
  const targets = [{ ...first, client: 'top' }, ...others.map((one) => ({ ...one, client: 'top' }) as const)] as const
  if (options.json && !options.once) return fail(io, 'top --json needs --once', exitCode.usage)
  // React and Ink look at it when they are loaded: their development builds are several times slower.
  process.env['NODE_ENV'] = 'production'
  if (options.once) return await showOnce({ io, clock, targets, options })
  if (io.env['TERM'] === 'dumb')
    return fail(io, 'top cannot draw where TERM is "dumb"; try "smartedge top --once"', exitCode.usage)
  if (!io.isTty || !stdinIsTty)
    return fail(io, 'top needs a terminal; try "smartedge top --once" or "smartedge status --watch"', exitCode.usage)
  return await showTerminal({ io, clock, targets, options })
}

function fail(io: ServiceIo, reason: string, code: number): number {
  io.stderr(`smartedge: ${reason}\n`)
  return code
}

/** How it came to an end: the exit code, and the line that explains it. */
interface Ending {
  readonly code: number
  readonly line?: string
}

/** The screen until it is left. Resolves to the exit code. */
async function showTerminal(session: Session): Promise<number> {
  const { io, clock } = session
  const { openTerminal } = await import('../top/run.tsx')
  const ended = Promise.withResolvers<Ending>()
  let terminal: Terminal | undefined
  const store: Store = createStore(stateFor(session), (effect) => {
    void carryOut(effect, { session, store, terminal, end: ended.resolve })
  })
  const stopTicking = tickEverySecond(clock, store)
  const { stop, seen } = watchInto(store, session, ended.resolve)
  const early = await Promise.race([seen, ended.promise])
  if (early === undefined) terminal = openTerminal(store, themeFor(session))
  const stopSignals = io.onSignal((signal) => ended.resolve({ code: exitCode[signal] }))
  const stopHangups = io.onHangup(() => ended.resolve({ code: exitCode.SIGHUP }))
  io.onFault((error) => ended.resolve(failure(stackOf(error))))
  const closed = terminal?.closed.catch((error: unknown) => ended.resolve(failure(`drawing failed: ${stackOf(error)}`)))
  const { code, line } = await ended.promise
  stop()
  stopTicking()
  stopSignals()
  stopHangups()
  terminal?.close()
  await closed
  if (line !== undefined) io.stderr(line)
  return code
}

const failure = (reason: string): Ending => ({ code: exitCode.failure, line: `smartedge: ${reason}\n` })

/**
 * Feeds the store. `seen` resolves with the first frame; when nobody has sent one and nobody can be reached any more, that
 * is the end: a balancer that was never there is a wrong address.
 */
function watchInto(store: Store, { io, clock, targets }: Session, end: (ending: Ending) => void) {
  const seen = Promise.withResolvers<undefined>()
  const failures = new Map<AdminTarget, FeedUpdate & { kind: 'lost' | 'refused' }>()
  let hasFrame = false
  const onUpdate = (target: AdminTarget, edge: number) => (update: FeedUpdate) => {
    hasFrame ||= update.kind === 'frame'
    if (update.kind === 'lost' || update.kind === 'refused') failures.set(target, update)
    if (!hasFrame && failures.size === targets.length) end(unreachable(io, failures))
    store.send({ ...update, edge })
    if (hasFrame) seen.resolve(undefined)
  }
  const stops = targets.map((target, edge) => watchFeed({ target, clock, onUpdate: onUpdate(target, edge) }))
  return {
    stop: () => {
      for (const stop of stops) stop()
    },
    seen: seen.promise,
  }
}

interface Means {
  readonly session: Session
  readonly store: Store
  readonly terminal: Terminal | undefined
  readonly end: (ending: Ending) => void
}

async function carryOut(effect: Effect, { session, store, terminal, end }: Means): Promise<void> {
  const { clock, targets } = session
  switch (effect.kind) {
    case 'quit':
      end(
        effect.reason === undefined
          ? { code: exitCode.ok }
          : failure(`${targets[0].url} refused: ${printable(effect.reason)}`),
      )
      return
    case 'suspend':
      await terminal?.suspend(() => stopUntilContinued(clock))
      return
    case 'fetch': {
      const { path, edge } = effect
      store.send({ kind: 'explained', edge, answer: await askAdmin(targets[edge] ?? targets[0], path) })
      return
    }
    case 'foresee': {
      const { command, path, edge } = effect
      const answer = await askAdmin(targets[edge] ?? targets[0], path, { method: 'POST' })
      store.send({ kind: 'foreseen', command, answer })
      return
    }
    case 'send': {
      const { command, edge } = effect
      const { path, ...request } = requestOf(command)
      const answer = await askAdmin(targets[edge] ?? targets[0], path, request)
      store.send({ kind: 'answer', command, answer, edge })
    }
  }
}

/** The lines of `status`, which says the same of the same, and the code of the first. */
function unreachable(
  io: ServiceIo,
  failures: ReadonlyMap<AdminTarget, FeedUpdate & { kind: 'lost' | 'refused' }>,
): Ending {
  let line = ''
  const codes = [...failures].map(([target, failure]) =>
    report({ ...io, stderr: (text) => void (line += text) }, target, problemOf(failure)),
  )
  return { code: codes[0] ?? exitCode.failure, line }
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
