/** Whether somebody who tells of something can be had: one who comes and goes is told of seldom. */
import type { Cancel, Clock } from '../clock.ts'

/** `waiting`: it has not been heard yet. Instants are monotonic ms. */
export type Presence =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'present' }
  | { readonly kind: 'away'; readonly since: number; readonly reason: string }

export interface OutageOptions {
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Once an outage. */
  readonly onAway: (reason: string) => void
  /** It has been there for some seconds. */
  readonly onBack: (forMs: number) => void
}

/** Of why it is away: its own words, or those of whoever it asks. */
const MOST_REASON = 300
/** One that comes and goes is told of no more often than this. */
export const QUIET_MS = 5000

export class Outage {
  presence: Presence = { kind: 'waiting' }
  private readonly options: OutageOptions
  /** While it is told to be away: since when, and what tells that it is back. */
  private told: { readonly since: number; cancelBack: Cancel | undefined } | undefined = undefined

  constructor(options: OutageOptions) {
    this.options = options
  }

  lose(words: string): void {
    const reason = words.slice(0, MOST_REASON)
    const { presence, told } = this
    const since = presence.kind === 'away' ? presence.since : this.options.clock.now()
    this.presence = { kind: 'away', since, reason }
    told?.cancelBack?.()
    this.told = { since: told?.since ?? since, cancelBack: undefined }
    if (told === undefined) this.options.onAway(reason)
  }

  answered(): void {
    const { clock, onBack } = this.options
    const now = clock.now()
    const { told } = this
    this.presence = { kind: 'present' }
    if (told === undefined || told.cancelBack !== undefined) return
    const forMs = Math.round(now - told.since)
    told.cancelBack = clock.after(QUIET_MS, () => {
      this.told = undefined
      onBack(forMs)
    })
  }

  /** For good. */
  stop(): void {
    this.told?.cancelBack?.()
  }
}
