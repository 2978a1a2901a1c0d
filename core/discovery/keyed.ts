/** What a server lists under keys, each with entries of its own, and changes key by key; told as a whole, soon after a change. */
import type { Member } from '../backend/member.ts'
import type { Cancel, Clock } from '../clock.ts'
import { type Entry, type Listing, ListingBuilder } from './listing.ts'

/** Changes that come close behind each other are told as one. */
const QUIET_MS = 20

export class KeyedEntries {
  private readonly entries = new Map<string, readonly Entry[]>()
  private readonly clock: Pick<Clock, 'after'>
  private readonly publish: (listing: Listing) => void
  private readonly counts: (key: string) => boolean
  private cancel: Cancel | undefined = undefined

  /** `counts`: asked of each key whenever all is told. */
  constructor(
    clock: Pick<Clock, 'after'>,
    publish: (listing: Listing) => void,
    counts: (key: string) => boolean = () => true,
  ) {
    this.clock = clock
    this.publish = publish
    this.counts = counts
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
    const builder = new ListingBuilder()
    for (const [key, entries] of this.entries) {
      if (!this.counts(key)) continue
      for (const entry of entries) {
        if (entry.kind === 'member') builder.add(entry.member, key)
        else builder.skip({ entry: entry.entry, reason: entry.reason })
      }
    }
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
