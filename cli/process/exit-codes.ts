/** What `$?` says after a command; sysexits.h where it has a fitting number. */
export const exitCode = {
  ok: 0,
  failure: 1,
  /** Unknown command or option, or an option's value that is none. */
  usage: 2,
  /** EX_UNAVAILABLE: the admin API could not be reached. */
  unreachable: 69,
  /** EX_SOFTWARE: something in the process ended it while it served. */
  ended: 70,
  /** EX_CONFIG. */
  badConfig: 78,
  /** A signal ended it at once, `run` and `demo` a second one: 128 + the signal's number. */
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
  /** The watchdog ended it, where the signal itself would not. */
  SIGKILL: 137,
} as const
