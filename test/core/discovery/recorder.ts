/** A source at work, and all that it has told; waiting for something it is to tell. */
import { systemClock } from '../../../core/clock.ts'
import type { Listing } from '../../../core/discovery/listing.ts'
import type { Source } from '../../../core/discovery/source.ts'

export type Word =
  | { readonly kind: 'listing'; readonly listing: Listing }
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'vanished' | 'lost'; readonly reason: string }

/** What nobody has said by then is not said at all. */
const DEADLINE_MS = 20_000

export function record(source: Source) {
  const words: Word[] = []
  let wake = Promise.withResolvers<void>()
  const hear = (word: Word): void => {
    words.push(word)
    wake.resolve()
    wake = Promise.withResolvers()
  }
  const stop = source.start({
    publish: (listing) => hear({ kind: 'listing', listing }),
    confirm: () => hear({ kind: 'confirmed' }),
    vanish: (reason) => hear({ kind: 'vanished', reason }),
    lose: (reason) => hear({ kind: 'lost', reason }),
  })

  /** The first word from number `from` on that `fits`. */
  async function next(fits: (word: Word) => boolean, from = 0): Promise<Word> {
    const until = systemClock.now() + DEADLINE_MS
    for (;;) {
      const word = words.slice(from).find(fits)
      if (word !== undefined) return word
      const leftMs = until - systemClock.now()
      if (leftMs <= 0) throw new Error(`it has told ${JSON.stringify(words.slice(from))} alone`)
      const { promise, resolve } = Promise.withResolvers<void>()
      const cancel = systemClock.after(leftMs, resolve)
      await Promise.race([wake.promise, promise])
      cancel()
    }
  }

  return {
    words,
    stop,
    next,
    /** Waits until it lists these ids and no others; an order is not asked for. */
    async lists(...ids: string[]): Promise<Listing> {
      const fits = (word: Word): boolean => word.kind === 'listing' && isSame(idsOf(word.listing), ids)
      const word = await next(fits, lastListing(words))
      return (word as Word & { readonly kind: 'listing' }).listing
    },
  }
}

export const idsOf = ({ members }: Listing): string[] => members.map(({ id }) => id)

/** Each word in short. */
export const shown = (words: readonly Word[]): unknown[] =>
  words.map((word) => {
    if (word.kind === 'listing') return idsOf(word.listing)
    return 'reason' in word ? `${word.kind} ${word.reason}` : word.kind
  })

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  Bun.deepEquals(some.toSorted(), others.toSorted())

/** Where the newest listing stands: those before it hold no more. */
const lastListing = (words: readonly Word[]): number =>
  Math.max(
    0,
    words.findLastIndex(({ kind }) => kind === 'listing'),
  )
