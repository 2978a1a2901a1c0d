/**
 * Keeps one serving process alive: starts it, passes signals on to it, and starts it again when it dies. It ends with it
 * when it was told to, when the process ended as it should, and where another start would end the same way.
 */
import type { Clock } from '../../core/clock.ts'
import type { Emit } from '../../core/observe/events.ts'
import { Backoff } from './backoff.ts'
import { exitCode } from './exit-codes.ts'
import { type Keeper, keepTelling, type ServiceNews } from './news.ts'
import type { ServiceIo, Signal } from './service-io.ts'

export type Ending =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
  /** It did not even begin: its program was being replaced, or the system was short of something. */
  | { readonly kind: 'unstarted'; readonly reason: string }

/** The process that serves, started a moment ago. */
export interface Served {
  readonly ended: Promise<Ending>
  signal(signal: Signal | 'SIGHUP' | 'SIGUSR1'): void
}

export interface SupervisorOptions {
  /** Throws when it cannot be started. What the process tells goes to `hear`. */
  readonly start: (hear: (news: ServiceNews) => void) => Served
  /** What is heard is told to its keeper in turn. */
  readonly io: Pick<ServiceIo, 'onSignal' | 'onHangup' | 'onReopen'> & Keeper
  readonly clock: Clock
  readonly emit: Emit
}

interface State {
  /** Somebody wants an end. */
  readonly isTold: boolean
  /** One of the processes has served. */
  readonly hasServed: boolean
}

/** Ends that another start would only repeat. */
const finalCodes: readonly number[] = [exitCode.ok, exitCode.usage, exitCode.badConfig]

/** Resolves to the exit code; rejects when a process cannot be started and none has served yet. */
export async function supervise({ start, io, clock, emit }: SupervisorOptions): Promise<number> {
  const backoff = new Backoff()
  const told = Promise.withResolvers<void>()
  const state = { isTold: false, hasServed: false }
  let served: Served | undefined
  const hear = (news: ServiceNews): void => {
    if (news.kind === 'ready') state.hasServed = true
    io.tell?.(news)
  }
  const stopTelling = keepTelling(io, clock)
  const stopSignals = io.onSignal((signal) => {
    state.isTold = true
    told.resolve()
    served?.signal(signal)
  })
  const stopHangups = io.onHangup(() => served?.signal('SIGHUP'))
  const stopReopens = io.onReopen(() => served?.signal('SIGUSR1'))
  async function live(): Promise<Ending> {
    try {
      served = start(hear)
    } catch (error) {
      if (!state.hasServed) throw error
      return { kind: 'unstarted', reason: String(error) }
    }
    const ending = await served.ended
    served = undefined
    return ending
  }
  try {
    while (!state.isTold) {
      const begunAt = clock.now()
      const ending = await live()
      const code = finalCode(ending, state)
      if (code !== undefined) return code
      const waitMs = backoff.next(clock.now() - begunAt)
      emit({ kind: 'restarting', ending: wordsOf(ending), waitMs })
      if (waitMs > 0) await pause(waitMs, clock, told.promise)
    }
    return exitCode.ok
  } finally {
    stopTelling()
    stopSignals()
    stopHangups()
    stopReopens()
  }
}

/** `until`: what ends it before. */
async function pause(ms: number, clock: Clock, until: Promise<void>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(ms, resolve)
  await Promise.race([until, over])
  cancel()
}

/** undefined: it is to be started again. */
function finalCode(ending: Ending, { isTold, hasServed }: State): number | undefined {
  // Before it listens to signals, one that ends it is an end like any other.
  if (ending.kind !== 'exited') return isTold ? exitCode.ok : undefined
  // Whoever starts a service wants to see that its port is taken; later, nobody looks.
  const isFinal = isTold || finalCodes.includes(ending.code) || (ending.code === exitCode.failure && !hasServed)
  return isFinal ? ending.code : undefined
}

function wordsOf(ending: Ending): string {
  if (ending.kind === 'unstarted') return `could not be started (${ending.reason})`
  return ending.kind === 'killed' ? `was ended by ${ending.signal}` : `ended with ${ending.code}`
}
