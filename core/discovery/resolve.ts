/** From a full name to the members that it stands for: what a look-up comes to. */
import type { Cancel } from '../clock.ts'
import type { Listing } from './listing.ts'

/** `ttl`: seconds for which it holds. `none`: there is nobody, as whoever was asked says; `failure`: nobody says anything. */
export type Resolved =
  | { readonly kind: 'listing'; readonly listing: Listing; readonly ttl: number }
  | { readonly kind: 'none' | 'failure'; readonly reason: string }

/** `done` is called once, unless it is cancelled. */
export type Resolve = (name: string, done: (resolved: Resolved) => void) => Cancel
