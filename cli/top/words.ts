/** Backends and events in words, glyphs and tones: the same on every screen. Pure. */
import type { EdgeEvent } from '../../core/observe/events.ts'
import type { BackendFrame, PoolFrame, RouteFrame } from '../../core/report/frame.ts'
import type { WatchedEvent } from '../client/feed-format.ts'
import { type Described, describeEvent, isKnownKind, type Level } from '../process/log.ts'
import { printable } from '../text/text.ts'
import { toneOf } from './findings.ts'
import { percent } from './format.ts'
import { toned } from './grid.ts'
import type { BackendRow } from './rows.ts'
import type { Role, Theme } from './theme.ts'
import { type Span, span } from './line.ts'

const stateRoles: Readonly<Record<string, Role>> = {
  healthy: 'good',
  unhealthy: 'bad',
  draining: 'warn',
  unchecked: 'dim',
  spare: 'dim',
}

/** Words for people; the wire's stand in `core/report/frame.ts`. */
const stateWords: Readonly<Record<string, string>> = { unhealthy: 'down' }

/** Whose word it is that one is down, where that is no check and no connect. */
const downWords: Readonly<Record<string, string>> = { ejection: 'ejected', breaker: 'open' }

/** What becomes of a backend beside its state; of balancers of before it was told, nothing. */
const useWords: Readonly<Record<string, string>> = { trial: 'on trial', overruled: 'overruled', spare: 'spare' }

/** Glyph and word: `● healthy`, `▲ slow`, `✖ failing`. What traffic shows outweighs what checks say. */
export function stateOf({ backend, finding }: Pick<BackendRow, 'backend' | 'finding'>, { glyphs }: Theme): Span {
  const { state } = backend
  if ((state === 'healthy' || state === 'unchecked') && finding?.backend !== undefined) {
    const word = finding.kind === 'fails' ? 'failing' : 'slow'
    const tone = toneOf(finding)
    return span(`${glyphs.states[tone] ?? '?'} ${word}`, tone)
  }
  const shown = backend.use === 'spare' ? 'spare' : state
  const down = state === 'unhealthy' ? downWords[backend.by ?? ''] : undefined
  const word = useWords[backend.use] ?? down ?? stateWords[state] ?? printable(state)
  return span(`${glyphs.states[shown] ?? '?'} ${word}`, stateRoles[shown] ?? 'warn')
}

/** Of a backend or a pool. */
export const errorsOf = ({ errorRatio }: Pick<PoolFrame, 'errorRatio'>): Span =>
  toned(percent(errorRatio), errorRatio > 0 && (errorRatio >= 0.05 ? 'bad' : 'warn'))

/** Requests a second that the rules of a route refuse; older balancers do not tell. */
export const refusalsOf = ({ refusalsPerSecond = 0 }: Partial<RouteFrame>): number => refusalsPerSecond

/** `3/4`: how many of a pool's backends get requests. */
export const usableOf = ({ usable, backends }: PoolFrame): Span =>
  span(`${usable}/${backends.length}`, usable === 0 ? 'bad' : usable < backends.length ? 'warn' : 'good')

/** `3 connect failures in a row, 6 s left; ejected: …`; empty: nothing holds it out. */
export function holdWords(backend: BackendFrame, now: number): string {
  const { why, until, holds }: Omit<BackendFrame, 'holds'> & Partial<BackendFrame> = backend
  const left = (at: number | null): string => (at === null ? '' : `, ${ageWords((at - now) / 1000)} left`)
  // Balancers of before they were told say the first one alone.
  const told = holds !== undefined && holds.length > 0 ? holds : why ? [{ why, until }] : []
  return told.map((hold) => `${printable(hold.why)}${left(hold.until)}`).join('; ')
}

/** `200 OK, 2 s ago`. */
export function checkWords({ check }: BackendFrame, now: number): string {
  if (!check) return 'no checks'
  const seconds = Math.max(0, Math.round((now - check.at) / 1000))
  return `${printable(check.detail)}, ${ageWords(seconds)} ago`
}

/** `3 s`, `12 min`, `5 h`, `3 d`. */
export function ageWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-'
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** What the log says of it; a kind that this program does not know is told by its fields. */
export function eventWords(event: WatchedEvent): Described {
  const { level, message } = wordsOf(event)
  return { level, message: event.edge === undefined ? message : `${event.edge} ${message}` }
}

function wordsOf({ kind, fields }: WatchedEvent): Described {
  try {
    if (isKnownKind(kind)) {
      const { level, message } = describeEvent({ kind, ...fields } as EdgeEvent)
      return { level, message: printable(message) }
    }
  } catch {
    // A known kind with other fields than this program's: told by its fields, too.
  }
  const parts = Object.entries(fields).map(([key, value]) => `${key} ${shortly(value)}`)
  return { level: 'info', message: printable(`${kind}: ${parts.join(', ')}`) }
}

const shortly = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 200)

export const levelRoles: Readonly<Record<Level, Role>> = { info: 'dim', warn: 'warn', error: 'bad' }
