/** What is written to a source: the next generation, a wider rollout of the newest, or an earlier one once more. Pure. */
import { type Offer, readOffer, type Release, writeOffer } from './release.ts'
import type { Swap } from './store.ts'

/** Who writes, when, and what for. */
export interface Author {
  readonly at: string
  readonly by: string
  readonly note?: string | undefined
}

/** What the source holds; undefined: nothing. */
export interface Current {
  readonly offer: Offer
  readonly version: string
}

/** Generations that can be gone back to. */
const KEPT = 20

export interface NextOptions extends Author {
  readonly current: Current | undefined
  /** The highest generation that there has been. */
  readonly newest: number
  readonly text: string
  /** Above 0, up to 100. */
  readonly percent: number
  /** It is a copy of that generation. */
  readonly of?: number | undefined
}

/** `percent` below 100 is refused where there is nothing that the other nodes could run. */
export type Next =
  | { readonly kind: 'next'; readonly offer: Offer; readonly swap: Swap }
  | { readonly kind: 'fault'; readonly reason: string }

export function nextRelease({ current, newest, text, percent, at, by, note, of }: NextOptions): Next {
  const before = percent < 100 ? forAll(current?.offer) : undefined
  if (percent < 100 && before === undefined)
    return { kind: 'fault', reason: 'there is nothing yet that the other nodes could run: the first goes to all' }
  const generation = Math.max(newest, current?.offer.generation ?? 0) + 1
  const facts = { generation, text, at, by, ...(note !== undefined && { note }), ...(of !== undefined && { of }) }
  const offer: Offer = { ...facts, percent, before }
  const past = { generation, value: writeOffer({ ...facts, percent: 100, before: undefined }) }
  const forget = generation > KEPT ? [generation - KEPT] : []
  return { kind: 'next', offer, swap: { version: current?.version, value: writeOffer(offer), past, forget } }
}

/** The newest release, for another share of the nodes. */
export function wider({ offer, version }: Current, percent: number): Next {
  const before = percent < 100 ? (offer.before ?? undefined) : undefined
  if (percent < 100 && before === undefined)
    return { kind: 'fault', reason: 'it is with all nodes already: smartedge config rollback goes back' }
  const next = { ...offer, percent, before }
  return { kind: 'next', offer: next, swap: { version, value: writeOffer(next), past: undefined, forget: [] } }
}

/** What all nodes were to run last. */
function forAll(offer: Offer | undefined): Release | undefined {
  if (offer?.percent !== 100) return offer?.before
  return { generation: offer.generation, text: offer.text }
}

/** Generations that the source still has, the newest first. */
export function pastOf(values: ReadonlyMap<string, string>): Offer[] {
  return [...values]
    .flatMap(([, value]) => {
      const read = readOffer(value)
      return read.kind === 'offer' && read.offer.generation !== undefined ? [read.offer] : []
    })
    .toSorted((one, other) => (other.generation ?? 0) - (one.generation ?? 0))
}

/** The one to go back to, where nobody says which: of a rollout what the other nodes run, else the one before. */
export function generationBefore({ generation, of, before }: Offer, past: readonly Offer[]): number | undefined {
  if (before?.generation !== undefined) return before.generation
  const from = of ?? generation ?? Infinity
  return past.find((one) => (one.generation ?? 0) < from)?.generation
}
