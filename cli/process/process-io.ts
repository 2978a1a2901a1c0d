/** The real `Io`: this process's streams, environment and signals. Runs on Bun and on Deno. */
import { createInterface } from 'node:readline/promises'
import { isatty } from 'node:tty'
import { standardStream } from '../../core/log/log-file.ts'
import { toAscii, wantsAscii } from '../text/ascii.ts'
import { calledAs } from './called-as.ts'
import type { Io } from './io.ts'
import { writeNow } from './last-words.ts'
import type { Keeper } from './news.ts'
import type { ServiceIo, Signal } from './service-io.ts'
import { systemdKeeper } from './systemd.ts'

export function processIo(): ServiceIo {
  const isTty = isatty(1)
  const stderrIsTty = isatty(2)
  const ascii = wantsAscii(process.env)
  const shown = (text: string): string => (ascii ? toAscii(text) : text)
  return {
    stdout: (text) => void process.stdout.write(shown(text)),
    data: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(shown(text)),
    events: () => standardStream('error'),
    stderrNow: writeNow,
    ascii,
    columns: () => (isTty ? knownWidth(process.stdout.columns) : undefined),
    env: process.env,
    cwd: process.cwd(),
    command: calledAs(process.env, process.cwd()),
    confirm: isatty(0) && stderrIsTty ? askOnTerminal : undefined,
    isTty,
    color: wantsColor(process.env, isTty),
    stderrIsTty,
    ...signalsOf(stderrIsTty),
    onFault(handler) {
      process.on('uncaughtException', handler)
      process.on('unhandledRejection', handler)
    },
    guardExit,
    ...keeper(),
  }
}

/** A supervisor, whose end counts as SIGTERM; else systemd, where a unit asks for it. */
function keeper(): Keeper {
  if (process.send) return { tell: (news) => void process.send?.(news) }
  return systemdKeeper(process.env, process.pid) ?? {}
}

function signalsOf(hadTerminal: boolean): Pick<ServiceIo, 'onSignal' | 'onHangup' | 'onReopen'> {
  // A terminal that was closed sends SIGHUP as well, and is none any more.
  const hasLostTerminal = (): boolean => hadTerminal && !isatty(2)
  return {
    onSignal(handler) {
      const end = (): void => handler('SIGTERM')
      const stops = [
        listen('SIGINT', () => handler('SIGINT')),
        listen('SIGTERM', end),
        listen('SIGHUP', () => void (hasLostTerminal() && end())),
        listen('disconnect', end),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },
    onHangup: (handler) => listen('SIGHUP', () => void (hasLostTerminal() || handler())),
    onReopen: (handler) => listen('SIGUSR1', handler),
  }
}

function listen(event: Signal | 'SIGHUP' | 'SIGUSR1' | 'disconnect', listener: () => void): () => void {
  process.on(event, listener)
  return () => void process.off(event, listener)
}

function guardExit(handler: (code: number) => number): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, not called
  const { exit } = process
  const onExit = (code: number): void => {
    process.exitCode = handler(code)
  }
  process.exit = refuseExit
  process.on('exit', onExit)
  return () => {
    process.exit = exit
    process.off('exit', onExit)
  }
}

/** A serial line and a terminal without a window say that they have no columns: as good as nothing said. */
export const knownWidth = (columns: number | undefined): number | undefined => columns || undefined

/** In place of `process.exit` while somebody guards it. */
export const refuseExit = (): never => {
  throw new Error('process.exit is refused while SmartEdge serves; SIGTERM ends it')
}

/** On standard error, since data may go elsewhere. The end of the input is no. */
async function askOnTerminal(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed])
  terminal.close()
  return /^y(?:es)?$/i.test(answer.trim())
}

/** NO_COLOR and FORCE_COLOR as no-color.org and force-color.org say: set and not empty; FORCE_COLOR=0 forces nothing. */
export function wantsColor(env: Io['env'], isTty: boolean): boolean {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0' && env['FORCE_COLOR'] !== 'false'
  return isTty && env['TERM'] !== 'dumb'
}
