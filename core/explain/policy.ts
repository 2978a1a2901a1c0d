/** Which requests are explained, and how many of them are told. */

/** How many explained requests one answer tells: half a megabyte of text. */
export const MOST_ASKED = 200

/** Which requests are explained. */
export interface ExplainPolicy {
  /** What part of them, by chance: 0..1. */
  readonly sample: number
  /** How many are kept, the newest: 1..10,000. */
  readonly keep: number
}
