/** What a source lists, entry by entry: one that is faulty is left out with its reason, and all others count. */
import type { Member } from '../backend/member.ts'

export interface Listing {
  /** Each id once. */
  readonly members: readonly Member[]
  readonly skipped: Skipped
}

export interface Skipped {
  readonly count: number
  /** The first few. */
  readonly first: readonly SkippedEntry[]
}

export interface SkippedEntry {
  /** What tells it from the others: its place, its key, the name of a record. */
  readonly entry: string
  /** In words, with the rule and the value. */
  readonly reason: string
}

/** One entry, read. */
export type Entry =
  | {
      readonly kind: 'member'
      readonly member: Member
      /** For whom it is meant, where whoever lists it says so. */
      readonly zones?: readonly string[]
    }
  | ({ readonly kind: 'skipped' } & SkippedEntry)

/** One value of a list in JSON, as it would stand among a pool's `backends`. */
export type ReadMember = (
  value: unknown,
) => { readonly kind: 'member'; readonly member: Member } | { readonly kind: 'fault'; readonly reason: string }

/** More would help nobody, and a hostile list has thousands. */
const MOST_TOLD = 8
/** Of what an entry is called, and of its reason: a key may be as long as an answer, and a label, which a reason may name. */
const [MOST_NAME, MOST_REASON] = [100, 300]
/** Beyond it entries are left out: each member costs memory of its own, some 10 KB. */
export const MAX_MEMBERS = 50_000

export const NOBODY: Listing = { members: [], skipped: { count: 0, first: [] } }

/** Takes entries one after the other, so that the work can be spread. */
export class ListingBuilder {
  private readonly members = new Map<string, Member>()
  private readonly first: SkippedEntry[] = []
  private count = 0

  /** `name`: what tells the entry from others, should it be left out. */
  add(member: Member, name: string): void {
    if (this.members.has(member.id)) this.skip({ entry: name, reason: `is ${member.id} once more` })
    else if (this.members.size >= MAX_MEMBERS) this.skip({ entry: name, reason: `is one of more than ${MAX_MEMBERS}` })
    else this.members.set(member.id, member)
  }

  skip({ entry, reason }: SkippedEntry): void {
    this.count += 1
    if (this.first.length >= MOST_TOLD) return
    this.first.push(shortEntry({ entry, reason }))
  }

  get listing(): Listing {
    return { members: [...this.members.values()], skipped: { count: this.count, first: this.first } }
  }
}

/** As it is told. */
export const shortEntry = ({ entry, reason }: SkippedEntry): SkippedEntry => ({
  entry: shortened(entry, MOST_NAME),
  reason: shortened(reason, MOST_REASON),
})

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text)

export const isSameMember = (one: Member, other: Member): boolean =>
  one === other ||
  (one.id === other.id &&
    one.weight === other.weight &&
    one.tier === other.tier &&
    one.maxInflight === other.maxInflight &&
    one.zone === other.zone &&
    one.isDraining === other.isDraining &&
    one.place?.latitude === other.place?.latitude &&
    one.place?.longitude === other.place?.longitude)
