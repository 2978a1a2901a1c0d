/**
 * The contract of a source: somebody outside who knows members of a pool. It always tells all that it lists, never a
 * change; what has changed, and what becomes of it, is found out by whoever follows it (`follow.ts`).
 */
import type { Cancel } from '../clock.ts'
import type { Listing } from './listing.ts'

/** What a source tells, each time in an event of its own and never once it was stopped. */
export interface SourceSink {
  /** All that it lists now. The same once more is no change, and says that it still holds. */
  publish(listing: Listing): void
  /** What it published last still holds, or that there is nobody. */
  confirm(): void
  /**
   * It says that there is nobody, in a way that may be a mistake: a name that is not there, a service that is unknown.
   * Why, in words. Those known stay for a while.
   */
  vanish(reason: string): void
  /** It cannot be had, or says what makes no sense; why, in words. What it published last stays, however long. */
  lose(reason: string): void
}

export interface Source {
  /** Begins to tell, and goes on until the cancel that is returned. Called once; tries for ever, and never throws. */
  start(sink: SourceSink): Cancel
  /**
   * Somebody on its list cannot be reached, which may be because the list is old. Called as often as that happens; absent:
   * there is no newer list to be had any sooner.
   */
  doubt?(): void
}
