/** An `Io` that keeps what is written and sends signals when told. */
import type { LogFile } from '../../core/log/log-file.ts'
import type { ServiceIo, Signal } from '../../cli/process/service-io.ts'

export interface FakeIo extends ServiceIo {
  /** All that was written so far. */
  readonly out: () => string
  readonly err: () => string
  readonly signal: (signal: Signal) => void
  readonly hangup: () => void
  /** SIGUSR1. */
  readonly reopen: () => void
  readonly fault: (error: unknown) => void
  /** Something ends the process; the code that it ends with. */
  readonly exit: (code: number) => number
  /** Signal handlers installed and not taken away. */
  readonly watchers: () => number
  /** Resolves when `text` has been written to standard output or standard error. */
  readonly written: (text: string) => Promise<void>
}

/** Takes all at once. */
const fileInto = (write: (text: string) => void): LogFile => ({
  write(bytes, from) {
    write(bytes.toString('utf8', from))
    return Promise.resolve(bytes.length - from)
  },
  hasMoved: () => Promise.resolve(false),
  reopen: () => Promise.resolve(),
  hasName: () => true,
  writeNow: (bytes) => write(bytes.toString()),
  close: () => undefined,
})

export function fakeIo(overrides: Partial<ServiceIo> = {}): FakeIo {
  const written = { out: '', err: '' }
  const handlers = new Set<(signal: Signal) => void>()
  const hangups = new Set<() => void>()
  const reopens = new Set<() => void>()
  const guards = new Set<(code: number) => number>()
  const waiting = new Set<() => void>()
  let onFault: (error: unknown) => void = () => undefined
  const write = (stream: 'out' | 'err') => (text: string) => {
    written[stream] += text
    for (const check of waiting) check()
  }
  return {
    stdout: write('out'),
    data: write('out'),
    stderr: write('err'),
    events: () => fileInto(write('err')),
    cwd: '/',
    command: 'smartedge',
    ascii: false,
    columns: () => undefined,
    confirm: undefined,
    isTty: false,
    color: false,
    stderrIsTty: false,
    onSignal(handler) {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
    onHangup(handler) {
      hangups.add(handler)
      return () => hangups.delete(handler)
    },
    onReopen(handler) {
      reopens.add(handler)
      return () => reopens.delete(handler)
    },
    onFault(handler) {
      onFault = handler
    },
    guardExit(handler) {
      guards.add(handler)
      return () => guards.delete(handler)
    },
    stderrNow: write('err'),
    ...overrides,
    // Of nobody: what lies in the home of whoever runs this makes no difference.
    env: { HOME: '/nowhere', ...overrides.env },
    out: () => written.out,
    err: () => written.err,
    signal: (signal) => handlers.forEach((handler) => handler(signal)),
    hangup: () => hangups.forEach((handler) => handler()),
    reopen: () => reopens.forEach((handler) => handler()),
    fault: (error) => onFault(error),
    exit: (code) => [...guards].reduce((last, guard) => guard(last), code),
    watchers: () => handlers.size,
    written: (text) =>
      new Promise((resolve) => {
        const check = () => {
          if (!written.out.includes(text) && !written.err.includes(text)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
  }
}
