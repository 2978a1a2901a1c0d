/** What commands that keep running touch of their process, beyond `Io`. */
import type { LogFile } from '../../core/log/log-file.ts'
import type { Io } from './io.ts'
import type { Keeper } from './news.ts'

export type Signal = 'SIGINT' | 'SIGTERM'

export interface ServiceIo extends Io, Keeper {
  /** Whether standard error is a terminal: then events are lines for people, else JSON. */
  readonly stderrIsTty: boolean
  /** Opens standard error for the log of events, which waits for nobody who reads it. */
  readonly events: () => LogFile
  /**
   * Calls `handler` on each signal until the returned function is called; the default, to end at once, is off meanwhile.
   * Losing the terminal counts as SIGTERM.
   */
  readonly onSignal: (handler: (signal: Signal) => void) => () => void
  /** The same for a SIGHUP that somebody sent. */
  readonly onHangup: (handler: () => void) => () => void
  /** The same for a SIGUSR1. */
  readonly onReopen: (handler: () => void) => () => void
  /** Calls `handler` with what nobody caught, instead of ending the process. */
  readonly onFault: (handler: (error: unknown) => void) => void
  /**
   * Until the returned function is called, `process.exit` throws for whoever calls it, and `handler` hears when the process
   * ends all the same: with which code, and gives the one to end with instead.
   */
  readonly guardExit: (handler: (code: number) => number) => () => void
  /** As `stderr`, but written before it returns. */
  readonly stderrNow: (text: string) => void
}
