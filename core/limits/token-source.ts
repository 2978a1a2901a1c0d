/** Where the tokens of a rate limit come from: buckets of this process, or those that the nodes of a fleet share. */
import type { Cancel } from '../clock.ts'
import type { Key } from './key-table.ts'
import type { Allowance } from './policy.ts'

/** Not a level: somebody has to be asked for it. */
export const UNKNOWN = -1

/** Times are monotonic ms. */
export interface TokenSource {
  /** Tokens in the key's bucket: 0 to the allowance's burst, with a fraction; or UNKNOWN, of shared ones. */
  look(key: Key, now: number, allowance: Allowance): number
  /** One token from the bucket that was looked at last, at that instant. */
  take(): void
  /** From now on; every bucket keeps its level. */
  update(allowance: Allowance, now: number): void
  /** Keys held. */
  readonly size: number
  /** Keys forgotten for want of room, with what they had used up. */
  readonly evicted: number
}

/** For those whose level may be UNKNOWN. */
export interface SharedTokens extends TokenSource {
  /** Calls `then` once, in an event of its own and within about 50 ms, unless it is cancelled: `lookHere` knows then. */
  wait(key: Key, allowance: Allowance, then: () => void): Cancel
  /** As `look`, by what is known here, without asking anybody. */
  lookHere(key: Key, now: number, allowance: Allowance): number
  /** Ends what it has begun; it is not asked any more. */
  close(): void
}
