/**
 * The contract of a provider: somebody outside who says which routes and pools there are. It always tells all of them, in
 * the words of the config and unread; what becomes of them is decided by whoever follows it.
 */
import type { Cancel } from '../clock.ts'
import type { SkippedEntry } from './listing.ts'
import type { DiscoveryPolicy } from './policy.ts'

/** What one of those who are told of makes: a container, a rule of a cluster. It counts as a whole, or not at all. */
export interface Draft {
  /** What tells it from the others, for people. */
  readonly name: string
  /** Those that its routes lead to, unless the config has them. */
  readonly pools: readonly DraftPool[]
  /** As items of the config's `routes`. */
  readonly routes: readonly unknown[]
  /** Where others before it have some of its requests, it is content with the rest; absent: it is left out. */
  readonly yields?: true
}

export interface DraftPool {
  readonly name: string
  /** As an entry of the config's `pools` says it, but for its members. Empty: what another says of it counts. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly discovery: readonly DiscoveryPolicy[]
}

/** What a provider tells, each time in an event of its own and never once it was stopped. */
export interface ProviderSink {
  /** All that there are now, those before others that count before them, and those that are left out. */
  publish(drafts: readonly Draft[], skipped: readonly SkippedEntry[]): void
  /** It cannot be had, or says what makes no sense; why, in words. What it published last stays, however long. */
  lose(reason: string): void
}

export interface Provider {
  /** Begins to tell, and goes on until the cancel that is returned. Called once; tries for ever, and never throws. */
  start(sink: ProviderSink): Cancel
}
