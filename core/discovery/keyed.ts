/** What a server lists under keys, each with entries of its own, and changes key by key; told as a whole, soon after a change. */
import type { Member } from '../backend/member.ts'
import type { Cancel, Clock } from '../clock.ts'
import { type Entry, type Listing, ListingBuilder } from './listing.ts'

/** Changes that come close behind each other are told as one. */
const QUIET_MS = 20

/** Asked whenever all is told. */
export interface KeyedRules {
  /** Whether what stands under a key counts; absent: all does. */
  readonly counts?: (key: string) => boolean
  /** What becomes of all that counts; absent: it is told as it is. */
  readonly choose?: (entries: readonly Entry[]) => readonly Entry[]
}

export class KeyedEntries {
  private readonly entries = new Map<string, readonly Entry[]>()
  private readonly clock: Pick<Clock, 'after'>
  private readonly publish: (listing: Listing) => void
  private readonly rules: KeyedRules
  private cancel: Cancel | undefined = undefined

  constructor(clock: Pick<Clock, 'after'>, publish: (listing: Listing) => void, rules: KeyedRules = {}) {
    this.clock = clock
    this.publish = publish
    this.rules = rules
  }

  get size(): number {
    return this.entries.size
  }

  set(key: string, entries: readonly Entry[]): void {
    this.entries.set(key, entries)
  }

  delete(key: string): void {
    this.entries.delete(key)
  }

  publishSoon(): void {
    this.cancel ??= this.clock.after(QUIET_MS, () => this.publishNow())
  }

  publishNow(): void {
    this.stop()
    const { counts = () => true, choose } = this.rules
    const builder = new ListingBuilder()
    const add = (key: string, entries: readonly Entry[]): void => {
      for (const entry of entries) {
        if (entry.kind === 'member') builder.add(entry.member, key)
        else builder.skip({ entry: entry.entry, reason: entry.reason })
      }
    }
    const counting = [...this.entries].filter(([key]) => counts(key))
    if (choose === undefined) for (const [key, entries] of counting) add(key, entries)
    else add('another', choose(counting.flatMap(([, entries]) => entries)))
    this.publish(builder.listing)
  }

  /** Tells nothing that was to be told. */
  stop(): void {
    this.cancel?.()
    this.cancel = undefined
  }
}

export const memberEntry = (member: Member): Entry => ({ kind: 'member', member })
export const skippedEntry = (entry: string, reason: string): Entry => ({ kind: 'skipped', entry, reason })
