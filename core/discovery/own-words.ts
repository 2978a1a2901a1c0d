/**
 * What a source of the user's own tells, one word at a time: the next waits until the last was taken, and of those that wait the
 * newest list counts, with what was said behind it. So a source that tells without a pause fills nobody's memory or time. Pure.
 */

export type OwnWord =
  /** `members`: a list in JSON. */
  | { readonly kind: 'publish'; readonly members: string }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'lose'; readonly reason: string }

export interface OwnWords {
  tell(word: OwnWord): void
  /** The last one has been. */
  taken(): void
}

export function inTurn(say: (word: OwnWord) => void): OwnWords {
  let isTaken = true
  /** A list at most, and then another word at most. */
  let waiting: readonly OwnWord[] = []
  return {
    tell(word) {
      if (!isTaken) {
        waiting = word.kind === 'publish' ? [word] : [...waiting.filter(({ kind }) => kind === 'publish'), word]
        return
      }
      isTaken = false
      say(word)
    },
    taken() {
      const [next, ...others] = waiting
      waiting = others
      isTaken = next === undefined
      if (next !== undefined) say(next)
    },
  }
}
