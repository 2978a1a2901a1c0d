/** Events to standard error: lines for people on a terminal, one JSON object a line otherwise. */
import type { Clock } from '../../core/clock.ts'
import { type Fate, LogSink } from '../../core/log/log-sink.ts'
import type { EdgeCounters } from '../../core/observe/counters.ts'
import type { Emit } from '../../core/observe/events.ts'
import { describeEvent, type Level } from '../../core/view/event-words.ts'
import { toAscii } from '../text/ascii.ts'
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
  /** Takes a line without its end; a stack makes several of it on a terminal. */
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
      write(JSON.stringify({ time, level, event: kind, message, ...fields }))
    } else write(`${paint(time.slice(11, 23), 'dim', color)} ${label(level, color)}${indent(message)}`)
  }
}

/** As JSON where nobody reads along, or where that is asked for. */
export const styleOf = (
  { stderrIsTty, color }: Pick<ServiceIo, 'stderrIsTty' | 'color'>,
  { json = false, quiet = false }: { readonly json?: boolean; readonly quiet?: boolean },
): LogStyle => ({ format: json || !stderrIsTty ? 'json' : 'text', color, quiet })

/** The log of a process that runs on: nothing waits for a full disk, or for whoever reads it. */
export interface ServiceLog {
  readonly emit: Emit
  /** Resolves once all that was told has been written, or lost. */
  readonly settled: () => Promise<void>
  /** The same, a second from now at the latest. Nothing may be told after it. */
  readonly end: () => Promise<void>
  /** What can be written at once is; for the end of the process. */
  readonly stop: () => void
}

export interface ServiceLogOptions {
  readonly io: Pick<ServiceIo, 'events' | 'ascii'>
  readonly style: LogStyle
  readonly clock: Clock
  readonly counters: Pick<EdgeCounters, 'eventsLostToBacklog' | 'eventsLostToFailure'>
}

const LAST_MS = 1000

export function createServiceLog({ io, style, clock, counters }: ServiceLogOptions): ServiceLog {
  const count = (fate: Fate, events: number): void => {
    if (fate === 'backlog') counters.eventsLostToBacklog += events
    if (fate === 'failure') counters.eventsLostToFailure += events
  }
  const sink = new LogSink({
    file: io.events(),
    clock,
    encoding: 'utf8',
    gatherMs: 0,
    quietMs: 0,
    count,
    // There is nowhere else to tell it.
    onAway: () => undefined,
    onBack: (lost) => emit({ kind: 'event-log-back', lost }),
  })
  const isForPeople = style.format === 'text' && io.ascii
  const write = (line: string): void => sink.write(isForPeople ? toAscii(line) : line)
  const emit = createLog({ ...style, write, clock })
  return { emit, settled: () => sink.settled(), end: () => sink.end(LAST_MS), stop: () => sink.stop() }
}

/** A stack keeps its lines, each set in so that none can pass for an event of its own. */
const indent = (message: string): string => message.split('\n').map(printable).join('\n    ')

const styles: Readonly<Record<Level, Style>> = { info: 'dim', warn: 'yellow', error: 'red' }

const label = (level: Level, color: boolean): string =>
  level === 'info' ? '' : `${paint(level === 'warn' ? 'warning' : 'error', styles[level], color)}: `
