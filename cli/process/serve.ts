/**
 * One edge from its start to its end: what `run` and `demo` share. Signals end it, and nothing else does: what a strategy
 * throws is told, and its `process.exit()` is refused.
 */
import type { SocketAddress } from '../../core/address.ts'
import type { Cancel, Clock } from '../../core/clock.ts'
import type { Config } from '../../core/config/config.ts'
import { stackOf } from '../../core/errors.ts'
import type { Emit } from '../../core/observe/events.ts'
import { type ApplyProblem, Refusal } from '../../core/part.ts'
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import { counted } from '../../core/view/amounts.ts'
import { exitCode } from './exit-codes.ts'
import { type Keeper, keepTelling, type ServiceNews } from './news.ts'
import type { ServiceIo, Signal } from './service-io.ts'

/** `core/edge.ts`'s `Edge` by shape. */
export interface RunningEdge {
  readonly addresses: readonly { readonly listener: string; readonly address: SocketAddress }[]
  readonly adminAddress: SocketAddress | undefined
  readonly controller?: { reload(origin: string): Promise<{ readonly kind: string }> } | undefined
  readonly control: { readonly config: Pick<Config, 'shutdownTimeoutMs'> }
  status(): StatusSnapshot
  reportFault(error: unknown): void
  reopenLogs(): void
  drain(): Promise<{ readonly cut: number }>
  kill(): void
}

export interface Service {
  readonly io: Pick<ServiceIo, 'stderr' | 'onSignal' | 'onHangup' | 'onReopen' | 'onFault' | 'guardExit'> & Keeper
  readonly config: Config
  /** Where the configuration came from, for people; undefined: from nowhere. */
  readonly file: string | undefined
  readonly emit: Emit
  /** The same for what is said as the process ends: written before it returns. */
  readonly lastWords: Emit
  readonly clock: Clock
  readonly start: (options: { config: Config; emit: Emit }) => Promise<RunningEdge>
  /** Told why `start` refused the config; returns the exit code. */
  readonly onRefused: (problems: readonly ApplyProblem[]) => number
  /** When traffic is served. */
  readonly onReady?: (edge: RunningEdge) => void
}

/**
 * Resolves to the exit code. The first signal drains: 0 when all was finished or the time was up. The second ends at
 * once: 130 or 143. SIGHUP reloads, SIGUSR1 opens logs anew; before there is an edge
 * they do nothing.
 */
export async function serve(service: Service): Promise<number> {
  const { io, config, file, emit, lastWords, clock, start, onRefused, onReady } = service
  const signals = watchSignals(io, clock)
  let edge: RunningEdge | undefined
  io.onFault((error) => {
    if (edge !== undefined) edge.reportFault(error)
    else emit({ kind: 'fault', detail: stackOf(error) })
  })
  const stopHangups = io.onHangup(() => void (edge && reload(edge, io)))
  const stopReopens = io.onReopen(() => edge?.reopenLogs())
  const releaseExit = io.guardExit((code) => {
    const detail = `the process was ended with ${code} from inside, by a strategy perhaps; it ends with ${exitCode.ended}`
    lastWords({ kind: 'fault', detail })
    return exitCode.ended
  })
  let stopTelling: Cancel = () => undefined
  let isForced = false
  const run = async (): Promise<number> => {
    edge = await start({ config, emit })
    emit({ kind: 'ready', config: file, pools: config.pools.length, backends: countMembers(config) })
    onReady?.(edge)
    io.tell?.(readyNews(edge))
    stopTelling = keepTelling(io, clock)
    const signal = await signals.first
    emit({ kind: 'draining', signal, connections: edge.status().counters.connectionsOpen })
    io.tell?.(stoppingNews(edge))
    const { cut } = await edge.drain()
    // A second signal makes the drain end too, by cutting everything: nothing to boast of.
    if (!isForced) emit({ kind: 'stopped', cut })
    return exitCode.ok
  }
  const force = async (): Promise<number> => {
    const signal = await signals.second
    isForced = true
    return exitCode[signal]
  }
  try {
    return await Promise.race([run(), force()])
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return onRefused(error.problems)
  } finally {
    signals.stop()
    stopHangups()
    stopReopens()
    releaseExit()
    stopTelling()
    // After a drain there is nothing left to end; after a second signal, everything.
    edge?.kill()
  }
}

async function reload(edge: RunningEdge, { tell }: Keeper): Promise<void> {
  if (edge.controller === undefined) return
  tell?.({ kind: 'reloading' })
  const { kind } = await edge.controller.reload('SIGHUP')
  tell?.(readyNews(edge, kind === 'refused' ? '; the last reload was refused' : ''))
}

function readyNews(edge: RunningEdge, more = ''): ServiceNews {
  const { pools } = edge.status()
  const backends = pools.reduce((total, pool) => total + pool.backends.length, 0)
  return { kind: 'ready', detail: `serving ${counted(pools.length, 'pool')}, ${counted(backends, 'backend')}${more}` }
}

const stoppingNews = ({ control }: RunningEdge): ServiceNews => ({
  kind: 'stopping',
  withinMs: control.config.shutdownTimeoutMs,
})

const countMembers = (config: Config): number => config.pools.reduce((total, pool) => total + pool.members.length, 0)

/**
 * npm passes on a Ctrl-C that the terminal has already sent to its whole process group: the same signal comes twice
 * within milliseconds (npm 11, 2026-11). A person who means it twice takes longer than this.
 */
const echoMs = 250

function watchSignals(io: Pick<ServiceIo, 'onSignal'>, clock: Clock) {
  const first = Promise.withResolvers<Signal>()
  const second = Promise.withResolvers<Signal>()
  let seen: { readonly signal: Signal; readonly at: number } | undefined
  const stop = io.onSignal((signal) => {
    if (seen === undefined) {
      seen = { signal, at: clock.now() }
      first.resolve(signal)
    } else if (signal !== seen.signal || clock.now() - seen.at >= echoMs) second.resolve(signal)
  })
  return { first: first.promise, second: second.promise, stop }
}
