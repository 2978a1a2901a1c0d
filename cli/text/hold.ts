/** What holds a backend out, in words: pure. */
import type { BackendStatus } from '../../core/report/snapshot.ts'
import { formatSpan } from '../../core/view/amounts.ts'
import { printable } from './text.ts'

type Held = Pick<BackendStatus, 'why' | 'since' | 'until'> & Partial<Pick<BackendStatus, 'use' | 'slowStart'>>

/** `3 connect failures in a row, since 4s, 6s left`; empty: nothing does. `nowMs`: wall ms. */
export function holdWords({ why, since, until, use, slowStart }: Held, nowMs: number): string {
  const left = (time: string | null | undefined): string =>
    time ? `, ${formatSpan(Math.max(0, Date.parse(time) - nowMs))} left` : ''
  if (why) {
    const age = formatSpan(Math.max(0, nowMs - Date.parse(since)))
    return `${printable(why)}, since ${age}${left(until)}${use === 'overruled' ? '; used all the same' : ''}`
  }
  return slowStart ? `starts slowly as ${printable(slowStart.why)}${left(slowStart.until)}` : ''
}
