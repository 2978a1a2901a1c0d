/** Backends and events in words, glyphs and tones: the same on every screen. Pure. */
import type { BackendFrame, PoolFrame, RouteFrame } from '../../core/report/frame.ts'
import type { WatchedEvent } from '../../core/view/feed-format.ts'
import { type Described, type Level, wordsOfEvent } from '../../core/view/event-words.ts'
import { printable } from '../text/text.ts'
import { percent } from '../../core/view/format.ts'
import { checkOf, holdsOf, standingOf } from '../../core/view/words.ts'
import { toned } from './grid.ts'
import type { BackendRow } from '../../core/view/rows.ts'
import type { Role, Theme } from './theme.ts'
import { type Span, span } from './line.ts'

/** Glyph and word: `● healthy`, `▲ slow`, `✖ failing`. */
export function stateOf({ backend, finding }: Pick<BackendRow, 'backend' | 'finding'>, { glyphs }: Theme): Span {
  const { sign, word, tone } = standingOf(backend, finding)
  return span(`${glyphs.states[sign] ?? '?'} ${printable(word)}`, tone)
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
export const holdWords = (backend: BackendFrame, now: number): string => printable(holdsOf(backend, now).join('; '))

/** `200 OK, 2 s ago`. */
export const checkWords = ({ check }: BackendFrame, now: number): string => printable(checkOf(check, now))

/** What the log says of it. */
export function eventWords(event: WatchedEvent): Described {
  const { level, message } = wordsOfEvent(event)
  const told = printable(message)
  return { level, message: event.edge === undefined ? told : `${event.edge} ${told}` }
}

export const levelRoles: Readonly<Record<Level, Role>> = { info: 'dim', warn: 'warn', error: 'bad' }
