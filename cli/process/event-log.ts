/** Events to standard error: lines for people on a terminal, one JSON object a line otherwise. */
import type { Clock } from '../../core/clock.ts'
import type { Emit } from '../../core/observe/events.ts'
import { describeEvent, type Level } from '../../core/view/event-words.ts'
import { paint, printable, type Style } from '../text/text.ts'
import type { ServiceIo } from './service-io.ts'

/** Plain data, which another thread may be given. */
export interface LogStyle {
  readonly format: 'text' | 'json'
  readonly color: boolean
  /** Warnings and errors only. */
  readonly quiet: boolean
}

export interface LogOptions extends LogStyle {
  readonly write: (line: string) => void
  readonly clock: Clock
}

/** Never throws on an event, whatever its strings hold; as JSON each event is one line. */
export function createLog({ write, format, color, quiet, clock }: LogOptions): Emit {
  return (event) => {
    const { level, message } = describeEvent(event)
    if (quiet && level === 'info') return
    const time = new Date(clock.wallTime()).toISOString()
    if (format === 'json') {
      const { kind, ...fields } = event
      write(`${JSON.stringify({ time, level, event: kind, message, ...fields })}\n`)
    } else write(`${paint(time.slice(11, 23), 'dim', color)} ${label(level, color)}${indent(message)}\n`)
  }
}

/** As JSON where nobody reads along, or where that is asked for. */
export const styleOf = (
  { stderrIsTty, color }: Pick<ServiceIo, 'stderrIsTty' | 'color'>,
  { json = false, quiet = false }: { readonly json?: boolean; readonly quiet?: boolean },
): LogStyle => ({ format: json || !stderrIsTty ? 'json' : 'text', color, quiet })

/** To standard error of a process that runs on. */
export const createServiceLog = (io: ServiceIo, style: LogStyle, clock: Clock): Emit =>
  createLog({ ...style, write: style.format === 'json' ? io.events : io.stderr, clock })

/** A stack keeps its lines, each set in so that none can pass for an event of its own. */
const indent = (message: string): string => message.split('\n').map(printable).join('\n    ')

const styles: Readonly<Record<Level, Style>> = { info: 'dim', warn: 'yellow', error: 'red' }

const label = (level: Level, color: boolean): string =>
  level === 'info' ? '' : `${paint(level === 'warn' ? 'warning' : 'error', styles[level], color)}: `
