/** A list of members as a text in JSON -> a listing: `{ "backends": [ … ] }` as in a members file, or the list alone. */
import type { Cancel, Clock } from '../clock.ts'
import { isObject, parseJson } from './json.ts'
import { type Listing, ListingBuilder, type ReadMember } from './listing.ts'

/** 40,000 members and more. To parse as much takes some 20 ms. */
export const MAX_LIST_BYTES = 4 * 1024 ** 2
/** Read in one turn: some 1 ms. */
const AT_ONCE = 100

export type JsonList =
  | { readonly kind: 'list'; readonly items: readonly unknown[] }
  /** Not to be read as a list at all; why, in words. */
  | { readonly kind: 'fault'; readonly reason: string }

/** Never throws. */
export function parseJsonList(text: string): JsonList {
  const value = parseJson(text)
  if (value === undefined) return { kind: 'fault', reason: 'it is not JSON' }
  const items: unknown = isObject(value) ? value['backends'] : value
  return Array.isArray(items)
    ? { kind: 'list', items }
    : { kind: 'fault', reason: 'it is neither a list nor { "backends": [ … ] }' }
}

export interface ListReading {
  readonly clock: Pick<Clock, 'soon'>
  readonly readMember: ReadMember
  /** What an item is called; absent: by its place. */
  readonly nameOf?: (item: unknown) => string
}

export interface ListReader {
  /** While another list is being read this one waits, and of several that wait the newest is read. */
  read(items: readonly unknown[]): void
  /** Tells nothing of what was to be read. */
  stop(): void
}

/** Reads each list to its end: a source that changes faster than its lists can be read is told of all the same. */
export function listReader(reading: ListReading, publish: (listing: Listing) => void): ListReader {
  let isReading = false
  let waiting: readonly unknown[] | undefined
  let cancel: Cancel = () => undefined
  function read(items: readonly unknown[]): void {
    if (isReading) {
      waiting = items
      return
    }
    isReading = true
    cancel = readItems(items, reading, (listing) => {
      isReading = false
      publish(listing)
      const next = waiting
      waiting = undefined
      if (next !== undefined) read(next)
    })
  }
  return {
    read,
    stop() {
      cancel()
      isReading = false
      waiting = undefined
    },
  }
}

/** Reads `items` one by one, a long list over several turns; `done` is called once, perhaps before this returns. */
export function readItems(
  items: readonly unknown[],
  { clock, readMember, nameOf }: ListReading,
  done: (listing: Listing) => void,
): Cancel {
  const builder = new ListingBuilder()
  let isCancelled = false
  const go = (from: number): void => {
    if (isCancelled) return
    for (let index = from; index < Math.min(items.length, from + AT_ONCE); index++) {
      const name = nameOf?.(items[index]) ?? `[${index}]`
      const read = readMember(items[index])
      if (read.kind === 'member') builder.add(read.member, name)
      else builder.skip({ entry: name, reason: read.reason })
    }
    if (from + AT_ONCE < items.length) clock.soon(() => go(from + AT_ONCE))
    else done(builder.listing)
  }
  go(0)
  return () => {
    isCancelled = true
  }
}
