/** Events to standard error: lines for people on a terminal, one JSON object a line otherwise. */
import type { Clock } from '../../core/clock.ts'
import type { EdgeEvent, Emit } from '../../core/observe/events.ts'
import { paint, printable, type Style } from '../text/text.ts'
import { counted } from '../text/format.ts'

export type Level = 'info' | 'warn' | 'error'

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

/** A stack keeps its lines, each set in so that none can pass for an event of its own. */
const indent = (message: string): string => message.split('\n').map(printable).join('\n    ')

const styles: Readonly<Record<Level, Style>> = { info: 'dim', warn: 'yellow', error: 'red' }

const label = (level: Level, color: boolean): string =>
  level === 'info' ? '' : `${paint(level === 'warn' ? 'warning' : 'error', styles[level], color)}: `

interface Described {
  readonly level: Level
  readonly message: string
}

/** What an event says to people, and how much it matters. */
export function describeEvent(event: EdgeEvent): Described {
  switch (event.kind) {
    case 'listening':
      return { level: 'info', message: `${event.listener}: listening on ${event.address}` }
    case 'admin-listening':
      return adminMessage(event)
    case 'ready':
      return { level: 'info', message: readyMessage(event) }
    case 'backend-up':
      return { level: 'info', message: `${event.pool}: ${event.backend} is up (${event.detail})` }
    case 'backend-down':
      return { level: 'warn', message: `${event.pool}: ${event.backend} is down (${event.detail})` }
    case 'strategy-fault':
      return { level: 'error', message: `${event.pool}: strategy ${event.strategy} failed: ${event.detail}` }
    case 'strategy-swapped':
      return { level: 'info', message: `${event.pool}: strategy ${event.strategy}: ${event.detail}` }
    case 'strategy-reverted':
      return { level: 'error', message: `${event.pool}: strategy ${event.strategy}: ${event.detail}` }
    case 'strategy-hung':
      return {
        level: 'error',
        message: `${event.pool === undefined ? '' : `${event.pool}: `}strategy ${event.strategy} ${event.detail}`,
      }
    case 'state-ignored':
      return { level: 'warn', message: `${event.file} is ignored: ${event.reason}` }
    case 'reloaded':
      return { level: 'info', message: `generation ${event.generation} (${event.origin}): ${event.summary}` }
    case 'reload-failed':
      return { level: 'error', message: failureMessage(event) }
    case 'config-warning':
      return { level: 'warn', message: event.warnings.join('\n') }
    case 'audit':
      return { level: 'info', message: `${event.from}: ${event.what}: ${event.outcome}` }
    case 'open-files':
      return { level: 'warn', message: event.detail }
    case 'shortage':
      return { level: 'error', message: `a connection could not be opened: ${event.detail}${besides(event)}` }
    case 'connection-limit':
      return {
        level: 'warn',
        message: `refusing new connections: the limit of ${event.limit} is reached${besides(event)}`,
      }
    case 'draining':
      return {
        level: 'info',
        message: `${event.signal}: finishing ${counted(event.connections, 'connection')}, then ending; once more ends at once`,
      }
    case 'stopped':
      return event.cut === 0
        ? { level: 'info', message: 'stopped, nothing was cut' }
        : { level: 'warn', message: `stopped, ${counted(event.cut, 'connection')} cut at the end of shutdownTimeout` }
    case 'restarting':
      return {
        level: 'error',
        message: `the serving process ${event.ending}; it is started again ${when(event.waitMs)}`,
      }
    case 'fault':
      return { level: 'error', message: `${event.detail}${besides(event)}` }
    default:
      return { level: 'error', message: `unknown event ${JSON.stringify(event satisfies never)}` }
  }
}

function adminMessage({ address, ownToken }: EdgeEvent & { kind: 'admin-listening' }): Described {
  const message = `admin API: listening on ${address}`
  if (ownToken === undefined) return { level: 'info', message }
  if (ownToken.kind === 'kept')
    return { level: 'info', message: `${message}, changes take the token in ${ownToken.file}` }
  const advice = 'set admin.token, or admin.open where it is yours alone'
  return {
    level: 'warn',
    message: `${message}, changes are refused: its token can't be kept: ${ownToken.reason}; ${advice}`,
  }
}

const when = (waitMs: number): string => (waitMs === 0 ? 'at once' : `in ${waitMs / 1000} s`)

const besides = ({ more }: { readonly more?: number }): string =>
  more === undefined ? '' : ` (and ${counted(more, 'time')} more within a second)`

const readyMessage = ({ config, pools, backends }: EdgeEvent & { kind: 'ready' }): string =>
  `ready: ${counted(pools, 'pool')}, ${counted(backends, 'backend')}, from ${config ?? 'built-in defaults'}`

function failureMessage({ origin, problems, kept }: EdgeEvent & { kind: 'reload-failed' }): string {
  const effect =
    kept.length === 0
      ? 'the configuration in force stays as it is'
      : `${kept.join(', ')} ${kept.length === 1 ? 'stays' : 'stay'} as before`
  return [`reload (${origin}): ${effect}`, ...problems].join('\n')
}
