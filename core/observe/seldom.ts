/**
 * Events that may come with every request: the first of a kind is told at once, those that follow within a second are
 * counted, and one line at its end says how many. So neither an attacker nor a plugin writes a log full.
 */
import type { Clock } from '../clock.ts'
import type { EdgeEvent, Emit } from './events.ts'

const SELDOM = ['fault', 'shortage', 'connection-limit', 'client-banned', 'proxy-header-refused'] as const

/** Those that carry how many `more` there were. */
export type SeldomEvent = EdgeEvent & { readonly kind: (typeof SELDOM)[number] }

const everyMs = 1000

/** Hands on all events, but of these no more than one a second of each kind. */
export function seldom(clock: Clock, emit: Emit): Emit {
  /** What has come since the newest was told, by kind. */
  const held = new Map<SeldomEvent['kind'], { newest: SeldomEvent | undefined; count: number }>()

  function tell(event: SeldomEvent): void {
    emit(event)
    held.set(event.kind, { newest: undefined, count: 0 })
    clock.after(everyMs, () => release(event.kind))
  }

  function release(kind: SeldomEvent['kind']): void {
    const { newest, count } = held.get(kind) ?? { newest: undefined, count: 0 }
    held.delete(kind)
    if (newest !== undefined) tell(count === 1 ? newest : { ...newest, more: count - 1 })
  }

  return (event) => {
    if (!isSeldom(event)) return emit(event)
    const waiting = held.get(event.kind)
    if (waiting === undefined) return tell(event)
    waiting.newest = event
    waiting.count += 1
  }
}

const isSeldom = (event: EdgeEvent): event is SeldomEvent => SELDOM.some((kind) => kind === event.kind)
